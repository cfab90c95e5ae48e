//! Reading an ELF executable, and checking that Eyrie's loader maps it as written.

use super::measurement::PAGE;
use crate::image::{ADDRESS_LIMIT, Image, ImageError, Permissions, STACK, Segment};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader, ProgramHeader},
};
use std::ops::Range;

/// The most program headers that are read.
pub const MAX_HEADERS: usize = 64;

pub type Header = elf::FileHeader64<LittleEndian>;
pub type ProgramHeader64 = elf::ProgramHeader64<LittleEndian>;

/// The file header and the image that it describes.
pub fn parse(bytes: &[u8]) -> Result<(Header, Image), ImageError> {
    let header = Header::parse(bytes).map_err(|_| ImageError::NotElf("no such header"))?;
    let endian = header.endian().map_err(|_| ImageError::NotElf("it is big-endian"))?;
    if header.e_machine(endian) != elf::EM_RISCV {
        return Err(ImageError::WrongKind("built for another machine"));
    }
    if header.e_type(endian) != elf::ET_EXEC {
        return Err(ImageError::WrongKind("not an executable at fixed addresses"));
    }
    let headers = header
        .program_headers(endian, bytes)
        .map_err(|_| ImageError::NotElf("its program headers lie outside the file"))?;
    if headers.len() > MAX_HEADERS {
        return Err(ImageError::TooManyHeaders(headers.len()));
    }

    let mut segments = Vec::new();
    for header in headers {
        match header.p_type(endian) {
            elf::PT_LOAD => segments.push(segment(header, bytes.len())?),
            elf::PT_INTERP | elf::PT_DYNAMIC => return Err(ImageError::WrongKind("linked dynamically")),
            _ => {}
        }
    }
    segments.sort_by_key(|segment| segment.vaddr);
    check_apart(&segments)?;

    let entry = header.e_entry(endian);
    let holds_entry =
        |segment: &Segment| segment.permissions.execute && (segment.vaddr..segment.end()).contains(&entry);
    if !segments.iter().any(holds_entry) {
        return Err(ImageError::Entry(entry));
    }
    Ok((*header, Image { entry, segments }))
}

fn segment(header: &ProgramHeader64, file_size: usize) -> Result<Segment, ImageError> {
    let endian = LittleEndian;
    let vaddr = header.p_vaddr(endian);
    let memory_size = header.p_memsz(endian);
    let wrong = |problem| ImageError::Segment { vaddr, problem };

    let file = file_range(header.p_offset(endian), header.p_filesz(endian))
        .filter(|range| range.end <= file_size)
        .ok_or_else(|| wrong("lies outside the file: the file is cut short"))?;
    if header.p_filesz(endian) > memory_size {
        return Err(wrong("has more bytes in the file than in memory"));
    }
    let end = vaddr.checked_add(memory_size).filter(|end| *end <= ADDRESS_LIMIT);
    let end = end.ok_or_else(|| wrong("reaches into addresses that belong to Eyrie: link it lower"))?;
    if memory_size == 0 {
        return Err(wrong("is empty: drop it"));
    }
    // Eyrie maps whole pages of the file: an offset inside a page would shift the content, and a segment
    // that starts inside a page would find file bytes in its bss.
    if !vaddr.is_multiple_of(PAGE) || !header.p_offset(endian).is_multiple_of(PAGE) {
        return Err(wrong(
            "does not start on a page, in memory and in the file: link with -z separate-loadable-segments",
        ));
    }
    if vaddr < STACK.end && end > STACK.start {
        return Err(wrong("overlaps the stack that Eyrie maps below 0x40000000: link it elsewhere"));
    }
    let flags = header.p_flags(endian);
    let permissions =
        Permissions { read: flags & elf::PF_R != 0, write: flags & elf::PF_W != 0, execute: flags & elf::PF_X != 0 };
    if permissions.write && permissions.execute {
        return Err(wrong("is both writable and executable: link them apart"));
    }
    Ok(Segment { vaddr, memory_size, file, permissions })
}

fn file_range(offset: u64, size: u64) -> Option<Range<usize>> {
    Some(usize::try_from(offset).ok()?..usize::try_from(offset.checked_add(size)?).ok()?)
}

/// No two of these segments, ordered by address, share a page.
fn check_apart(segments: &[Segment]) -> Result<(), ImageError> {
    for pair in segments.windows(2) {
        if let [lower, upper] = pair
            && lower.end().next_multiple_of(PAGE) > upper.vaddr
        {
            return Err(ImageError::Segment { vaddr: upper.vaddr, problem: "shares a page with the one below it" });
        }
    }
    Ok(())
}
