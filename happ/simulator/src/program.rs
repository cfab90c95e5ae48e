//! The native program of an image, mapped from the image's file where it will run.

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mprotect};
use std::fs::File;
use std::io::{Error, Result};
use std::ptr::null_mut;
use wasmstone_bundle::image::{HEAP_BASE, Image, NATIVE_BASE, Permissions};
use wasmstone_eapp::Resident;

/// Maps the native segments of `image`, which was read from `file`, with their permissions; `None` if it has none.
pub fn map(image: &Image, file: &File) -> Result<Option<Resident>> {
    let native = image.segments.iter().filter(|segment| (NATIVE_BASE..HEAP_BASE).contains(&segment.vaddr));
    let native: Vec<_> = native.collect();
    let (Some(first), Some(last)) = (native.first(), native.last()) else { return Ok(None) };
    let (start, size) = (first.file.start, last.file.end - first.file.start);
    // SAFETY: the kernel chooses the place, so nothing that exists is replaced.
    let base = unsafe { mmap(null_mut(), size, ProtFlags::READ, MapFlags::PRIVATE, file, start as u64) }?;
    for segment in &native {
        let offset = segment.file.start - start;
        // Composition lays them out one after the other, in the file as in memory.
        if segment.vaddr - first.vaddr != offset as u64 || segment.memory_size != segment.file.len() as u64 {
            return Err(Error::other("the image's native program is not in one piece"));
        }
        let protection = match segment.permissions {
            Permissions::READ => continue,
            Permissions::READ_EXECUTE => MprotectFlags::READ | MprotectFlags::EXEC,
            _ => return Err(Error::other("the image's native program has a writable part")),
        };
        // SAFETY: the segment lies in the fresh mapping, to which there is no reference yet.
        unsafe { mprotect(base.wrapping_byte_add(offset), segment.file.len(), protection) }?;
    }
    // SAFETY: the mapping has `size` bytes, is never unmapped, and is private: nothing writes to it. The image,
    // composed and measured, says which of its bytes can be executed.
    Ok(Some(unsafe { Resident::new(std::slice::from_raw_parts(base.cast::<u8>(), size)) }))
}
