//! `wasi:io/streams.input-stream`: standard input, files and connections, with reading ahead.

use crate::bindings::wasi::io::streams::HostInputStream;
use crate::channel::Channel;
use crate::files::OpenFile;
use crate::guest::Guest;
use crate::host::Host;
use crate::wasi::StreamFailure;
use crate::wasi::blocking::now;
use crate::wasi::poll::Pollable;
use alloc::{sync::Arc, vec::Vec};
use wasmstone_edge_protocol::types::{ReadAtRequest, ReadRequest};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Violation, filesystem, handle, io};
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};

/// Bytes asked for at least, so that small reads do not cost an edge call each.
const AHEAD: usize = 256 << 10;

/// As [`AHEAD`], for the first read elsewhere than at a file's beginning: it may well be the only one, of a page of a
/// database.
const AHEAD_ELSEWHERE: usize = 4 << 10;

/// Bytes held ahead in all file streams and connections together; beyond it they get just what they
/// asked for.
pub const AHEAD_TOTAL: usize = 1 << 20;

/// Bytes read ahead of standard input.
const AHEAD_STDIN: usize = 64 << 10;

/// Bytes that were read and not yet given to the guest.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    given: usize,
    /// The end is behind the bytes.
    end: bool,
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

    /// Bytes of memory that it holds.
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

    /// Splits what the host sent into the bytes to give now and those to keep.
    pub fn fill(&mut self, payload: &[u8], length: usize) -> Vec<u8> {
        let (now, later) = payload.split_at(length.min(payload.len()));
        self.bytes = later.to_vec();
        self.given = 0;
        now.to_vec()
    }
}

/// An input stream.
pub enum InputStream {
    /// Standard input. All such streams share what was read ahead.
    Stdin,
    /// A file, from a position on.
    File(FileInput),
    /// The connection of a TCP socket, its parent, by its number in the table.
    Socket(u32),
    /// The body of a message, its parent, by its number in the table.
    Body(u32),
}

/// Reading a file from a position on.
pub struct FileInput {
    file: Arc<OpenFile>,
    /// Of the next byte to be given.
    position: u64,
    buffer: Buffer,
    /// The guest's changes that the buffer knows of.
    changes: u64,
    /// Bytes to ask for at least.
    ahead: usize,
}

impl InputStream {
    /// Reads `file` from `position` on.
    pub fn file(file: Arc<OpenFile>, position: u64, changes: u64) -> Self {
        let ahead = if position == 0 { AHEAD } else { AHEAD_ELSEWHERE };
        Self::File(FileInput { file, position, buffer: Buffer::default(), changes, ahead })
    }
}

impl Guest {
    /// Is ready when a read would be answered at once.
    pub fn input_pollable(&self, stream: &Resource<InputStream>) -> Result<Pollable, ResourceTableError> {
        Ok(match self.table.get(stream)? {
            InputStream::Stdin => Pollable::Stdin,
            InputStream::File(_) => Pollable::Ready,
            InputStream::Socket(rep) => Pollable::TcpInput(*rep),
            InputStream::Body(rep) => Pollable::HttpInput(*rep),
        })
    }

    /// Whether the host can wait for the bytes of a stream while it reads them: nothing else has to go on.
    pub fn can_wait_reading(&self, stream: &Resource<InputStream>) -> Result<bool, ResourceTableError> {
        let is_body = matches!(self.table.get(stream)?, InputStream::Body(_));
        Ok(!is_body && self.seat.is_none() && self.moving.is_empty())
    }

    /// Reads at most `length` bytes, and waits until there are some where `wait` says so; never for a body.
    pub fn read_stream(
        &mut self,
        stream: &Resource<InputStream>,
        length: u64,
        wait: bool,
    ) -> Result<Vec<u8>, StreamFailure> {
        let length = usize::try_from(length).unwrap_or(PAYLOAD_MAX).min(PAYLOAD_MAX);
        match self.table.get_mut(stream)? {
            InputStream::Stdin => self.read_stdin(length, wait),
            InputStream::Socket(rep) => {
                let rep = *rep;
                self.read_socket(rep, length, wait)
            }
            InputStream::Body(rep) => {
                let rep = *rep;
                self.read_incoming(rep, length)
            }
            InputStream::File(input) if input.file.sealed.is_some() => read_sealed(input, length, &mut self.host),
            InputStream::File(input) => {
                self.host.read_ahead = self.host.read_ahead.saturating_sub(input.buffer.held());
                let result = read_file(input, length, self.host.changes, self.host.read_ahead, &mut self.host.channel);
                self.host.read_ahead += input.buffer.held();
                result
            }
        }
    }

