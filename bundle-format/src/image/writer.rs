//! Writing an image: the bytes of an enclave app, more segments, and a new program header table.

use super::{
    Image, Permissions, Segment,
    elf::{Header, ProgramHeader64},
};
use crate::measurement::PAGE;
use object::{LittleEndian, U16, U32, U64, elf, pod};

/// An image in the making.
pub struct Writer {
    bytes: Vec<u8>,
    header: Header,
    segments: Vec<Segment>,
}

impl Writer {
    /// Starts with the segments of `eapp`, which was parsed from `bytes` together with `header`.
    pub fn new(bytes: &[u8], header: Header, eapp: Image) -> Self {
        let end = eapp.segments.iter().map(|segment| segment.file.end).fold(size_of::<Header>(), usize::max);
        Self { bytes: bytes[..end].to_vec(), header, segments: eapp.segments }
    }

    /// Adds a segment with content, padded with zeros to whole pages in the file and in memory.
    pub fn append(&mut self, vaddr: u64, permissions: Permissions, content: &[u8]) {
        self.pad();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(content);
        self.pad();
        let file = start..self.bytes.len();
        self.segments.push(Segment { vaddr, memory_size: file.len() as u64, file, permissions });
    }

    /// Adds a segment of zeros that takes no room in the file.
    pub fn reserve(&mut self, vaddr: u64, permissions: Permissions, memory_size: u64) {
        self.segments.push(Segment { vaddr, memory_size, file: 0..0, permissions });
    }

    /// Writes the program headers at the end, and points the file header there.
    pub fn finish(mut self) -> Vec<u8> {
        self.pad();
        let header = &mut self.header;
        header.e_phoff = U64::new(LittleEndian, self.bytes.len() as u64);
        header.e_phnum = U16::new(LittleEndian, self.segments.len() as u16);
        header.e_phentsize = U16::new(LittleEndian, size_of::<ProgramHeader64>() as u16);
        // Eyrie refuses a file without a section header, and accepts a section header at an impossible place.
        header.e_shoff = U64::new(LittleEndian, 0);
        header.e_shentsize = U16::new(LittleEndian, 64);
        header.e_shnum = U16::new(LittleEndian, 1);
        header.e_shstrndx = U16::new(LittleEndian, 0);
        self.bytes[..size_of::<Header>()].copy_from_slice(pod::bytes_of(&self.header));
        for segment in &self.segments {
            self.bytes.extend_from_slice(pod::bytes_of(&program_header(segment)));
        }
        self.bytes
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE as usize), 0);
    }
}

fn program_header(segment: &Segment) -> ProgramHeader64 {
    let u64 = |value| U64::new(LittleEndian, value);
    let flag = |set, flag| if set { flag } else { 0 };
    let Permissions { read, write, execute } = segment.permissions;
    elf::ProgramHeader64 {
        p_type: U32::new(LittleEndian, elf::PT_LOAD),
        p_flags: U32::new(LittleEndian, flag(read, elf::PF_R) | flag(write, elf::PF_W) | flag(execute, elf::PF_X)),
        p_offset: u64(segment.file.start as u64),
        p_vaddr: u64(segment.vaddr),
        p_paddr: u64(segment.vaddr),
        p_filesz: u64(segment.file.len() as u64),
        p_memsz: u64(segment.memory_size),
        p_align: u64(PAGE),
    }
}
