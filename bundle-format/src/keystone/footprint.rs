//! How much private memory an enclave needs. The number is not measured. If it is too small, Eyrie ends the enclave
//! after all the work of measuring it; if it is too large, memory is wasted.
//!
//! The three files lie in the private memory one after the other, each in whole pages, and are mapped where they lie.
//! Behind them, loader and runtime take pages for what no file holds: bss and heap, pages that a file fills only in
//! part, the stack, and page tables. The tables are Sv39's: the root is in the loader, then there is one table for
//! each GiB and one for each 2 MiB of the address space in which something is mapped.

use super::measurement::PAGE;
use crate::image::{Image, ImageError, STACK};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader, ProgramHeader},
};
use std::collections::BTreeSet;

/// The most bytes of private memory that an enclave may have: what Keystone's loader and Eyrie can map.
pub const EPM_MAX: u64 = 1 << 30;

/// Where Eyrie maps the shared buffer.
const SHARED_BASE: u64 = 0xffff_ffff_8000_0000;

/// The first address of the runtime's part of the address space.
const RUNTIME_BASE: u64 = 0xffff_ffff_c000_0000;

/// Addresses that one table of the last level covers.
const LEAF_SHIFT: u32 = 21;

/// Addresses that one table of the middle level covers.
const MIDDLE_SHIFT: u32 = 30;

/// Extra pages beyond those that the upstream runtime takes, for other builds of it.
const RESERVE: u64 = 16;

/// The pages of private memory that an enclave of these files needs, with a shared buffer of `shared`
/// bytes.
///
/// # Errors
/// [`ImageError`] if runtime or image is not an ELF executable that can be loaded.
pub fn pages(loader: &[u8], runtime: &[u8], image: &[u8], shared: u64) -> Result<u64, ImageError> {
    let mut taken = Taken::default();
    for (vaddr, file, memory) in runtime_segments(runtime)? {
        taken.load(vaddr, file, memory);
    }
    taken.map(SHARED_BASE, shared);
    for segment in Image::parse(image)?.segments {
        taken.load(segment.vaddr, segment.file.len() as u64, segment.memory_size);
    }
    taken.map(STACK.start, STACK.end - STACK.start);
    let stack = (STACK.end - STACK.start) / PAGE;
    let files: u64 = [loader, runtime, image].map(|file| (file.len() as u64).div_ceil(PAGE)).iter().sum();
    Ok(files + taken.pages + taken.tables.len() as u64 + stack + RESERVE)
}

/// The free pages that loader and runtime have taken.
#[derive(Default)]
struct Taken {
    pages: u64,
    /// Page tables: the part of the address space that each maps, and its size.
    tables: BTreeSet<(u64, u32)>,
}

impl Taken {
    /// Maps addresses. Both arguments are small enough not to overflow.
    fn map(&mut self, vaddr: u64, size: u64) {
        let Some(last) = size.checked_sub(1).and_then(|rest| vaddr.checked_add(rest)) else { return };
        for shift in [LEAF_SHIFT, MIDDLE_SHIFT] {
            self.tables.extend((vaddr >> shift..=last >> shift).map(|part| (part, shift)));
        }
    }

    /// Loads a segment as Eyrie does: whole pages of the file stay where they are.
    fn load(&mut self, vaddr: u64, file: u64, memory: u64) {
        self.map(vaddr, memory);
        // A first page whose content does not begin at its beginning is a copy.
        let before = vaddr % PAGE;
        let (partial, skipped) = if before == 0 { (0, 0) } else { (1, PAGE - before) };
        let (file, memory) = (file.saturating_sub(skipped), memory.saturating_sub(skipped));
        self.pages += partial + memory.div_ceil(PAGE) - file / PAGE;
    }
}

