//! Native programs: where their machine code is, so that nothing else in them is executable.

use crate::measurement::PAGE;
use object::{
    Endianness, elf,
    read::elf::{FileHeader, SectionHeader},
};
use std::ops::Range;

/// The range of the machine code in a precompiled program, in whole pages of the file.
///
/// The compiler ends the code on a page boundary, so that what follows in the file has pages of its own.
///
/// # Errors
/// A description of what is wrong with the program.
pub fn code(program: &[u8]) -> Result<Range<usize>, &'static str> {
    type Header = elf::FileHeader64<Endianness>;
    let header = Header::parse(program).map_err(|_| "it is not an ELF file")?;
    let endian = header.endian().map_err(|_| "it is not an ELF file")?;
    let sections = header.sections(endian, program).map_err(|_| "its sections lie outside of it")?;
    let (_, text) = sections.section_by_name(endian, b".text").ok_or("it has no section .text")?;
    let (start, size) = text.file_range(endian).ok_or("its code is not in it")?;
    let range = || Some(usize::try_from(start).ok()?..usize::try_from(start.checked_add(size)?).ok()?);
    let range = range().filter(|range| !range.is_empty()).ok_or("it has no code")?;
    if program.get(range.clone()).is_none() {
        return Err("its code lies outside of it");
    }
    let page = PAGE as usize;
    if !range.start.is_multiple_of(page) {
        return Err("its code does not begin on a page");
    }
    let end = range.end.next_multiple_of(page).min(program.len());
    let overlaps = |section: &elf::SectionHeader64<Endianness>| {
        section
            .file_range(endian)
            .is_some_and(|(from, size)| size > 0 && from >= start + range.len() as u64 && from < end as u64)
    };
    if sections.iter().any(overlaps) {
        return Err("its code shares a page with its data");
    }
    Ok(range.start..end)
}
