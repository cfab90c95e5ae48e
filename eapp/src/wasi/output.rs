//! `wasi:io/streams.output-stream`: standard output and error, files and connections. Nothing is held
//! back: what the guest wrote is with the host when the call returns, so flushing has nothing to do. What
//! it writes to a connection the host may still have; then the next write has to wait.

use crate::bindings::wasi::io::streams::HostOutputStream;
use crate::guest::Guest;
use crate::wasi::StreamFailure;
use crate::wasi::filesystem::OpenFile;
use crate::wasi::input::InputStream;
use crate::wasi::poll::Pollable;
use alloc::{sync::Arc, vec, vec::Vec};
use wasmstone_edge_protocol::types::{HandleRequest, WriteAtRequest};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation, filesystem, handle, io};
use wasmtime::component::Resource;
use wasmtime::{Result, format_err};

/// The bytes that a stream takes in one call, as in Wasmtime.
const PERMIT: u64 = 64 << 10;

/// The most bytes of the calls that write and flush, by WASI's definition.
const BLOCKING_MAX: u64 = 4096;

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
}

impl Guest {
    /// Writes everything.
    fn write_stream(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> Result<(), StreamFailure> {
        let stream = self.table.get_mut(stream)?;
        if stream.closed {
            return Err(StreamFailure::Closed);
        }
        if let Sink::Socket(rep) = stream.sink {
            return self.write_socket(rep, bytes);
        }
        if let Sink::At { file, .. } | Sink::Append { file } = &stream.sink {
            if !file.writing {
                stream.closed = true;
                return Err(StreamFailure::Failed(Status::BadDescriptor));
            }
            self.changes += 1;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let part = rest.get(..PAYLOAD_MAX).unwrap_or(rest);
            let answer = match &stream.sink {
                Sink::Standard(number) => {
                    self.channel.call::<io::Write>(&HandleRequest { handle: (*number).into() }, &[part], 0)?
                }
                Sink::At { file, position } => {
                    let request =
                        WriteAtRequest { handle: file.handle.into(), reserved: 0.into(), offset: (*position).into() };
                    self.channel.call::<filesystem::WriteAt>(&request, &[part], 0)?
                }
                Sink::Append { file } => self.channel.call::<filesystem::Append>(
                    &HandleRequest { handle: file.handle.into() },
                    &[part],
                    0,
                )?,
                Sink::Socket(_) => return Ok(()),
            };
            let reply = match (answer, &stream.sink) {
                (Ok((reply, _)), _) => reply,
                (Err(Status::Pipe), Sink::Standard(_)) => return Err(StreamFailure::Closed),
                (Err(status), Sink::Standard(_)) => return Err(StreamFailure::Failed(status)),
                (Err(status), _) => {
                    stream.closed = true;
                    return Err(StreamFailure::Failed(status));
                }
            };
            let written = reply.written.at_most(part.len() as u32, "more was written than was sent")? as usize;
            if written == 0 {
                return Err(Violation("a write wrote nothing").into());
            }
            if let Sink::At { position, .. } = &mut stream.sink {
                *position = position.saturating_add(written as u64);
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// The socket whose connection a stream sends on.
    fn socket_of(&self, stream: &Resource<OutputStream>) -> Result<Option<u32>, StreamFailure> {
        Ok(if let Sink::Socket(rep) = self.table.get(stream)?.sink { Some(rep) } else { None })
    }

    fn check_open(&mut self, stream: &Resource<OutputStream>) -> Result<(), StreamFailure> {
        match self.socket_of(stream)? {
            Some(rep) => self.check_socket(rep),
            None if self.table.get(stream)?.closed => Err(StreamFailure::Closed),
            None => Ok(()),
        }
    }

    /// How much may be written, and not nothing where `wait` says so.
    fn permitted(&mut self, stream: &Resource<OutputStream>, wait: bool) -> Result<u64, StreamFailure> {
        self.check_open(stream)?;
        match self.socket_of(stream)? {
            Some(rep) => self.socket_permit(rep, wait),
            None => Ok(PERMIT),
        }
    }

    fn write_and_flush(&mut self, stream: &Resource<OutputStream>, bytes: &[u8]) -> Result<(), StreamFailure> {
        match self.socket_of(stream)? {
            Some(rep) => self.write_socket_fully(rep, bytes),
            None => self.write_stream(stream, bytes),
        }
    }

    fn splice_stream(
        &mut self,
        to: &Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
        wait: bool,
    ) -> Result<u64, StreamFailure> {
        use crate::bindings::wasi::io::streams::HostInputStream;
        let length = length.min(self.permitted(to, wait)?);
        if length == 0 {
            return Ok(0);
        }
        let bytes = if wait { self.blocking_read(from, length)? } else { HostInputStream::read(self, from, length)? };
        if wait {
            self.write_and_flush(to, &bytes)?
        } else {
            self.write_stream(to, &bytes)?
        };
        Ok(bytes.len() as u64)
    }
}

fn within(length: u64, cap: u64, call: &str) -> Result<(), StreamFailure> {
    if length > cap {
        return Err(StreamFailure::Trap(format_err!("Buffer too large for {call} (expected at most {cap})")));
    }
    Ok(())
}

impl HostOutputStream for Guest {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> Result<u64, StreamFailure> {
        self.permitted(&stream, false)
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> Result<(), StreamFailure> {
        self.write_stream(&stream, &bytes)
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> Result<(), StreamFailure> {
        within(bytes.len() as u64, BLOCKING_MAX, "blocking-write-and-flush")?;
        self.write_and_flush(&stream, &bytes)
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        self.check_open(&stream)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        self.permitted(&stream, true).map(drop)
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> Result<Resource<Pollable>> {
        match self.table.get(&stream)?.sink {
            Sink::Socket(rep) => Ok(self.table.push_child(Pollable::TcpOutput(rep), &stream)?),
            _ => Ok(self.table.push(Pollable::Ready)?),
        }
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, length: u64) -> Result<(), StreamFailure> {
        within(length, PERMIT, "write-zeroes")?;
        self.write_stream(&stream, &vec![0; length as usize])
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        length: u64,
    ) -> Result<(), StreamFailure> {
        within(length, BLOCKING_MAX, "blocking-write-zeroes-and-flush")?;
        self.write_and_flush(&stream, &vec![0; length as usize])
    }

    fn splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> Result<u64, StreamFailure> {
        self.splice_stream(&to, from, length, false)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> Result<u64, StreamFailure> {
        self.splice_stream(&to, from, length, true)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        match self.table.delete(stream)?.sink {
            Sink::Standard(_) => {}
            Sink::Socket(rep) => self.drain_socket(rep)?,
            Sink::At { file, .. } | Sink::Append { file } => self.release(file)?,
        }
        Ok(())
    }
}
