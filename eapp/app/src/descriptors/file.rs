//! An open file with its one offset.

use crate::failure::{IoFailure, IoResult, StreamFailure};
use crate::files::{Descriptor, FileInput};
use crate::host::Host;
use alloc::vec::Vec;
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation};

/// An open file.
pub struct File {
    pub descriptor: Descriptor,
    /// Where the next read begins, and the next write unless it appends.
    pub position: u64,
    /// All writes are at the end.
    pub append: bool,
    /// Kept for the guest, which may ask for it. Files never block.
    pub nonblocking: bool,
    /// Reads ahead. A call that moves the offset elsewhere makes it useless.
    input: Option<FileInput>,
}

impl File {
    pub fn new(descriptor: Descriptor, append: bool, nonblocking: bool) -> Self {
        Self { descriptor, position: 0, append, nonblocking, input: None }
    }

    /// Reads at most `length` bytes at the offset, at most as many as a payload has. There are none at the end.
    pub fn read(&mut self, host: &mut Host, length: usize) -> IoResult<Vec<u8>> {
        let mut input = match self.input.take() {
            Some(input) if input.position() == self.position => input,
            elsewhere => {
                if let Some(input) = elsewhere {
                    input.close(host)?;
                }
                self.descriptor.input(self.position, host.changes)?
            }
        };
        let read = input.read(host, length.min(PAYLOAD_MAX));
        self.input = Some(input);
        match read {
            Ok(bytes) => {
                self.position = self.position.checked_add(bytes.len() as u64).ok_or(Status::Overflow)?;
                Ok(bytes)
            }
            Err(StreamFailure::Closed) => Ok(Vec::new()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Writes `bytes` at a position, or at the offset if that is `None`; a file that appends does neither. The result
    /// is how many were written: fewer only if then something failed.
    pub fn write(&mut self, host: &mut Host, bytes: &[u8], at: Option<u64>) -> IoResult<usize> {
        let start = if self.append { None } else { Some(at.unwrap_or(self.position)) };
        let mut written = 0;
        loop {
            let rest = bytes.get(written..).unwrap_or_default();
            let offset = start.map(|start| start.saturating_add(written as u64));
            match self.descriptor.write(host, rest, offset) {
                Ok(0) if !rest.is_empty() => return Err(Violation("a write wrote nothing").into()),
                Ok(count) => written += count,
                Err(IoFailure::Code(_)) if written > 0 => break,
                Err(failure) => return Err(failure),
            }
            if written >= bytes.len() {
                break;
            }
        }
        if at.is_none() {
            self.position = match start {
                Some(start) => start.checked_add(written as u64).ok_or(Status::Overflow)?,
                None => self.descriptor.stat(host)?.size,
            };
        }
        Ok(written)
    }

    /// Closes it.
    pub fn close(self, host: &mut Host) -> IoResult<()> {
        if let Some(input) = self.input {
            input.close(host)?;
        }
        Ok(self.descriptor.close(host)?)
    }
}
