//! The two streams of a connection, for `wasi:io/streams`.

use crate::guest::Guest;
use crate::wasi::StreamFailure;
use crate::wasi::input::{AHEAD_TOTAL, Buffer};
use crate::wasi::poll::Pollable;
use crate::wasi::sockets::tcp::TcpSocket;
use alloc::vec::Vec;
use wasmstone_edge_protocol::types::{HandleRequest, ReadRequest};
use wasmstone_edge_protocol::{SOCKET_PAYLOAD_MAX, Status, Violation, io, network};
use wasmtime::component::Resource;
use wasmtime::{Result, format_err};

/// Bytes asked for at least.
const AHEAD: usize = 64 << 10;

/// The most bytes asked for.
const READ_MAX: usize = 256 << 10;

/// What is known of what a connection receives.
#[derive(Default)]
pub struct Input {
    /// What came and was not given yet.
    pub buffer: Buffer,
    /// Nothing more is given.
    pub closed: bool,
    /// The last read took all there was. The next one need not ask: a guest that waits will poll first.
    pub drained: bool,
}

/// What is known of what a connection sends.
#[derive(Default)]
pub struct Output {
    /// Bytes that the guest may write, as `check-write` told.
    permit: usize,
    /// The host still has some of what was sent.
    pub pending: bool,
    /// Nothing more is sent: what every call is told.
    pub end: Option<End>,
}

/// How sending came to its end.
#[derive(Clone, Copy)]
pub enum End {
    /// It was shut down.
    Closed,
    /// It failed.
    Failed(Status),
}

impl Output {
    fn check(&self) -> Result<(), StreamFailure> {
        match self.end {
            None => Ok(()),
            Some(End::Closed) => Err(StreamFailure::Closed),
            Some(End::Failed(status)) => Err(StreamFailure::Failed(status)),
        }
    }
}

/// The socket that a stream belongs to: streams are its children, so it is there.
fn socket(rep: u32) -> Resource<TcpSocket> {
    Resource::new_borrow(rep)
}

impl Guest {
    /// Reads from the connection of the socket `rep`.
    pub fn read_socket(&mut self, rep: u32, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
        let socket = self.table.get_mut(&socket(rep))?;
        let input = &mut socket.input;
        if input.closed {
            return Err(StreamFailure::Closed);
        }
        if length == 0 || (input.drained && !wait && input.buffer.left() == 0) {
            // A guest that asks again without waiting is answered truly.
            input.drained &= length == 0;
            return Ok(Vec::new());
        }
        self.read_ahead = self.read_ahead.saturating_sub(input.buffer.held());
        if input.buffer.left() > 0 {
            let bytes = input.buffer.take(length);
            self.read_ahead += input.buffer.held();
            return Ok(bytes);
        }
        let want = if self.read_ahead < AHEAD_TOTAL { length.max(AHEAD) } else { length }.min(READ_MAX);
        let request =
            ReadRequest { handle: socket.handle.into(), length: (want as u32).into(), wait: u32::from(wait).into() };
        let (reply, payload) = match self.channel.call::<io::Read>(&request, &[], want)? {
            Ok(answer) => answer,
            Err(status) => {
                input.closed = true;
                return Err(StreamFailure::Failed(status));
            }
        };
        let end = reply.end.flag("an end that is neither yes nor no")?;
        if payload.is_empty() && end {
            input.closed = true;
            return Err(StreamFailure::Closed);
        }
        if payload.is_empty() && wait {
            return Err(Violation("a read that waits came back with nothing").into());
        }
        input.drained = payload.len() < want && !end;
        let bytes = input.buffer.fill(payload, length);
        self.read_ahead += input.buffer.held();
        Ok(bytes)
    }

    /// How much may be written to the connection of the socket `rep`; not nothing where `wait` says so.
    pub fn socket_permit(&mut self, rep: u32, wait: bool) -> Result<u64, StreamFailure> {
        loop {
            let output = &mut self.table.get_mut(&socket(rep))?.output;
            output.check()?;
            if output.pending {
                self.send(rep, &[])?;
            }
            let output = &mut self.table.get_mut(&socket(rep))?.output;
            if !output.pending {
                output.permit = SOCKET_PAYLOAD_MAX;
                return Ok(SOCKET_PAYLOAD_MAX as u64);
            }
            if !wait {
                return Ok(0);
            }
            self.poll_all(&[Pollable::TcpOutput(rep)], true)?;
        }
    }

    /// Writes what was permitted to the connection of the socket `rep`.
    pub fn write_socket(&mut self, rep: u32, bytes: &[u8]) -> Result<(), StreamFailure> {
        let output = &mut self.table.get_mut(&socket(rep))?.output;
        output.check()?;
        if bytes.len() > output.permit {
            return Err(StreamFailure::Trap(format_err!("not permitted to write {} bytes", bytes.len())));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        output.permit = 0;
        self.send(rep, bytes)
    }

    /// Writes everything to the connection of the socket `rep`, and waits until the system has it.
    pub fn write_socket_fully(&mut self, rep: u32, mut bytes: &[u8]) -> Result<(), StreamFailure> {
        loop {
            let permit = self.socket_permit(rep, true)? as usize;
            let (now, later) = bytes.split_at(permit.min(bytes.len()));
            self.write_socket(rep, now)?;
            bytes = later;
            if bytes.is_empty() {
                break;
            }
        }
        match self.socket_permit(rep, true) {
            Ok(_) | Err(StreamFailure::Closed) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Whether the connection of the socket `rep` can still send.
    pub fn check_socket(&mut self, rep: u32) -> Result<(), StreamFailure> {
        self.table.get(&socket(rep))?.output.check()
    }

    /// Waits until nothing of what was written is left with the host.
    pub fn drain_socket(&mut self, rep: u32) -> Result<()> {
        if self.table.get(&socket(rep))?.output.pending {
            self.poll_all(&[Pollable::TcpOutput(rep)], true)?;
        }
        Ok(())
    }

    fn send(&mut self, rep: u32, bytes: &[u8]) -> Result<(), StreamFailure> {
        let socket = self.table.get_mut(&socket(rep))?;
        let request = HandleRequest { handle: socket.handle.into() };
        match self.channel.call::<network::Send>(&request, &[bytes], 0)? {
            Ok((reply, _)) => {
                socket.output.pending = reply.pending.flag("pending is neither yes nor no")?;
                Ok(())
            }
            Err(status) => {
                let end = if status == Status::Pipe { End::Closed } else { End::Failed(status) };
                socket.output.pending = false;
                socket.output.end = Some(end);
                socket.output.check()
            }
        }
    }
}
