//! A connection over which HTTP is spoken, on either side. Nothing here waits; what to wait for is told.

mod receiving;
mod sending;

pub use receiving::{Filled, Part};

use crate::guest::Guest;
use crate::host::Host;
use crate::net::transport::Transport;
use crate::wasi::StreamFailure;
use crate::wasi::poll::Inquiry;
use alloc::sync::Arc;
use core::mem::replace;
use receiving::Input;
use sending::Output;
use spinning_top::Spinlock;
use wasmstone_edge_protocol::Violation;

/// How long the other side may do nothing, in nanoseconds, where it is to send or to take something.
pub const STALL: u64 = 60 * crate::clock::SECOND;

/// A connection, and whoever has to do with it: one thread has them all, and no lock is held across a wait.
pub type Shared = Arc<Spinlock<Connection>>;

/// A connection.
pub struct Connection {
    pub transport: Transport,
    /// What came and was not understood yet.
    pub input: Input,
    output: Output,
    /// The other side is the server, and the socket is given back with the connection.
    is_client: bool,
    /// Nothing more goes out.
    is_broken: bool,
    is_closed: bool,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// The response is on its way, but for the part that has to wait for the client.
    Sending,
    /// Request and response are complete: another exchange may follow.
    Whole,
    /// The response is complete, and nothing more can be said on the connection.
    Unread,
    /// The response is not complete.
    Broken,
}

impl Connection {
    /// A connection of a client to this side, on which nothing was said yet.
    pub fn new(transport: Transport) -> Self {
        let mut input = Input::default();
        input.patience = STALL;
        Self { transport, input, output: Output::default(), is_client: false, is_broken: false, is_closed: false }
    }

    /// A connection to a server, on which nothing was said yet. `patience` is how many nanoseconds it may let
    /// go by without a byte of a response's body.
    pub fn to_server(transport: Transport, patience: u64) -> Self {
        let mut connection = Self::new(transport);
        connection.is_client = true;
        connection.input.patience = patience;
        connection
    }

    /// What came of the exchange that [`Self::begin`] began, once nobody writes to the response any more. To
    /// be asked again where it is [`Exchange::Sending`].
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn end_exchange(&mut self, host: &mut Host) -> Result<Exchange, StreamFailure> {
        self.leave_body();
        self.pump(host)?;
        Ok(if self.is_broken {
            Exchange::Broken
        } else if !self.is_sent() {
            Exchange::Sending
        } else if self.skip_body() && !self.is_until_close() {
            Exchange::Whole
        } else {
            Exchange::Unread
        })
    }

    /// Hears what the host answered.
    pub fn hear(&mut self, inquiry: &Inquiry) {
        if inquiry.says((self.transport.handle, 0)) {
            self.wake_input();
        }
        if inquiry.says((self.transport.handle, 1)) {
            self.wake_output();
        }
    }

    /// Whether nothing more is sent: it cannot be, or would be wrong.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether nothing more will have to be sent by the guest that it is with.
    pub fn is_finished(&self) -> bool {
        self.is_broken || (self.is_client && self.is_sent())
    }

    /// Gives the socket back. What the host still has is lost.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn close(&mut self, host: &mut Host) -> Result<(), Violation> {
        self.is_broken = true;
        self.renew();
        if replace(&mut self.is_closed, true) { Ok(()) } else { self.transport.close(host) }
    }

    /// Nothing more is sent, since it cannot be or would be wrong. A client's guest may still have to do with
    /// the connection, whose other side is to know at once.
    fn break_off(&mut self, host: &mut Host) -> Result<(), Violation> {
        self.is_broken = true;
        self.renew();
        if self.is_client { self.close(host) } else { Ok(()) }
    }
}

impl Guest {
    /// Has nothing to do any more with a connection to a server; it ends with the last who has.
    pub fn leave(&mut self, connection: Shared) -> Result<(), Violation> {
        match Arc::into_inner(connection) {
            Some(connection) if connection.lock().is_client => connection.into_inner().close(&mut self.host),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
