//! What a handler returns: a failure, or a struct and a payload.

use super::errno;
use rustix::io::Errno;
use wasmstone_edge_protocol::{Status, Violation};

/// A status other than `Ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure(pub Status);

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self(status)
    }
}

/// The enclave broke the protocol.
impl From<Violation> for Failure {
    fn from(_: Violation) -> Self {
        Self(Status::Malformed)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(errno::status_of(&error))
    }
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        Self(errno::status_of(&error.into()))
    }
}

/// The payload of a reply under construction, never longer than the enclave has room for.
pub(super) struct Payload<'a> {
    frame: &'a mut Vec<u8>,
    start: usize,
    max: usize,
}

impl<'a> Payload<'a> {
    /// A payload behind what `frame` holds, of at most `max` bytes.
    pub fn new(frame: &'a mut Vec<u8>, max: usize) -> Self {
        Self { start: frame.len(), frame, max }
    }

    /// How many more bytes fit.
    pub fn room(&self) -> usize {
        (self.start + self.max).saturating_sub(self.frame.len())
    }

    /// Its length in bytes.
    pub fn length(&self) -> Result<u32, Failure> {
        u32::try_from(self.frame.len() - self.start).map_err(|_| Failure(Status::Malformed))
    }

    /// Appends `bytes`. The enclave knows how much room an operation needs, so that a request without enough room is
    /// malformed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.len() > self.room() {
            return Err(Failure(Status::Malformed));
        }
        self.frame.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends a record: a length and `parts`, one behind the other.
    pub fn push_record(&mut self, parts: &[&[u8]]) -> Result<(), Failure> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).map_err(|_| Failure(Status::Malformed))?;
        self.push(&length.to_le_bytes())?;
        parts.iter().try_for_each(|part| self.push(part))
    }

    /// Lets `read` fill a zeroed buffer of `length` bytes, or as many as there is room for, and appends as many of them
    /// as `read` returns.
    pub fn fill<T>(
        &mut self,
        length: usize,
        read: impl FnOnce(&mut [u8]) -> Result<(usize, T), Failure>,
    ) -> Result<T, Failure> {
        let begin = self.frame.len();
        let length = length.min(self.room());
        self.frame.resize(begin + length, 0);
        let result = self.frame.get_mut(begin..).map(read).unwrap_or(Err(Failure(Status::Malformed)));
        let kept = result.as_ref().map_or(0, |(kept, _)| *kept).min(length);
        self.frame.truncate(begin + kept);
        result.map(|(_, value)| value)
    }
}