    fn read_stdin(&mut self, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
        if self.stdin.left() > 0 || (length == 0 && !self.stdin.end) {
            return Ok(self.stdin.take(length));
        }
        if self.stdin.end {
            return Err(StreamFailure::Closed);
        }
        let want = length.max(AHEAD_STDIN);
        let request =
            ReadRequest { handle: handle::STDIN.into(), length: (want as u32).into(), wait: u32::from(wait).into() };
        let (reply, payload) =
            self.host.channel.call::<io::Read>(&request, &[], want)?.map_err(StreamFailure::Failed)?;
        self.stdin.end = reply.end.flag("an end that is neither yes nor no")?;
        if payload.is_empty() && self.stdin.end {
            return Err(StreamFailure::Closed);
        }
        if payload.is_empty() && wait {
            return Err(Violation("a read that waits came back with nothing").into());
        }
        Ok(self.stdin.fill(payload, length))
    }
}

/// Reads on in a sealed directory, which holds ahead itself what it opened.
fn read_sealed(input: &mut FileInput, length: usize, host: &mut Host) -> Result<Vec<u8>, StreamFailure> {
    if length == 0 {
        return Ok(Vec::new());
    }
    let (bytes, _) = input.file.system().read_at(host, &input.file, input.position, length)?;
    if bytes.is_empty() {
        return Err(StreamFailure::Closed);
    }
    input.position = input.position.saturating_add(bytes.len() as u64);
    Ok(bytes)
}

/// Reads on, while the other file streams together hold `others` bytes ahead.
fn read_file(
    input: &mut FileInput,
    length: usize,
    changes: u64,
    others: usize,
    channel: &mut Channel,
) -> Result<Vec<u8>, StreamFailure> {
    // A guest that writes between its reads would throw away each time what was read ahead.
    let changed = input.changes != changes;
    if changed {
        input.buffer = Buffer::default();
        input.changes = changes;
    }
    let bytes = if length == 0 || input.buffer.left() > 0 {
        input.buffer.take(length)
    } else if core::mem::take(&mut input.buffer.end) {
        // Told once from what is known; a file that grows is asked for again.
        return Err(StreamFailure::Closed);
    } else {
        let want = if others < AHEAD_TOTAL && !changed { length.max(input.ahead) } else { length };
        input.ahead = AHEAD;
        refill(input, length, want, channel)?
    };
    input.position = input.position.saturating_add(bytes.len() as u64);
    Ok(bytes)
}

fn refill(input: &mut FileInput, length: usize, want: usize, channel: &mut Channel) -> Result<Vec<u8>, StreamFailure> {
    let request = ReadAtRequest {
        handle: input.file.handle.into(),
        // At most PAYLOAD_MAX, which fits.
        length: (want as u32).into(),
        offset: input.position.into(),
    };
    let (reply, payload) = channel.call::<filesystem::ReadAt>(&request, &[], want)?.map_err(StreamFailure::Failed)?;
    let end = reply.end.flag("an end that is neither yes nor no")?;
    if payload.is_empty() {
        return if end { Err(StreamFailure::Closed) } else { Err(Violation("a read came back with nothing").into()) };
    }
    input.buffer.end = end;
    Ok(input.buffer.fill(payload, length))
}

impl HostInputStream for Guest {
    fn read(&mut self, stream: Resource<InputStream>, length: u64) -> Result<Vec<u8>, StreamFailure> {
        self.read_stream(&stream, length, false)
    }

    fn blocking_read(&mut self, stream: Resource<InputStream>, length: u64) -> Result<Vec<u8>, StreamFailure> {
        now(self.read_some(stream, length))
    }

    fn skip(&mut self, stream: Resource<InputStream>, length: u64) -> Result<u64, StreamFailure> {
        Ok(self.read_stream(&stream, length, false)?.len() as u64)
    }

    fn blocking_skip(&mut self, stream: Resource<InputStream>, length: u64) -> Result<u64, StreamFailure> {
        now(self.skip_some(stream, length))
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> Result<Resource<Pollable>> {
        Ok(match self.input_pollable(&stream)? {
            pollable @ (Pollable::Ready | Pollable::Stdin) => self.table.push(pollable)?,
            pollable => self.table.push_child(pollable, &stream)?,
        })
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> Result<()> {
        if let InputStream::File(input) = self.table.delete(stream)? {
            self.host.read_ahead = self.host.read_ahead.saturating_sub(input.buffer.held());
            self.release(input.file)?;
        }
        Ok(())
    }
}
