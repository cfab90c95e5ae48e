//! The enclave's memory: the image's segments and the stack, mapped as Eyrie maps them.

use anyhow::{Context, Result, bail, ensure};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};
use std::ops::Range;
use std::ptr::with_exposed_provenance_mut;
use wasmstone_bundle::image::{Image, LAUNCH_BASE, Permissions, STACK};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// `ecall`, as it lies in memory.
const ECALL: [u8; 4] = 0x0000_0073u32.to_le_bytes();

/// `ebreak`, likewise.
const EBREAK: [u8; 4] = 0x0010_0073u32.to_le_bytes();

/// Mapped memory. It stays mapped until the process ends.
#[derive(Debug)]
pub struct Memory {
    areas: Vec<Area>,
    /// The address at which the enclave app enters Eyrie.
    pub call: u64,
}

#[derive(Debug)]
struct Area {
    addresses: Range<u64>,
    permissions: Permissions,
}

impl Memory {
    /// Maps an image, and the stack.
    ///
    /// # Errors
    /// If the addresses are not free, or the enclave app does not have exactly one `ecall`.
    pub fn map(bytes: &[u8], image: &Image) -> Result<Self> {
        let mut memory = Self { areas: Vec::new(), call: call(bytes, image)? };
        for segment in &image.segments {
            let content = bytes.get(segment.file.clone()).context("a segment lies outside the image")?;
            let addresses = segment.vaddr..(segment.vaddr + segment.memory_size).next_multiple_of(PAGE);
            memory.area(addresses, segment.permissions, content)?;
        }
        memory.area(STACK, Permissions::READ_WRITE, &[])?;
        Ok(memory)
    }

    fn area(&mut self, addresses: Range<u64>, permissions: Permissions, content: &[u8]) -> Result<()> {
        let size = usize::try_from(addresses.end - addresses.start)?;
        let (start, flags) = (with_exposed_provenance_mut::<u8>(usize::try_from(addresses.start)?), MapFlags::PRIVATE);
        let flags = flags | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: the call replaces no existing mapping.
        let mapped = unsafe { mmap_anonymous(start.cast(), size, ProtFlags::READ | ProtFlags::WRITE, flags) }
            .with_context(|| format!("cannot map {addresses:#x?}"))?;
        ensure!(mapped.addr() as u64 == addresses.start, "the system maps {addresses:#x?} elsewhere");
        ensure!(content.len() <= size, "a segment has more bytes in the file than in memory");
        // SAFETY: the mapping is fresh, ours, and large enough.
        unsafe { start.copy_from_nonoverlapping(content.as_ptr(), content.len()) };
        if addresses.contains(&self.call) {
            let offset = usize::try_from(self.call - addresses.start)?;
            // SAFETY: `call` found the instruction in this segment's content, which was copied above.
            unsafe { start.add(offset).copy_from_nonoverlapping(EBREAK.as_ptr(), EBREAK.len()) };
        }
        let mut protection = MprotectFlags::empty();
        // Memory that may be written may be read too, as in Eyrie.
        protection.set(MprotectFlags::READ, permissions.read || permissions.write);
        protection.set(MprotectFlags::WRITE, permissions.write);
        protection.set(MprotectFlags::EXEC, permissions.execute);
        // SAFETY: the mapping is ours, and no reference into it exists.
        unsafe { mprotect(mapped, size, protection) }?;
        self.areas.push(Area { addresses, permissions });
        self.areas.sort_by_key(|area| area.addresses.start);
        Ok(())
    }

    /// Copies bytes out, as Eyrie does for a call. `None` is a page fault.
    pub fn read(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        self.check(address, length, |permissions| permissions.read || permissions.write)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let from = with_exposed_provenance_mut::<u8>(usize::try_from(address).ok()?);
        // SAFETY: `check` found the bytes in areas that are mapped for good, and the enclave is stopped.
        unsafe { from.copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len()) };
        Some(bytes)
    }

    /// Copies bytes in, as Eyrie does for a call. `None` is a page fault.
    pub fn write(&self, address: u64, bytes: &[u8]) -> Option<()> {
        self.check(address, bytes.len() as u64, |permissions| permissions.write)?;
        let to = with_exposed_provenance_mut::<u8>(usize::try_from(address).ok()?);
        // SAFETY: as in `read`; the areas may be written to.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Some(())
    }

    /// Checks that bytes lie in areas that `allow` accepts.
    fn check(&self, address: u64, length: u64, allow: impl Fn(&Permissions) -> bool) -> Option<()> {
        let end = address.checked_add(length)?;
        let mut next = address;
        for area in self.areas.iter().filter(|area| allow(&area.permissions)) {
            if area.addresses.contains(&next) {
                next = area.addresses.end;
            }
        }
        (length == 0 || next >= end).then_some(())
    }

    /// The address of `needle` in memory that can be written to.
    pub fn find(&self, needle: &[u8]) -> Option<u64> {
        let writable = self.areas.iter().filter(|area| area.permissions.write);
        writable.into_iter().find_map(|area| {
            let mut page = area.addresses.start;
            let overlap = needle.len() as u64;
            while page < area.addresses.end {
                // A match that begins on this page and ends on a later one is found too.
                let end = (page + PAGE + overlap).min(area.addresses.end);
                let bytes = self.read(page, end - page)?;
                // Most of an enclave's memory was never written to.
                if bytes.iter().any(|byte| *byte != 0)
                    && let Some(at) = bytes.windows(needle.len()).position(|window| window == needle)
                {
                    return Some(page + at as u64);
                }
                page += PAGE;
            }
            None
        })
    }
}

/// The address of the only `ecall` of the enclave app.
fn call(bytes: &[u8], image: &Image) -> Result<u64> {
    let mut found = Vec::new();
    for segment in image.segments.iter().filter(|segment| segment.permissions.execute && segment.vaddr < LAUNCH_BASE) {
        let content = bytes.get(segment.file.clone()).context("a segment lies outside the image")?;
        let mut rest = content;
        while let [first, _, ..] = rest {
            if rest.starts_with(&ECALL) {
                found.push(segment.vaddr + (content.len() - rest.len()) as u64);
            }
            // The lowest bits tell whether an instruction is compressed.
            let length = if first & 0b11 == 0b11 { 4 } else { 2 };
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    match found[..] {
        [call] => Ok(call),
        [] => bail!("the enclave app has no ecall: it is the simulator's stand-in, or not one of ours"),
        _ => bail!("the enclave app has {} instructions ecall, at {found:#x?}: it must have one", found.len()),
    }
}
