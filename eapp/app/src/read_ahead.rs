//! Bytes that are read ahead, so that small reads of the guest do not cost an edge call each.

use alloc::vec::Vec;

/// Bytes that all file streams and connections together may hold ahead. Beyond it, they read no more than the guest
/// asked for.
pub const TOTAL_MAX: usize = 1 << 20;

/// Bytes that were read and not yet given to the guest.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    given: usize,
    /// The end of the stream is behind the bytes.
    pub end: bool,
}

impl Buffer {
    /// Whether a read would return at once.
    pub fn is_ready(&self) -> bool {
        self.end || self.left() > 0
    }

    /// How many bytes can be given.
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.given)
    }

    /// Bytes of memory that the buffer holds.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    /// The next bytes, at most `length`.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.bytes.get(self.given..).unwrap_or_default();
        let taken = rest.get(..length).unwrap_or(rest).to_vec();
        self.given += taken.len();
        if self.left() == 0 {
            self.bytes = Vec::new();
            self.given = 0;
        }
        taken
    }

    /// Returns the first `length` bytes of what the host sent, and keeps the others.
    pub fn fill(&mut self, payload: &[u8], length: usize) -> Vec<u8> {
        let (first, rest) = payload.split_at(length.min(payload.len()));
        self.bytes = rest.to_vec();
        self.given = 0;
        first.to_vec()
    }
}
