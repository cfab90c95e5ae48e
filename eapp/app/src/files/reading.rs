//! Reading a file from a position on.

use super::system::OpenFile;
use crate::failure::StreamFailure;
use crate::host::Host;
use crate::read_ahead::{Buffer, TOTAL_MAX};
use alloc::{sync::Arc, vec::Vec};
use wasmstone_edge_protocol::{Violation, filesystem, types::ReadAtRequest};

/// The fewest bytes to ask for, so that small reads do not cost an edge call each.
const AHEAD: usize = 256 << 10;

/// As [`AHEAD`], for a first read that is not at the beginning of the file: it may well be the only read, of a page
/// of a database.
const AHEAD_ELSEWHERE: usize = 4 << 10;

/// Reads a file from a position on.
pub struct FileInput {
    file: Arc<OpenFile>,
    /// The position of the next byte to be given.
    position: u64,
    buffer: Buffer,
    /// The value of [`Host::changes`] when the buffer was filled.
    changes: u64,
    /// The fewest bytes to ask for.
    ahead: usize,
}

impl FileInput {
    /// Reads `file` from `position` on.
    pub fn new(file: Arc<OpenFile>, position: u64, changes: u64) -> Self {
        let ahead = if position == 0 { AHEAD } else { AHEAD_ELSEWHERE };
        Self { file, position, buffer: Buffer::default(), changes, ahead }
    }

    /// The position of the next byte to be given.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads at most `length` bytes, at most as many as a payload has.
    ///
    /// # Errors
    /// The end of the file, or the reason why it cannot be read.
    pub fn read(&mut self, host: &mut Host, length: usize) -> Result<Vec<u8>, StreamFailure> {
        let bytes = if self.file.sealed.is_some() {
            self.read_sealed(host, length)?
        } else {
            host.read_ahead = host.read_ahead.saturating_sub(self.buffer.held());
            let result = self.read_hosted(host, length);
            host.read_ahead += self.buffer.held();
            result?
        };
        self.position = self.position.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    /// Ends reading.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(self, host: &mut Host) -> Result<(), Violation> {
        host.read_ahead = host.read_ahead.saturating_sub(self.buffer.held());
        self.file.release(host)
    }

    /// Reads in a sealed directory. The volume itself keeps what it read and decrypted, so nothing is buffered here.
    fn read_sealed(&self, host: &mut Host, length: usize) -> Result<Vec<u8>, StreamFailure> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let (bytes, _) = self.file.system().read_at(host, &self.file, self.position, length)?;
        if bytes.is_empty() { Err(StreamFailure::Closed) } else { Ok(bytes) }
    }

    fn read_hosted(&mut self, host: &mut Host, length: usize) -> Result<Vec<u8>, StreamFailure> {
        // If a guest writes between its reads, what was read ahead would be thrown away each time.
        let changed = self.changes != host.changes;
        if changed {
            self.buffer = Buffer::default();
            self.changes = host.changes;
        }
        if length == 0 || self.buffer.left() > 0 {
            return Ok(self.buffer.take(length));
        }
        if core::mem::take(&mut self.buffer.end) {
            // The end is reported once without asking the host; then the host is asked again, since a file may grow.
            return Err(StreamFailure::Closed);
        }
        let want = if host.read_ahead < TOTAL_MAX && !changed { length.max(self.ahead) } else { length };
        self.ahead = AHEAD;
        self.refill(host, length, want)
    }

    /// Asks the host for `want` bytes, and gives `length` of them.
    fn refill(&mut self, host: &mut Host, length: usize, want: usize) -> Result<Vec<u8>, StreamFailure> {
        let request = ReadAtRequest {
            handle: self.file.handle.into(),
            // At most PAYLOAD_MAX, which fits.
            length: (want as u32).into(),
            offset: self.position.into(),
        };
        let answer = host.channel.call::<filesystem::ReadAt>(&request, &[], want)?;
        let (reply, payload) = answer.map_err(StreamFailure::Failed)?;
        let end = reply.end.flag("an end that is neither yes nor no")?;
        if payload.is_empty() {
            let failure = Violation("a read came back with nothing").into();
            return Err(if end { StreamFailure::Closed } else { failure });
        }
        self.buffer.end = end;
        Ok(self.buffer.fill(payload, length))
    }
}