/// The runtime's segments: address, bytes in the file, bytes in memory.
fn runtime_segments(runtime: &[u8]) -> Result<Vec<(u64, u64, u64)>, ImageError> {
    let header = elf::FileHeader64::<LittleEndian>::parse(runtime)
        .map_err(|_| ImageError::NotElf("the runtime has no such header"))?;
    let endian = header.endian().map_err(|_| ImageError::NotElf("the runtime is big-endian"))?;
    let headers = header
        .program_headers(endian, runtime)
        .map_err(|_| ImageError::NotElf("the program headers of the runtime lie outside the file"))?;
    let loaded = headers.iter().filter(|header| header.p_type(endian) == elf::PT_LOAD);
    let segments = loaded.map(|header| {
        let (vaddr, file, memory) = (header.p_vaddr(endian), header.p_filesz(endian), header.p_memsz(endian));
        // A segment larger than the rest of the address space could not be counted, let alone loaded.
        let fits = file <= memory && memory <= u64::MAX - vaddr && memory <= u64::MAX - RUNTIME_BASE;
        let problem = "is larger than what a runtime may have: add the platform again, with Keystone's eyrie-rt";
        if fits { Ok((vaddr, file, memory)) } else { Err(ImageError::Segment { vaddr, problem }) }
    });
    segments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in;

    fn taken(segments: &[(u64, u64, u64)]) -> (u64, usize) {
        let mut taken = Taken::default();
        segments.iter().for_each(|(vaddr, file, memory)| taken.load(*vaddr, *file, *memory));
        (taken.pages, taken.tables.len())
    }

    #[test]
    fn whole_pages_of_a_file_are_not_copied() {
        assert_eq!(taken(&[(0x1_0000, 0x3000, 0x3000)]), (0, 2));
        assert_eq!(taken(&[(0x1_0000, 0x3001, 0x3001)]), (1, 2));
        assert_eq!(taken(&[(0x1_0000, 0x3001, 0x5000)]), (2, 2));
        assert_eq!(taken(&[(0x1_0000, 0, 0x5001)]), (6, 2));
        // The segment begins and ends inside a page: both pages are copies.
        assert_eq!(taken(&[(0x1_0800, 0x1801, 0x1801)]), (2, 2));
        assert_eq!(taken(&[(0x1_0800, 0x1800, 0x1800)]), (1, 2));
        assert_eq!(taken(&[(0x1_0800, 0x100, 0x100)]), (1, 2));
    }

    #[test]
    fn tables_are_counted_once() {
        let (gib, tables) = (1u64 << 30, |segments: &[_]| taken(segments).1);
        assert_eq!(tables(&[(0, 0, 1 << 21)]), 2);
        assert_eq!(tables(&[(0, 0, (1 << 21) + 1)]), 3);
        assert_eq!(tables(&[(0, 0, 0x1000), (0x1000, 0, 0x1000)]), 2);
        assert_eq!(tables(&[(0, 0, 0x1000), (gib, 0, 0x1000)]), 4);
        assert_eq!(tables(&[(gib - 0x1000, 0, 0x2000)]), 4);
        assert_eq!(tables(&[(8 * gib, 0, gib)]), 513);
    }

    #[test]
    fn an_enclave_that_holds_little() {
        let (runtime, image) = (stand_in::runtime(), stand_in::eapp());
        // Two pages for each file and a page of loader; a page of each text is a copy; tables for the texts, which
        // are at the same address here, for the shared buffer, and one more for the stack in the first GiB.
        let expected = 5 + 2 + (2 + 2 + 1) + 32 + RESERVE;
        assert_eq!(pages(b"loader", &runtime, &image, 1 << 20).unwrap(), expected);
        assert_eq!(pages(&[0; 4097], &runtime, &image, 1 << 20).unwrap(), expected + 1);
        assert_eq!(pages(b"loader", &runtime, &image, 4 << 20).unwrap(), expected + 1);
    }

    #[test]
    fn files_that_are_none() {
        let (runtime, image) = (stand_in::runtime(), stand_in::eapp());
        assert!(pages(b"", b"no runtime", &image, 4096).is_err());
        assert!(pages(b"", &runtime, b"no image", 4096).is_err());
        let mut endless = runtime;
        // The size in memory of its only segment.
        endless[64 + 40..64 + 48].fill(0xff);
        assert!(matches!(pages(b"", &endless, &image, 4096), Err(ImageError::Segment { .. })));
    }
}
