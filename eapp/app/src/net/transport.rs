//! The bytes of a connection, in both directions.

use crate::failure::{IoFailure, StreamFailure};
use crate::host::Host;
use crate::read_ahead::{Buffer, TOTAL_MAX};
use crate::waiting::HandleInterest;
use alloc::vec::Vec;
use wasmstone_edge_protocol::types::{AcceptReply, AcceptRequest, HandleRequest, ReadRequest, ShutdownRequest};
use wasmstone_edge_protocol::value::{Direction, Interest};
use wasmstone_edge_protocol::{SOCKET_PAYLOAD_MAX, Status, Violation, io, network};
use wasmtime::format_err;

/// The fewest bytes to ask for.
const AHEAD: usize = 64 << 10;

/// The most bytes to ask for, and the number to ask for after a read that was full.
const READ_MAX: usize = 256 << 10;

/// The state of receiving on a connection.
#[derive(Default)]
pub struct Input {
    /// The bytes that came and were not given yet.
    pub buffer: Buffer,
    /// No more bytes are given to the guest.
    pub closed: bool,
    /// The last read took everything that had come. The next one need not ask: a guest that waits will poll first.
    pub drained: bool,
    /// The last read brought as many bytes as the smallest request asks for: there may be many more.
    full: bool,
}

impl Input {
    /// The number of bytes to ask for.
    pub fn ahead(&self) -> usize {
        if self.full { READ_MAX } else { AHEAD }
    }
}

/// The state of sending on a connection.
#[derive(Default)]
pub struct Output {
    /// Bytes that the guest may write, as `check-write` said.
    permit: usize,
    /// The host still has some of what was sent.
    pub pending: bool,
    /// Nothing more is sent; every call gets this as its error.
    pub end: Option<End>,
}

/// Why nothing more is sent.
#[derive(Clone, Copy)]
pub enum End {
    /// It was shut down.
    Closed,
    /// It failed.
    Failed(Status),
}

impl Output {
    /// Whether something can still be sent.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self) -> Result<(), StreamFailure> {
        match self.end {
            None => Ok(()),
            Some(End::Closed) => Err(StreamFailure::Closed),
            Some(End::Failed(status)) => Err(StreamFailure::Failed(status)),
        }
    }
}

/// A connection, with the state of both directions.
pub struct Transport {
    pub handle: u32,
    /// What it receives.
    pub input: Input,
    /// What it sends.
    pub output: Output,
}

impl Transport {
    /// The connection of the socket `handle`, on which nothing was sent or received yet.
    pub fn new(handle: u32) -> Self {
        Self { handle, input: Input::default(), output: Output::default() }
    }

    /// Accepts a connection for `owner`, with the bytes that have come on it already.
    pub fn accept(host: &mut Host, owner: u32, listener: u32) -> Result<(Self, AcceptReply), IoFailure> {
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

    /// Reads at most `length` bytes. Without `wait` the result may be empty.
    pub fn read(&mut self, host: &mut Host, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
        let input = &mut self.input;
        if input.closed {
            return Err(StreamFailure::Closed);
        }
        if length == 0 || (input.drained && !wait && input.buffer.left() == 0) {
            // If a guest asks for the second time without a poll between, the host answers.
            input.drained &= length == 0;
            return Ok(Vec::new());
        }
        host.read_ahead = host.read_ahead.saturating_sub(input.buffer.held());
        if input.buffer.left() > 0 {
            let bytes = input.buffer.take(length);
            host.read_ahead += input.buffer.held();
            return Ok(bytes);
        }
        let want = if host.read_ahead < TOTAL_MAX { length.max(input.ahead()) } else { length }.min(READ_MAX);
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
        // After a full read more may wait, so the next one asks for more; a short read took everything.
        input.full = payload.len() >= want.min(AHEAD);
        input.drained = payload.len() < want && !end;
        let bytes = input.buffer.fill(payload, length);
        host.read_ahead += input.buffer.held();
        Ok(bytes)
    }

    /// How many bytes may be written now.
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

    /// Writes bytes, as many as were permitted at most.
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

    /// What reading has to wait for; `None` if a read would return at once.
    pub fn input_interest(&self) -> Option<HandleInterest> {
        (!self.input.closed && !self.input.buffer.is_ready()).then_some((self.handle, Interest::Reading))
    }

    /// What writing has to wait for; `None` if bytes may be written at once.
    pub fn output_interest(&self) -> Option<HandleInterest> {
        self.output.pending.then_some((self.handle, Interest::Writing))
    }

    /// Receives no more.
    pub fn end_input(&mut self, host: &mut Host) -> Result<(), Violation> {
        if core::mem::replace(&mut self.input.closed, true) {
            Ok(())
        } else {
            self.shutdown(host, Direction::Receiving)
        }
    }

    /// Sends no more behind what was written.
    pub fn end_output(&mut self, host: &mut Host) -> Result<(), Violation> {
        if self.output.end.is_some() {
            return Ok(());
        }
        self.output.end = Some(End::Closed);
        self.shutdown(host, Direction::Sending)
    }

    fn shutdown(&mut self, host: &mut Host, direction: Direction) -> Result<(), Violation> {
        // The status does not matter: a connection that is broken already is shut down as well.
        let request = ShutdownRequest { handle: self.handle.into(), direction: direction.into() };
        let _ = host.channel.call::<network::Shutdown>(&request, &[], 0)?;
        Ok(())
    }

    /// Closes the socket.
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
