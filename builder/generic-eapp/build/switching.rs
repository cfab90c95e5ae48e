//! The engine's switch between stacks saves and restores floating-point registers on every RISC-V target, even on
//! targets without any. In the enclave app that must not touch them, these instructions are replaced by ones that do
//! nothing: the registers that they save are not used there.

use object::{Object, ObjectSection, SectionFlags, elf};
use std::error::Error;
use wasmstone_build_support::riscv::{decode, is_float};

/// `fs0` to `fs11`, the registers that a function must leave unchanged.
const SAVED: usize = 12;

/// Replaces the switch's instructions in `eapp`, and fails if another instruction touches a floating-point register.
pub fn without_floats(eapp: &mut [u8]) -> Result<(), Box<dyn Error>> {
    let mut floats = Vec::new();
    let file = object::File::parse(&*eapp)?;
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        if sh_flags & u64::from(elf::SHF_EXECINSTR) != 0 {
            let (offset, _) = section.file_range().ok_or("machine code that is not in the file")?;
            floats
                .extend(decode(offset, section.data()?).into_iter().filter(|(_, instruction)| is_float(*instruction)));
        }
    }
    let saves = floats.iter().take_while(|(_, instruction)| is_store(*instruction)).count();
    let is_switch = saves == SAVED
        && floats.len() == 2 * SAVED
        && floats.iter().skip(SAVED).all(|(_, instruction)| !is_store(*instruction))
        && floats.iter().all(|(_, instruction)| uses_stack(*instruction));
    if !is_switch {
        let found: Vec<_> =
            floats.iter().map(|(offset, instruction)| format!("{offset:#x}: {instruction:08x}")).collect();
        let message =
            "more of the enclave app for soft floats touches floating-point registers than the engine's switch";
        return Err(format!("{message}: {}", found.join(", ")).into());
    }
    for (offset, instruction) in floats {
        let nothing: &[u8] = if instruction & 0b11 == 0b11 { &[0x13, 0, 0, 0] } else { &[0x01, 0] };
        let offset = usize::try_from(offset)?;
        eapp[offset..offset + nothing.len()].copy_from_slice(nothing);
    }
    Ok(())
}

/// `fsd`, long or compressed.
fn is_store(instruction: u32) -> bool {
    match instruction & 0b11 {
        0b11 => instruction & 0x7f == 0x27,
        _ => instruction >> 13 & 0b111 == 0b101,
    }
}

/// `fld` or `fsd` relative to the stack pointer.
fn uses_stack(instruction: u32) -> bool {
    match instruction & 0b11 {
        0b11 => {
            matches!(instruction & 0x7f, 0x07 | 0x27) && instruction >> 12 & 0b111 == 3 && instruction >> 15 & 31 == 2
        }
        quadrant => quadrant == 0b10,
    }
}
