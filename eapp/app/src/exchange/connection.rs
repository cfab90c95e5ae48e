//! A connection over which HTTP is spoken, on either side.

mod receiving;
mod sending;

pub use receiving::{Filled, Part};

use crate::failure::StreamFailure;
use crate::host::Host;
use crate::net::transport::Transport;
use crate::waiting::PollSet;
use alloc::sync::Arc;
use core::mem::replace;
use receiving::Input;
use sending::Output;
use spinning_top::Spinlock;
use wasmstone_edge_protocol::{Violation, value::Interest};

/// How long the other side may do nothing, in nanoseconds, when it has to send or to take something.
pub const STALL: u64 = 60 * crate::clock::SECOND;

/// A connection that several parts refer to. There is one thread and no lock is held across a wait, so the lock is
/// free whenever it is taken.
pub type Shared = Arc<Spinlock<Connection>>;

/// A connection.
pub struct Connection {
    pub transport: Transport,
    /// The bytes that came and were not parsed yet.
    pub input: Input,
    output: Output,
    /// The other side is the server, and the socket is closed with the connection.
    is_client: bool,
    /// Nothing more is sent, since it cannot be sent or would be wrong.
    pub is_broken: bool,
    is_closed: bool,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A part of the response has not been sent, since it has to wait for the client.
    Sending,
    /// Request and response are complete: another exchange may follow.
    Complete,
    /// The response is complete, but no other exchange can follow on the connection.
    Last,
    /// The response was cut off.
    Broken,
}

impl Connection {
    /// A connection from a client, on which nothing was sent yet.
    pub fn new(transport: Transport) -> Self {
        let mut input = Input::default();
        input.patience = STALL;
        Self { transport, input, output: Output::default(), is_client: false, is_broken: false, is_closed: false }
    }

    /// A connection to a server, on which nothing was sent yet. While a response's body is read, the server may let
    /// `patience` nanoseconds go by without a byte.
    pub fn to_server(transport: Transport, patience: u64) -> Self {
        let mut connection = Self::new(transport);
        connection.is_client = true;
        connection.input.patience = patience;
        connection
    }

    /// Ends the exchange that [`Self::begin`] began, once the response is not written to any more. It has to be
    /// called again if the result is [`Exchange::Sending`].
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn end_exchange(&mut self, host: &mut Host) -> Result<Exchange, StreamFailure> {
        self.abandon_body();
        self.pump(host)?;
        Ok(if self.is_broken {
            Exchange::Broken
        } else if !self.is_sent() {
            Exchange::Sending
        } else if self.skip_body() && !self.is_until_close() {
            Exchange::Complete
        } else {
            Exchange::Last
        })
    }

    /// Takes the host's answers.
    pub fn take_answers(&mut self, polls: &PollSet) {
        if polls.is_ready((self.transport.handle, Interest::Reading)) {
            self.wake_input();
        }
        if polls.is_ready((self.transport.handle, Interest::Writing)) {
            self.wake_output();
        }
    }

    /// Whether the guest that has the connection has sent everything.
    pub fn is_finished(&self) -> bool {
        self.is_broken || (self.is_client && self.is_sent())
    }

    /// Closes the socket. What the host has not sent yet is lost.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(&mut self, host: &mut Host) -> Result<(), Violation> {
        self.is_broken = true;
        self.forget_message();
        if replace(&mut self.is_closed, true) { Ok(()) } else { self.transport.close(host) }
    }

    /// Stops sending, since nothing more can be sent or it would be wrong. A connection to a server is closed at
    /// once, although the guest still has it, so that the server learns that the request was cut off.
    fn break_off(&mut self, host: &mut Host) -> Result<(), Violation> {
        self.is_broken = true;
        self.forget_message();
        if self.is_client { self.close(host) } else { Ok(()) }
    }
}

/// Drops a reference to a connection. With the last one, a connection to a server is closed.
///
/// # Errors
/// If the host broke the contract.
pub fn release(connection: Shared, host: &mut Host) -> Result<(), Violation> {
    match Arc::into_inner(connection) {
        Some(connection) if connection.lock().is_client => connection.into_inner().close(host),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
