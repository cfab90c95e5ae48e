//! The memory of a module, as functions of WASI 0.1 use it. Every address and length comes from the guest, and is
//! checked here, once for each access. As in Wasmtime, an access outside the memory is a trap.

use crate::failure::IoResult;
use core::ops::Range;
use wasmstone_edge_protocol::Status;
use wasmtime::{Error, Result, format_err};

/// The most vectors of one call, as in Wasmtime.
const VECTORS_MAX: u64 = 1 << 24;

/// The memory.
pub struct Memory<'a>(pub &'a mut [u8]);

fn outside(address: u64, length: u64) -> Error {
    format_err!("a pointer to {length} bytes at {address} leads out of the memory")
}

fn range(address: u64, length: u64) -> Option<Range<usize>> {
    let end = address.checked_add(length)?;
    Some(usize::try_from(address).ok()?..usize::try_from(end).ok()?)
}

impl Memory<'_> {
    /// Bytes to read.
    ///
    /// # Errors
    /// If they are not in the memory.
    pub fn bytes(&self, address: u64, length: u64) -> Result<&[u8]> {
        range(address, length).and_then(|range| self.0.get(range)).ok_or_else(|| outside(address, length))
    }

    /// Bytes to write.
    ///
    /// # Errors
    /// If they are not in the memory.
    pub fn bytes_mut(&mut self, address: u64, length: u64) -> Result<&mut [u8]> {
        range(address, length).and_then(|range| self.0.get_mut(range)).ok_or_else(|| outside(address, length))
    }

    /// Text.
    ///
    /// # Errors
    /// If it is not in the memory, or not UTF-8.
    pub fn text(&self, address: u64, length: u64) -> IoResult<&str> {
        Ok(core::str::from_utf8(self.bytes(address, length)?).map_err(|_| Status::IllegalByteSequence)?)
    }

    fn array<const N: usize>(&self, address: u64) -> Result<[u8; N]> {
        let bytes = self.bytes(address, N as u64)?;
        bytes.first_chunk().copied().ok_or_else(|| outside(address, N as u64))
    }

    /// A number of 32 bits.
    ///
    /// # Errors
    /// If it is not in the memory.
    pub fn number(&self, address: u64) -> Result<u64> {
        Ok(u32::from_le_bytes(self.array(address)?).into())
    }

    /// A number of 64 bits.
    ///
    /// # Errors
    /// If it is not in the memory.
    pub fn long(&self, address: u64) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array(address)?))
    }

    /// The address and length of the first buffer that is not empty in a list of vectors; zeros if all are empty.
    ///
    /// # Errors
    /// If the list is not in the memory, or too long.
    pub fn first_buffer(&self, vectors: u64, count: u64) -> IoResult<(u64, u64)> {
        if count > VECTORS_MAX {
            return Err(Status::InsufficientMemory.into());
        }
        for index in 0..count {
            let vector = self.long(vectors + index * 8)?;
            let (address, length) = (vector & u64::from(u32::MAX), vector >> 32);
            if length > 0 {
                return Ok((address, length));
            }
        }
        Ok((0, 0))
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// If they do not fit into the memory there.
    pub fn put(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        self.bytes_mut(address, bytes.len() as u64)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes a number of 32 bits.
    ///
    /// # Errors
    /// If it does not fit into the memory there.
    pub fn put_number(&mut self, address: u64, number: u32) -> Result<()> {
        self.put(address, &number.to_le_bytes())
    }

    /// Writes numbers of 64 bits, one behind the other.
    ///
    /// # Errors
    /// If they do not fit into the memory there.
    pub fn put_longs(&mut self, address: u64, numbers: &[u64]) -> Result<()> {
        let bytes = self.bytes_mut(address, numbers.len() as u64 * 8)?;
        bytes.chunks_exact_mut(8).zip(numbers).for_each(|(to, number)| to.copy_from_slice(&number.to_le_bytes()));
        Ok(())
    }
}
