use crate::support::{launch_of, program};
use object::{LittleEndian, U16, U32, U64, elf, pod};
use proptest::prelude::*;
use wasmstone_bundle::{
    image::{
        ADDRESS_LIMIT, ComposeError, HEAP_BASE, Image, ImageError, LAUNCH_BASE, Permissions, STACK, compose, launch,
    },
    stand_in,
};
use wasmstone_policy::Memory;

type Header = elf::FileHeader64<LittleEndian>;
type ProgramHeader = elf::ProgramHeader64<LittleEndian>;
const E: LittleEndian = LittleEndian;

/// An enclave app with these segments: type, flags, address, bytes in the file, bytes in memory.
/// The content of each begins on a page of its own.
fn eapp(segments: &[(u32, u32, u64, u64, u64)]) -> Vec<u8> {
    let mut bytes = stand_in::eapp();
    bytes.truncate(size_of::<Header>());
    let mut offset = 4096;
    for (p_type, flags, vaddr, file, memory) in segments {
        let header = ProgramHeader {
            p_type: U32::new(E, *p_type),
            p_flags: U32::new(E, *flags),
            p_offset: U64::new(E, offset),
            p_vaddr: U64::new(E, *vaddr),
            p_paddr: U64::new(E, *vaddr),
            p_filesz: U64::new(E, *file),
            p_memsz: U64::new(E, *memory),
            p_align: U64::new(E, 4096),
        };
        bytes.extend_from_slice(pod::bytes_of(&header));
        offset += file.next_multiple_of(4096);
    }
    bytes.resize(offset as usize, 0x5a);
    edit(&mut bytes, |header| header.e_phnum = U16::new(E, segments.len() as u16));
    bytes
}

fn edit(bytes: &mut [u8], change: impl FnOnce(&mut Header)) {
    change(pod::from_bytes_mut::<Header>(bytes).unwrap().0);
}

const TEXT: (u32, u32, u64, u64, u64) = (elf::PT_LOAD, elf::PF_R | elf::PF_X, 0x1_0000, 5000, 5000);
const DATA: (u32, u32, u64, u64, u64) = (elf::PT_LOAD, elf::PF_R | elf::PF_W, 0x2_0000, 100, 0x9000);

#[test]
fn composes_what_eyrie_loads() {
    let eapp = eapp(&[DATA, TEXT, (elf::PT_GNU_STACK, elf::PF_R | elf::PF_W, 0, 0, 0)]);
    let launch_in = launch_of(&program());
    let bytes = compose(&eapp, &launch_in, b"").unwrap();

    let header = pod::from_bytes::<Header>(&bytes).unwrap().0;
    let sections = (header.e_shoff.get(E), header.e_shnum.get(E), header.e_shstrndx.get(E), header.e_shentsize.get(E));
    assert_eq!(sections, (0, 1, 0, 64));
    assert_eq!(header.e_phoff.get(E) + 4 * 56, bytes.len() as u64);

    let image = Image::parse(&bytes).unwrap();
    assert_eq!(image.entry, 0x1_0000);
    let found: Vec<_> = image.segments.iter().map(|s| (s.vaddr, s.memory_size, s.file.len(), s.permissions)).collect();
    assert_eq!(
        found,
        [
            (0x1_0000, 5000, 5000, Permissions::READ_EXECUTE),
            (0x2_0000, 0x9000, 100, Permissions::READ_WRITE),
            (LAUNCH_BASE, 4096, 4096, Permissions::READ),
            (HEAP_BASE, launch_in.memory.heap().unwrap(), 0, Permissions::READ_WRITE),
        ]
    );
    for segment in &image.segments[..2] {
        assert!(bytes[segment.file.clone()].iter().all(|byte| *byte == 0x5a), "content stays");
    }
    assert!(image.segments.iter().all(|segment| segment.file.start.is_multiple_of(4096)));
    assert_eq!(launch(&bytes).unwrap(), launch_in);
}

#[test]
fn leaves_out_what_no_segment_maps() {
    let eapp = eapp(&[TEXT]);
    let with_symbols = [&eapp[..], &[7; 10_000]].concat();
    let launch = launch_of(&program());
    assert_eq!(compose(&eapp, &launch, b"").unwrap(), compose(&with_symbols, &launch, b"").unwrap());
}

#[test]
fn every_field_of_the_launch_is_measured() {
    let launch = launch_of(&program());
    let mut others = vec![launch.clone(); 4];
    others[0].name.push('!');
    others[1].program.sha256[31] ^= 1;
    others[2].memory.linear += 65536;
    others[3].policy = wasmstone_policy::Policy::closed();
    let image = compose(&stand_in::eapp(), &launch, b"").unwrap();
    for other in others {
        assert_ne!(compose(&stand_in::eapp(), &other, b"").unwrap(), image, "{other:?}");
    }
}

#[test]
fn a_generic_eapp_has_no_launch() {
    assert!(matches!(launch(&stand_in::eapp()), Err(ImageError::NoLaunch)));
}

