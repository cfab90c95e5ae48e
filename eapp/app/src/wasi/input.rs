//! `wasi:io/streams.input-stream`: standard input, files, connections and bodies of messages.

use crate::bindings::wasi::io::streams::HostInputStream;
use crate::failure::StreamFailure;
use crate::files::FileInput;
use crate::guest::Guest;
use crate::stdio;
use crate::turns::complete;
use crate::wasi::poll::Pollable;
use alloc::vec::Vec;
use wasmstone_edge_protocol::PAYLOAD_MAX;
use wasmtime::{Result, component::Resource, component::ResourceTableError};

/// An input stream.
pub enum InputStream {
    /// Standard input. All such streams share what was read ahead.
    Stdin,
    /// A file, from a position on.
    File(FileInput),
    /// The connection of a TCP socket, the stream's parent, by its number in the table.
    Socket(u32),
    /// The body of a message, the stream's parent, by its number in the table.
    Body(u32),
}

impl Guest {
    /// What is ready when a read would return at once.
    pub fn input_pollable(&self, stream: &Resource<InputStream>) -> Result<Pollable, ResourceTableError> {
        Ok(match self.table.get(stream)? {
            InputStream::Stdin => Pollable::Stdin,
            InputStream::File(_) => Pollable::Ready,
            InputStream::Socket(rep) => Pollable::TcpInput(*rep),
            InputStream::Body(rep) => Pollable::HttpInput(*rep),
        })
    }

    /// Whether the host can wait for the bytes of a stream while it reads them, since nothing else has to continue.
    pub fn can_wait_reading(&self, stream: &Resource<InputStream>) -> Result<bool, ResourceTableError> {
        let is_body = matches!(self.table.get(stream)?, InputStream::Body(_));
        Ok(!is_body && self.turn.is_none() && self.in_flight.is_empty())
    }

    /// Reads at most `length` bytes. With `wait`, waits until there are some; never for a body.
    pub fn read_stream(
        &mut self,
        stream: &Resource<InputStream>,
        length: u64,
        wait: bool,
    ) -> Result<Vec<u8>, StreamFailure> {
        let length = usize::try_from(length).unwrap_or(PAYLOAD_MAX).min(PAYLOAD_MAX);
        match *self.table.get_mut(stream)? {
            InputStream::Stdin => stdio::read(&mut self.host, &mut self.stdin, length, wait),
            InputStream::File(ref mut input) => input.read(&mut self.host, length),
            InputStream::Socket(rep) => {
                let (transport, host) = self.transport(rep)?;
                transport.read(host, length, wait)
            }
            InputStream::Body(rep) => self.read_incoming(rep, length),
        }
    }
}

impl HostInputStream for Guest {
    fn read(&mut self, stream: Resource<InputStream>, length: u64) -> Result<Vec<u8>, StreamFailure> {
        self.read_stream(&stream, length, false)
    }

    fn blocking_read(&mut self, stream: Resource<InputStream>, length: u64) -> Result<Vec<u8>, StreamFailure> {
        complete(self.read_some(stream, length))
    }

    fn skip(&mut self, stream: Resource<InputStream>, length: u64) -> Result<u64, StreamFailure> {
        Ok(self.read_stream(&stream, length, false)?.len() as u64)
    }

    fn blocking_skip(&mut self, stream: Resource<InputStream>, length: u64) -> Result<u64, StreamFailure> {
        complete(self.skip_some(stream, length))
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> Result<Resource<Pollable>> {
        Ok(match self.input_pollable(&stream)? {
            pollable @ (Pollable::Ready | Pollable::Stdin) => self.table.push(pollable)?,
            pollable => self.table.push_child(pollable, &stream)?,
        })
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> Result<()> {
        if let InputStream::File(input) = self.table.delete(stream)? {
            input.close(&mut self.host)?;
        }
        Ok(())
    }
}
