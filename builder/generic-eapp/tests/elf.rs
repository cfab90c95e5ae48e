//! Properties that the executables must have, whatever the compiler makes of the sources.

use object::{Object, ObjectSection, SectionFlags, elf};
use wasmstone_build_support::riscv::{self, is_ecall, is_float};
use wasmstone_bundle::image::{Image, LAUNCH_BASE, Permissions, Segment};
use wasmstone_generic_eapp::{HARD, SOFT, SOFT_WITH_EXCEPTIONS};

/// The most bytes that Keystone may have to hash, at some megabytes a second. With them, an enclave of a small
/// program with a memory cap of 2 MiB has 6 MiB.
const SIZE_MAX: usize = 1_260_000;

/// The bytes that exceptions may add.
const EXCEPTIONS_MAX: usize = 36_000;

/// The engine's limit for the guest's calls.
const GUEST_STACK: u64 = 512 << 10;

/// The enclave apps that were built, and their names.
fn built() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    assert!(SOFT.is_some(), "build this crate with its default features");
    let all = [("soft", SOFT), ("soft, with exceptions", SOFT_WITH_EXCEPTIONS), ("hard", HARD)];
    all.into_iter().filter_map(|(name, eapp)| Some((name, eapp?)))
}

/// The instructions of every executable section, with their addresses.
fn instructions(eapp: &[u8]) -> Vec<(u64, u32)> {
    let file = object::File::parse(eapp).unwrap();
    let executable =
        |flags| matches!(flags, SectionFlags::Elf { sh_flags } if sh_flags & u64::from(elf::SHF_EXECINSTR) != 0);
    let sections: Vec<_> = file.sections().filter(|section| executable(section.flags())).collect();
    assert_eq!(sections.len(), 1, "sections with machine code");
    sections.iter().flat_map(|section| riscv::decode(section.address(), section.data().unwrap())).collect()
}

fn segments(eapp: &[u8]) -> Vec<Segment> {
    Image::parse(eapp).unwrap().segments
}

#[test]
fn eyrie_maps_it_as_it_is_written() {
    for (name, eapp) in built() {
        let segments = segments(eapp);
        let permissions: Vec<_> = segments.iter().map(|segment| segment.permissions).collect();
        let expected = [Permissions::READ_EXECUTE, Permissions::READ, Permissions::READ_WRITE, Permissions::READ_WRITE];
        assert_eq!(permissions, expected, "{name}: machine code, constants, data, stack");
        let last = segments.last().unwrap();
        assert!(last.vaddr + last.memory_size <= LAUNCH_BASE, "{name}");
        let file = object::File::parse(eapp).unwrap();
        assert_eq!(file.dynamic_relocations().into_iter().flatten().count(), 0, "{name}: relocations");
        assert!(file.symbols().next().is_none(), "{name}: symbols take room");
    }
}

#[test]
fn the_stack_holds_what_the_engine_gives_to_guests_and_an_overflow_hits_nothing() {
    for (name, eapp) in built() {
        let segments = segments(eapp);
        let [.., below, stack] = &segments[..] else { panic!("{name}: {segments:?}") };
        assert!(stack.file.is_empty(), "{name}: the stack takes no room in the file");
        assert!(stack.memory_size >= GUEST_STACK + (128 << 10), "{name}: {}", stack.memory_size);
        assert!(stack.vaddr - (below.vaddr + below.memory_size) >= 64 << 20, "{name}: unmapped addresses below");
    }
}

#[test]
fn there_is_exactly_one_way_into_eyrie() {
    for (name, eapp) in built() {
        let calls: Vec<_> = instructions(eapp).into_iter().filter(|(_, instruction)| is_ecall(*instruction)).collect();
        assert_eq!(calls.len(), 1, "{name}: {calls:x?}");
    }
}

#[test]
fn the_soft_ones_have_no_floating_point_instruction() {
    for (name, eapp) in built().filter(|(name, _)| *name != "hard") {
        let floats = instructions(eapp).into_iter().filter(|(_, instruction)| is_float(*instruction)).count();
        assert_eq!(floats, 0, "{name}");
    }
}

#[test]
#[cfg(feature = "hard")]
fn the_hard_one_has_floating_point_instructions() {
    let hard = HARD.unwrap();
    let floats = instructions(hard).into_iter().filter(|(_, instruction)| is_float(*instruction)).count();
    assert!(floats > 0, "the one with floating-point instructions has none: does this test find them?");
}

#[test]
fn it_is_quick_to_measure() {
    for (name, eapp) in built() {
        let most = if name == "soft" { SIZE_MAX } else { SIZE_MAX + EXCEPTIONS_MAX };
        assert!(eapp.len() <= most, "{name}: {} bytes are more than {most}", eapp.len());
    }
}

#[test]
fn no_path_of_this_machine_is_in_it() {
    let home = std::env::var("HOME").unwrap();
    for (name, eapp) in built() {
        for path in [home.as_str(), env!("CARGO_MANIFEST_DIR")] {
            let found = eapp.windows(path.len()).any(|window| window == path.as_bytes());
            assert!(path.len() < 4 || !found, "{name} contains {path}");
        }
    }
}
