//! Memory of the driver in our address space.

use crate::edge_call::SharedBuffer;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::ptr::NonNull;

/// A mapping that this value owns, readable and writable; it is unmapped when the value is dropped.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    size: usize,
}

// SAFETY: it is plain memory, and only copies of its bytes are handed out (see `SharedBuffer`).
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// # Errors
    /// If the pointer is null.
    ///
    /// # Safety
    /// `base` is mapped readable and writable for `size` bytes, in whole pages, and nothing else unmaps it.
    pub unsafe fn new(base: *mut u8, size: usize) -> Result<Self, Errno> {
        Ok(Self { base: NonNull::new(base).ok_or(Errno::FAULT)?, size })
    }

    /// The memory, for as long as `self` lives.
    pub fn buffer(&self) -> SharedBuffer {
        // SAFETY: mapped readable and writable until `self` is dropped; `detach` keeps it so. No caller keeps the
        // buffer for longer (documented above).
        unsafe { SharedBuffer::new(self.base, self.size) }
    }

    /// Replaces the mapping by memory of our own. A thread that still writes to it does no harm; the memory that was
    /// mapped before may belong to another process from now on.
    ///
    /// # Errors
    /// The errors of mmap(2); the old mapping is then still in place.
    pub fn detach(&self) -> Result<(), Errno> {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: replaces exactly our own mapping, of which there are no references, by memory that is
        // readable and writable as well.
        unsafe { mmap_anonymous(self.base.as_ptr().cast(), self.size, ProtFlags::READ | ProtFlags::WRITE, flags) }?;
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly our own mapping, which nothing uses any more.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.size) };
    }
}
