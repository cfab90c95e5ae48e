//! `wasi:io/streams.output-stream`: standard output and error, files, connections and bodies of messages. Nothing is
//! buffered: the host has what the guest wrote when the call returns, so flushing does nothing. The host may not have
//! sent yet what the guest wrote to a connection; then the next write has to wait.

use crate::bindings::wasi::io::streams::HostOutputStream;
use crate::failure::{IoFailure, StreamFailure};
use crate::files::FileOutput;
use crate::guest::Guest;
use crate::stdio;
use crate::turns::complete;
use crate::wasi::{blocking::too_large, input::InputStream, poll::Pollable};
use alloc::{vec, vec::Vec};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation};
use wasmtime::{Result, component::Resource, component::ResourceTableError};

/// The bytes that a stream takes in one call, as in Wasmtime.
const PERMIT: u64 = 64 << 10;

/// An output stream.
pub struct OutputStream {
    sink: Sink,
    closed: bool,
}

/// The destination of a stream.
pub enum Sink {
    /// Standard output or error, by its handle.
    Standard(u32),
    /// A file.
    File(FileOutput),
    /// The connection of a TCP socket, the stream's parent, by its number in the table.
    Socket(u32),
    /// The body of a message, the stream's parent, by its number in the table.
    Body(u32),
}

impl OutputStream {
    /// Writes to `sink`.
    pub fn new(sink: Sink) -> Self {
        Self { sink, closed: false }
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
            Sink::Standard(_) => {}
            Sink::Socket(rep) => {
                let (transport, host) = self.transport(rep)?;
                return transport.write(host, &[bytes]);
            }
            Sink::Body(rep) => return self.write_body(rep, bytes),
            Sink::File(ref file) => {
                if let Err(status) = file.check() {
                    stream.closed = true;
                    return Err(StreamFailure::Failed(status));
                }
            }
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let part = rest.get(..PAYLOAD_MAX).unwrap_or(rest);
            let (wrote, is_standard) = match &mut stream.sink {
                Sink::Standard(number) => (stdio::write(&mut self.host, *number, part), true),
                Sink::File(file) => (file.write(&mut self.host, part), false),
                Sink::Socket(_) | Sink::Body(_) => return Ok(()),
            };
            let written = match wrote {
                Ok(0) => return Err(Violation("a write wrote nothing").into()),
                Ok(written) => written,
                Err(IoFailure::Code(Status::Pipe)) if is_standard => return Err(StreamFailure::Closed),
                Err(failure) => {
                    stream.closed = !is_standard;
                    return Err(failure.into());
                }
            };
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    fn check_open(&mut self, stream: &Resource<OutputStream>) -> Result<(), StreamFailure> {
        let stream = self.table.get(stream)?;
        match stream.sink {
            Sink::Socket(rep) => self.transport(rep)?.0.output.check(),
            Sink::Body(rep) => self.body_permit(rep).map(drop),
            _ if stream.closed => Err(StreamFailure::Closed),
            _ => Ok(()),
        }
    }

    /// What is ready when bytes may be written.
    pub fn output_pollable(&self, stream: &Resource<OutputStream>) -> Result<Pollable, ResourceTableError> {
        Ok(match self.table.get(stream)?.sink {
            Sink::Socket(rep) => Pollable::TcpOutput(rep),
            Sink::Body(rep) => Pollable::HttpOutput(rep),
            _ => Pollable::Ready,
        })
    }

    /// Deletes a stream whose bytes the host has sent.
    pub fn delete_output(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        if let Sink::File(file) = self.table.delete(stream)?.sink {
            file.close(&mut self.host)?;
        }
        Ok(())
    }
}

impl HostOutputStream for Guest {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> Result<u64, StreamFailure> {
        self.check_open(&stream)?;
        match self.table.get(&stream)?.sink {
            Sink::Socket(rep) => {
                let (transport, host) = self.transport(rep)?;
                Ok(transport.permit(host)? as u64)
            }
            Sink::Body(rep) => Ok(self.body_permit(rep)? as u64),
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
        complete(self.write_all(stream, bytes))
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        self.check_open(&stream)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> Result<(), StreamFailure> {
        complete(self.flush_all(stream))
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
        complete(self.write_all_zeroes(stream, length))
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
        complete(self.splice_some(to, from, length))
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        complete(self.drop_output(stream))
    }
}
