//! Keystone's edge calls in the shared buffer: a header of six numbers, then data.
//!
//! Layout and limits are Eyrie's and the SDK's: call id, offset and size of the arguments, status,
//! offset and size of the return value, all u64, little endian, offsets from the buffer's beginning.

use crate::edge_server::Server;
use std::ptr::NonNull;
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of the header.
pub const HEADER: usize = 48;

/// The status of an edge call that was answered.
pub const STATUS_OK: u64 = 0;

/// The status of an edge call whose request or reply does not lie in the buffer.
const STATUS_BAD_OFFSET: u64 = 2;

/// The header.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// The call id.
    pub call: U64,
    /// Where the arguments begin.
    pub argument_offset: U64,
    /// The size of the arguments in bytes.
    pub argument_size: U64,
    /// The result of the call.
    pub status: U64,
    /// Where the return value begins.
    pub return_offset: U64,
    /// The size of the return value in bytes.
    pub return_size: U64,
}

/// The buffer that an enclave and its host share. The enclave may write to it at any time, so that no reference into it
/// ever exists: bytes are copied out once, and only the copy is read.
#[derive(Clone, Copy, Debug)]
pub struct SharedBuffer {
    base: NonNull<u8>,
    size: usize,
}

impl SharedBuffer {
    /// # Safety
    /// `base` is mapped readable and writable for `size` bytes for as long as the value or a copy of
    /// it is used.
    pub unsafe fn new(base: NonNull<u8>, size: usize) -> Self {
        Self { base, size }
    }

    fn at(&self, offset: usize, length: usize) -> Option<*mut u8> {
        let end = offset.checked_add(length)?;
        (end <= self.size).then(|| self.base.as_ptr().wrapping_add(offset))
    }

    /// Copies bytes out; `None` where they do not lie in the buffer.
    #[must_use]
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Option<()> {
        let from = self.at(offset, into.len())?;
        // SAFETY: `at` checked that the bytes lie in the mapping (contract of `new`); `into` is ours
        // and is not part of it. Should the other side write meanwhile, we get some mixture of bytes,
        // which is looked at only as untrusted bytes.
        unsafe { std::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        // What is looked at later is the copy: the compiler must not read the shared bytes again.
        std::hint::black_box(into);
        Some(())
    }

    /// Copies bytes in; `None` where they do not fit into the buffer.
    #[must_use]
    pub fn write(&self, offset: usize, from: &[u8]) -> Option<()> {
        let into = self.at(offset, from.len())?;
        // SAFETY: as in `read`, the other way round.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), into, from.len()) };
        Some(())
    }

    /// Copies the header out.
    #[must_use]
    pub fn read_header(&self) -> Option<Header> {
        let mut header = Header::default();
        self.read(0, header.as_mut_bytes())?;
        Some(header)
    }

    /// Copies the bytes that a header speaks of out; `None` where they lie elsewhere.
    #[must_use]
    pub fn read_range(&self, offset: U64, size: U64, into: &mut Vec<u8>) -> Option<()> {
        let (offset, size) = (usize::try_from(offset.get()).ok()?, usize::try_from(size.get()).ok()?);
        if offset < HEADER {
            return None;
        }
        self.at(offset, size)?;
        into.clear();
        into.resize(size, 0);
        self.read(offset, into)
    }
}

/// Answers the edge call that is in a buffer.
#[derive(Debug, Default)]
pub struct Dispatcher {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Dispatcher {
    /// Copies the request out, lets the server answer it, and copies the reply in.
    pub fn dispatch(&mut self, buffer: &SharedBuffer, server: &mut Server) {
        let mut header = buffer.read_header().unwrap_or_default();
        let request = buffer.read_range(header.argument_offset, header.argument_size, &mut self.request);
        header.return_offset = (HEADER as u64).into();
        header.return_size = 0.into();
        header.status = STATUS_BAD_OFFSET.into();
        if request.is_some() {
            server.answer(header.call.get(), &self.request, &mut self.reply);
            if buffer.write(HEADER, &self.reply).is_some() {
                header.return_size = (self.reply.len() as u64).into();
                header.status = STATUS_OK.into();
            }
        }
        // No buffer that is too small for a header is ever mapped.
        let _ = buffer.write(0, header.as_bytes());
    }
}

#[cfg(test)]
mod tests;
