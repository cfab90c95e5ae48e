//! The replacements that the platform `sim` has for Keystone's loader and runtime and for the generic enclave app, so
//! that bundles for it are composed and measured like any other.
//!
//! The simulator runs the enclave app as a library of its own process; these files are measured, never executed. If
//! one reached a real Keystone, the enclave would exit at its first instruction.

use crate::measurement::PAGE;
use object::{LittleEndian, U16, U32, U64, elf, pod};

/// The stand-in for Keystone's loader, a raw binary.
pub fn loader() -> Vec<u8> {
    text("loader")
}

/// The stand-in for the runtime.
pub fn runtime() -> Vec<u8> {
    executable("runtime")
}

/// The stand-in for the generic enclave app.
pub fn eapp() -> Vec<u8> {
    executable("enclave app")
}

/// The text that each of them begins with.
const MARK: &str = "wasmstone simulator: stand-in for the ";

/// Whether this file is one of them, of this release or another.
pub fn is_stand_in(bytes: &[u8]) -> bool {
    let start = bytes.get(..2 * PAGE as usize).unwrap_or(bytes);
    start.windows(MARK.len()).any(|part| part == MARK.as_bytes())
}

/// RISC-V instructions: exit by Eyrie's call 1101 with the code 1; if that returns, loop for ever.
const EXIT: [u32; 4] = [
    0x0010_0513, // li   a0, 1
    0x44d0_0893, // li   a7, 1101
    0x0000_0073, // ecall
    0x0000_006f, // j    .
];

const BASE: u64 = 0x1_0000;

fn text(role: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = EXIT.iter().flat_map(|instruction| instruction.to_le_bytes()).collect();
    bytes.extend_from_slice(format!("{MARK}{role}. Nothing is protected.\n").as_bytes());
    bytes
}

/// A static executable with one segment, in the form that composition demands of the real ones.
fn executable(role: &str) -> Vec<u8> {
    let text = text(role);
    let header = elf::FileHeader64 {
        e_ident: elf::Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(LittleEndian, elf::ET_EXEC),
        e_machine: U16::new(LittleEndian, elf::EM_RISCV),
        e_version: U32::new(LittleEndian, u32::from(elf::EV_CURRENT)),
        e_entry: U64::new(LittleEndian, BASE),
        e_phoff: U64::new(LittleEndian, size_of::<elf::FileHeader64<LittleEndian>>() as u64),
        e_shoff: U64::new(LittleEndian, 0),
        e_flags: U32::new(LittleEndian, 0),
        e_ehsize: U16::new(LittleEndian, size_of::<elf::FileHeader64<LittleEndian>>() as u16),
        e_phentsize: U16::new(LittleEndian, size_of::<elf::ProgramHeader64<LittleEndian>>() as u16),
        e_phnum: U16::new(LittleEndian, 1),
        e_shentsize: U16::new(LittleEndian, 64),
        e_shnum: U16::new(LittleEndian, 1),
        e_shstrndx: U16::new(LittleEndian, 0),
    };
    let segment = elf::ProgramHeader64 {
        p_type: U32::new(LittleEndian, elf::PT_LOAD),
        p_flags: U32::new(LittleEndian, elf::PF_R | elf::PF_X),
        p_offset: U64::new(LittleEndian, PAGE),
        p_vaddr: U64::new(LittleEndian, BASE),
        p_paddr: U64::new(LittleEndian, BASE),
        p_filesz: U64::new(LittleEndian, text.len() as u64),
        p_memsz: U64::new(LittleEndian, text.len() as u64),
        p_align: U64::new(LittleEndian, PAGE),
    };
    let mut bytes = Vec::from(pod::bytes_of(&header));
    bytes.extend_from_slice(pod::bytes_of(&segment));
    bytes.resize(PAGE as usize, 0);
    bytes.extend_from_slice(&text);
    bytes
}