#[test]
fn refuses_heaps_that_do_not_fit() {
    for memory in [
        Memory { linear: 0, runtime: 0 },
        Memory { linear: u64::MAX, runtime: 1 },
        Memory { linear: u64::MAX, runtime: 0 },
        Memory { linear: ADDRESS_LIMIT - HEAP_BASE, runtime: 1 },
    ] {
        let launch = wasmstone_policy::Launch { memory, ..launch_of(&program()) };
        assert!(matches!(compose(&stand_in::eapp(), &launch, b""), Err(ComposeError::Heap)), "{memory:?}");
    }
}

#[test]
fn refuses_other_kinds_of_files() {
    let wrong = |change: fn(&mut Header)| {
        let mut bytes = eapp(&[TEXT]);
        edit(&mut bytes, change);
        Image::parse(&bytes).unwrap_err().to_string()
    };
    assert!(wrong(|h| h.e_machine = U16::new(E, elf::EM_X86_64)).contains("another machine"));
    assert!(wrong(|h| h.e_type = U16::new(E, elf::ET_DYN)).contains("without -pie"));
    assert!(wrong(|h| h.e_ident.class = elf::ELFCLASS32).contains("64-bit"));
    assert!(wrong(|h| h.e_ident.data = elf::ELFDATA2MSB).contains("64-bit"));
    assert!(wrong(|h| h.e_ident.magic[0] = 0).contains("not an ELF file"));
    assert!(wrong(|h| h.e_phoff = U64::new(E, u64::MAX)).contains("outside the file"));
    assert!(wrong(|h| h.e_phentsize = U16::new(E, 57)).contains("outside the file"));
    assert!(wrong(|h| h.e_phnum = U16::new(E, 65)).contains("65 program headers"));
    assert!(wrong(|h| h.e_entry = U64::new(E, 0xffff)).contains("entry point 0xffff"));
    assert!(Image::parse(b"\0asm").unwrap_err().to_string().contains("not an ELF file"));
    assert!(Image::parse(&[]).is_err());
}

#[test]
fn refuses_segments_that_eyrie_maps_differently() {
    let with = |segment| Image::parse(&eapp(&[TEXT, segment])).unwrap_err().to_string();
    assert!(with((elf::PT_INTERP, elf::PF_R, 0x3_0000, 10, 10)).contains("dynamically"));
    assert!(with((elf::PT_DYNAMIC, elf::PF_R, 0x3_0000, 10, 10)).contains("dynamically"));
    let load = |vaddr, file, memory| with((elf::PT_LOAD, elf::PF_R, vaddr, file, memory));
    assert!(load(0x1_1fff, 1, 1).contains("start on a page"));
    assert!(load(0x1_1000, 1, 1).contains("shares a page"), "5000 bytes from 0x10000 reach into it");
    assert!(load(0x3_0000, 11, 10).contains("more bytes in the file than in memory"));
    assert!(load(0x3_0000, 0, 0).contains("empty"));
    assert!(load(STACK.start - 4096, 0, 4097).contains("stack"));
    assert!(load(STACK.end - 4096, 0, 4096).contains("stack"));
    assert!(load(ADDRESS_LIMIT - 4096, 0, 4097).contains("belong to Eyrie"));
    assert!(load(u64::MAX - 4095, 0, 4096).contains("belong to Eyrie"));
    assert!(
        with((elf::PT_LOAD, elf::PF_R | elf::PF_W | elf::PF_X, 0x3_0000, 1, 1)).contains("writable and executable")
    );

    let mut short = eapp(&[TEXT]);
    short.truncate(4096 + 4999);
    assert!(Image::parse(&short).unwrap_err().to_string().contains("cut short"));

    // Right beside each other is fine.
    let beside =
        [TEXT, (elf::PT_LOAD, elf::PF_R, STACK.start - 4096, 0, 4096), (elf::PT_LOAD, elf::PF_R, STACK.end, 0, 1)];
    assert!(Image::parse(&eapp(&beside)).is_ok());
}

#[test]
fn keeps_its_own_addresses_free() {
    let segment = (elf::PT_LOAD, elf::PF_R, LAUNCH_BASE - 4096, 0, 4097);
    let error = compose(&eapp(&[TEXT, segment]), &launch_of(&program()), b"").unwrap_err();
    assert!(matches!(error, ComposeError::Reserved { vaddr: 0xffff_f000 }));
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = launch(&bytes);
        let _ = compose(&bytes, &launch_of(b""), b"");
    }

    /// Whatever is done to an image, what parses lies inside the file and apart.
    #[test]
    fn damaged_images_are_parsed_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        table in any::<bool>(),
    ) {
        let mut bytes = compose(&stand_in::eapp(), &launch_of(b""), b"").unwrap();
        let headers = bytes.len() - 3 * 56;
        for (index, value) in changes {
            let at = if table { headers + index.index(3 * 56) } else { index.index(64) };
            bytes[at] = value;
        }
        if let Ok(image) = Image::parse(&bytes) {
            for pair in image.segments.windows(2) {
                prop_assert!(pair[0].vaddr + pair[0].memory_size <= pair[1].vaddr);
            }
            for segment in image.segments {
                prop_assert!(segment.file.end <= bytes.len());
                prop_assert!(segment.file.len() as u64 <= segment.memory_size);
                prop_assert!(segment.vaddr + segment.memory_size <= ADDRESS_LIMIT);
            }
        }
        let _ = launch(&bytes);
    }
}
