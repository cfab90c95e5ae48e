//! `wasi:io/streams.output-stream`: standard output and error, files and connections. Nothing is held
//! back: what the guest wrote is with the host when the call returns, so flushing has nothing to do. What
//! it writes to a connection the host may still have; then the next write has to wait.

use crate::bindings::wasi::io::streams::HostOutputStream;
use crate::files::OpenFile;
use crate::guest::Guest;
use crate::host::Host;
use crate::wasi::blocking::{now, too_large};
use crate::wasi::input::InputStream;
use crate::wasi::poll::Pollable;
use crate::wasi::{FileFailure, StreamFailure};
use alloc::{sync::Arc, vec, vec::Vec};
use wasmstone_edge_protocol::types::HandleRequest;
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation, handle, io};
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};

/// The bytes that a stream takes in one call, as in Wasmtime.
const PERMIT: u64 = 64 << 10;

/// An output stream.
pub struct OutputStream {
    sink: Sink,
    closed: bool,
}

enum Sink {
    Standard(u32),
    At {
        file: Arc<OpenFile>,
        position: u64,
    },
    Append {
        file: Arc<OpenFile>,
    },
    /// The connection of a TCP socket, its parent, by its number in the table.
    Socket(u32),
    /// The body of a message, its parent, by its number in the table.
    Body(u32),
}

impl OutputStream {
    fn new(sink: Sink) -> Self {
        Self { sink, closed: false }
    }

    /// Standard output.
    pub fn stdout() -> Self {
        Self::new(Sink::Standard(handle::STDOUT))
    }

    /// Standard error.
    pub fn stderr() -> Self {
        Self::new(Sink::Standard(handle::STDERR))
    }

    /// Writes `file` from `position` on.
    pub fn at(file: Arc<OpenFile>, position: u64) -> Self {
        Self::new(Sink::At { file, position })
    }

    /// Writes at the end of `file`.
    pub fn append(file: Arc<OpenFile>) -> Self {
        Self::new(Sink::Append { file })
    }

    /// Sends on the connection of the TCP socket with this number in the table.
    pub fn socket(rep: u32) -> Self {
        Self::new(Sink::Socket(rep))
    }

    /// Writes the body with this number in the table.
    pub fn body(rep: u32) -> Self {
        Self::new(Sink::Body(rep))
    }
}

impl Guest {
    /// Writes everything.
    pub fn write_stream(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> Result<(), StreamFailure> {
        let stream = self.table.get_mut(stream)?;
        if stream.closed {
            return Err(StreamFailure::Closed);
        }
        match stream.sink {
            Sink::Socket(rep) => return self.write_socket(rep, bytes),
            Sink::Body(rep) => return self.write_body(rep, bytes),
            _ => {}
        }
        if let Sink::At { file, .. } | Sink::Append { file } = &stream.sink
            && !file.writing
        {
            stream.closed = true;
            return Err(StreamFailure::Failed(Status::BadDescriptor));
        }
        let is_standard = matches!(stream.sink, Sink::Standard(_));
        let mut rest = bytes;
        while !rest.is_empty() {
            let part = rest.get(..PAYLOAD_MAX).unwrap_or(rest);
            let wrote = match &stream.sink {
                Sink::Standard(number) => write_standard(&mut self.host, *number, part),
                Sink::At { file, position } => file.system().write_at(&mut self.host, file, *position, part),
                Sink::Append { file } => file.system().append(&mut self.host, file, part),
                Sink::Socket(_) | Sink::Body(_) => return Ok(()),
            };
            let written = match wrote {
                Ok(0) => return Err(Violation("a write wrote nothing").into()),
                Ok(written) => written,
                Err(FileFailure::Code(Status::Pipe)) if is_standard => return Err(StreamFailure::Closed),
                Err(failure) => {
                    stream.closed = !is_standard;
                    return Err(failure.into());
                }
            };
            if let Sink::At { position, .. } = &mut stream.sink {
                *position = position.saturating_add(written as u64);
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    fn check_open(&mut self, stream: &Resource<OutputStream>) -> Result<(), StreamFailure> {
        let stream = self.table.get(stream)?;
        match stream.sink {
            Sink::Socket(rep) => self.check_socket(rep),
            Sink::Body(rep) => self.body_permit(rep).map(drop),
            _ if stream.closed => Err(StreamFailure::Closed),
            _ => Ok(()),
        }
    }

    /// Is ready when something may be written.
    pub fn output_pollable(&self, stream: &Resource<OutputStream>) -> Result<Pollable, ResourceTableError> {
        Ok(match self.table.get(stream)?.sink {
            Sink::Socket(rep) => Pollable::TcpOutput(rep),
            Sink::Body(rep) => Pollable::HttpOutput(rep),
            _ => Pollable::Ready,
        })
    }

    /// Takes a stream away that nothing is left of with the host.
    pub fn delete_output(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        match self.table.delete(stream)?.sink {
            Sink::Standard(_) | Sink::Socket(_) | Sink::Body(_) => {}
            Sink::At { file, .. } | Sink::Append { file } => self.release(file)?,
        }
        Ok(())
    }
}

/// Writes to standard output or error, and tells how many bytes.
fn write_standard(host: &mut Host, number: u32, bytes: &[u8]) -> Result<usize, FileFailure> {
    let (reply, _) = host.ask::<io::Write>(&HandleRequest { handle: number.into() }, &[bytes], 0)?;
    Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
}

impl HostOutputStream for Guest {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> Result<u64, StreamFailure> {
        self.check_open(&stream)?;
        match self.table.get(&stream)?.sink {
            Sink::Socket(rep) => self.socket_permit(rep),
            Sink::Body(rep) => self.body_permit(rep),
            _ => Ok(PERMIT),
        }
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> Result<(), StreamFailure> {
        self.write_stream(&stream, &bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> Result<(), StreamFailure> {
        now(self.write_all(stream, bytes))
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        self.check_open(&stream)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        now(self.flush_all(stream))
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> Result<Resource<Pollable>> {
        Ok(match self.output_pollable(&stream)? {
            Pollable::Ready => self.table.push(Pollable::Ready)?,
            pollable => self.table.push_child(pollable, &stream)?,
        })
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, length: u64) -> Result<(), StreamFailure> {
        if length > PERMIT {
            return Err(too_large("write-zeroes", PERMIT));
        }
        self.write_stream(&stream, &vec![0; length as usize])
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        length: u64,
    ) -> Result<(), StreamFailure> {
        now(self.write_all_zeroes(stream, length))
    }

    fn splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> Result<u64, StreamFailure> {
        let length = length.min(self.check_write(Resource::new_borrow(to.rep()))?);
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.read_stream(&from, length, false)?;
        self.write_stream(&to, &bytes)?;
        Ok(bytes.len() as u64)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> Result<u64, StreamFailure> {
        now(self.splice_some(to, from, length))
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        now(self.drop_output(stream))
    }
}
