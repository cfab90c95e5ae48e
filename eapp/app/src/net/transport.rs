//! The two streams of a connection, for `wasi:io/streams`.

use crate::guest::Guest;
use crate::host::Host;
use crate::wasi::input::{AHEAD_TOTAL, Buffer};
use crate::wasi::poll::Question;
use crate::wasi::sockets::tcp::TcpSocket;
use crate::wasi::{FileFailure, StreamFailure};
use alloc::vec::Vec;
use wasmstone_edge_protocol::types::{AcceptReply, AcceptRequest, HandleRequest, ReadRequest, ShutdownRequest};
use wasmstone_edge_protocol::{SOCKET_PAYLOAD_MAX, Status, Violation, io, network};
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime::format_err;

/// Bytes asked for at least.
const AHEAD: usize = 64 << 10;

/// The most bytes asked for, and as many as are asked for after a read that was full.
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
    /// The last read brought as much as is asked for at least: there may be much more.
    full: bool,
}

impl Input {
    /// Bytes worth asking for.
    pub fn ahead(&self) -> usize {
        if self.full { READ_MAX } else { AHEAD }
    }
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

/// A connection, with what is known of both directions.
pub struct Transport {
    /// Its number on the wire.
    pub handle: u32,
    /// What it receives.
    pub input: Input,
    /// What it sends.
    pub output: Output,
}

impl Transport {
    /// The connection of the socket `handle`, of which nothing is known.
    pub fn new(handle: u32) -> Self {
        Self { handle, input: Input::default(), output: Output::default() }
    }

    /// Accepts a connection for `owner`, with what it has sent already.
    pub fn accept(host: &mut Host, owner: u32, listener: u32) -> Result<(Self, AcceptReply), FileFailure> {
        let (handle, (reply, input)) = host.opening(owner, Status::NewSocketLimit, |host, handle| {
            let request = AcceptRequest { listener: listener.into(), handle: handle.into() };
            let (reply, payload) = host.ask::<network::Accept>(&request, &[], SOCKET_PAYLOAD_MAX)?;
            let mut input = Input { drained: payload.len() < SOCKET_PAYLOAD_MAX, ..Input::default() };
            input.buffer.fill(payload, 0);
            Ok((reply, input))
        })?;
        host.read_ahead += input.buffer.held();
        Ok((Self { input, ..Self::new(handle) }, reply))
    }

