//! Memory of the driver's in our address space.

use crate::edge_call::SharedBuffer;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::ptr::NonNull;

/// A mapping that is ours, readable and writable; unmapped in the end.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    size: usize,
}

// SAFETY: it is plain memory, of which nothing but copies is handed out (see `SharedBuffer`).
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// # Errors
    /// A null pointer.
    ///
    /// # Safety
    /// `base` is mapped readable and writable for `size` bytes, in whole pages, and nobody else unmaps it.
    pub unsafe fn new(base: *mut u8, size: usize) -> Result<Self, Errno> {
        Ok(Self { base: NonNull::new(base).ok_or(Errno::FAULT)?, size })
    }

    /// The memory, for as long as `self` lives.
    pub fn buffer(&self) -> SharedBuffer {
        // SAFETY: mapped readable and writable until `self` is dropped; `detach` keeps it so. Nobody
        // keeps the buffer for longer (documented above).
        unsafe { SharedBuffer::new(self.base, self.size) }
    }

    /// Puts memory that is nobody's in its place. Whoever still writes to it does no harm: what was
    /// mapped before may belong to somebody else from now on.
    ///
    /// # Errors
    /// Those of mmap(2); it is mapped as before then.
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
        // SAFETY: exactly our own mapping, which nobody uses any more.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.size) };
    }
}