    /// Reads at most `length` bytes. None came where it does not wait and there are none.
    pub fn read(&mut self, host: &mut Host, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
        let input = &mut self.input;
        if input.closed {
            return Err(StreamFailure::Closed);
        }
        if length == 0 || (input.drained && !wait && input.buffer.left() == 0) {
            // A guest that asks again without waiting is answered truly.
            input.drained &= length == 0;
            return Ok(Vec::new());
        }
        host.read_ahead = host.read_ahead.saturating_sub(input.buffer.held());
        if input.buffer.left() > 0 {
            let bytes = input.buffer.take(length);
            host.read_ahead += input.buffer.held();
            return Ok(bytes);
        }
        let want = if host.read_ahead < AHEAD_TOTAL { length.max(input.ahead()) } else { length }.min(READ_MAX);
        let request =
            ReadRequest { handle: self.handle.into(), length: (want as u32).into(), wait: u32::from(wait).into() };
        let (reply, payload) = match host.channel.call::<io::Read>(&request, &[], want)? {
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
        input.full = payload.len() >= want.min(AHEAD);
        input.drained = payload.len() < want && !end;
        let bytes = input.buffer.fill(payload, length);
        host.read_ahead += input.buffer.held();
        Ok(bytes)
    }

    /// How much may be written now.
    pub fn permit(&mut self, host: &mut Host) -> Result<usize, StreamFailure> {
        self.output.check()?;
        if self.output.pending {
            self.send(host, &[])?;
        }
        if !self.output.pending {
            self.output.permit = SOCKET_PAYLOAD_MAX;
            return Ok(SOCKET_PAYLOAD_MAX);
        }
        Ok(0)
    }

    /// Writes what was permitted.
    pub fn write(&mut self, host: &mut Host, bytes: &[&[u8]]) -> Result<(), StreamFailure> {
        self.output.check()?;
        let length = bytes.iter().map(|part| part.len()).sum::<usize>();
        if length > self.output.permit {
            return Err(StreamFailure::Trap(format_err!("not permitted to write {length} bytes")));
        }
        if length == 0 {
            return Ok(());
        }
        self.output.permit = 0;
        self.send(host, bytes)
    }

    /// What receiving has to wait for; `None` where a read would be answered at once.
    pub fn awaits_input(&self) -> Option<Question> {
        (!self.input.closed && !self.input.buffer.is_ready()).then_some((self.handle, 0))
    }

    /// What sending has to wait for.
    pub fn awaits_output(&self) -> Option<Question> {
        self.output.pending.then_some((self.handle, 1))
    }

    /// Receives no more.
    pub fn end_input(&mut self, host: &mut Host) -> Result<(), Violation> {
        if core::mem::replace(&mut self.input.closed, true) { Ok(()) } else { self.shutdown(host, 0) }
    }

    /// Sends no more behind what was written.
    pub fn end_output(&mut self, host: &mut Host) -> Result<(), Violation> {
        if self.output.end.is_some() {
            return Ok(());
        }
        self.output.end = Some(End::Closed);
        self.shutdown(host, 1)
    }

    fn shutdown(&mut self, host: &mut Host, direction: u32) -> Result<(), Violation> {
        // As when a stream is dropped: what the system says of it changes nothing.
        let request = ShutdownRequest { handle: self.handle.into(), direction: direction.into() };
        let _ = host.channel.call::<network::Shutdown>(&request, &[], 0)?;
        Ok(())
    }

    /// Gives the socket back.
    pub fn close(&self, host: &mut Host) -> Result<(), Violation> {
        host.read_ahead = host.read_ahead.saturating_sub(self.input.buffer.held());
        host.close(self.handle)
    }

    fn send(&mut self, host: &mut Host, bytes: &[&[u8]]) -> Result<(), StreamFailure> {
        let request = HandleRequest { handle: self.handle.into() };
        match host.channel.call::<network::Send>(&request, bytes, 0)? {
            Ok((reply, _)) => {
                self.output.pending = reply.pending.flag("pending is neither yes nor no")?;
                Ok(())
            }
            Err(status) => {
                let end = if status == Status::Pipe { End::Closed } else { End::Failed(status) };
                self.output.pending = false;
                self.output.end = Some(end);
                self.output.check()
            }
        }
    }
}

impl Guest {
    /// The connection of the socket `rep`: streams are its children, so it is there.
    fn transport(&mut self, rep: u32) -> Result<(&mut Transport, &mut Host), ResourceTableError> {
        let socket = self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?;
        Ok((&mut socket.transport, &mut self.host))
    }

    /// Reads from the connection of the socket `rep`.
    pub fn read_socket(&mut self, rep: u32, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
        let (transport, host) = self.transport(rep)?;
        transport.read(host, length, wait)
    }

    /// How much may be written to the connection of the socket `rep`.
    pub fn socket_permit(&mut self, rep: u32) -> Result<u64, StreamFailure> {
        let (transport, host) = self.transport(rep)?;
        Ok(transport.permit(host)? as u64)
    }

    /// Writes what was permitted to the connection of the socket `rep`.
    pub fn write_socket(&mut self, rep: u32, bytes: &[u8]) -> Result<(), StreamFailure> {
        let (transport, host) = self.transport(rep)?;
        transport.write(host, &[bytes])
    }

    /// Whether the connection of the socket `rep` can still send.
    pub fn check_socket(&mut self, rep: u32) -> Result<(), StreamFailure> {
        self.transport(rep)?.0.output.check()
    }
}
