//! A request on its way to a server, until the head of the response is here. It goes on in every poll of its
//! guest; what it waits for is asked with the guest's own questions.

mod route;

use crate::bindings::wasi::http::types::ErrorCode;
use crate::clock::SECOND;
use crate::exchange::connection::{Connection, Filled, Shared};
use crate::guest::Guest;
use crate::http1::decode::Decoder;
use crate::http1::encode::Encoder;
use crate::http1::head::{BadResponse, Response, Search};
use crate::http1::status::is_final;
use crate::net::transport::Transport;
use crate::wasi::StreamFailure;
use crate::wasi::http::outgoing::Outgoing;
use crate::wasi::http::request::RequestOptions;
use crate::wasi::poll::{Inquiry, Wants};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::{replace, take};
use core::net::SocketAddr;
use route::Route;
use spinning_top::Spinlock;
use wasmtime::Result;

/// How long to wait where the guest does not say, in nanoseconds; Wasmtime's figure.
const PATIENCE: u64 = 600 * SECOND;

/// What is sent.
pub struct Message {
    pub head: Vec<u8>,
    pub encoder: Encoder,
    pub body: Option<Arc<Spinlock<Outgoing>>>,
    /// The response has no body, whatever its head says.
    pub is_head: bool,
}

/// What came of a request.
pub type Outcome = Result<(Response, Shared), ErrorCode>;

/// A request on its way.
pub struct ClientRequest {
    state: State,
    options: RequestOptions,
    /// In nanoseconds since the enclave's start.
    deadline: u64,
    /// The host said that there is something new.
    is_awake: bool,
}

enum State {
    /// The name is looked up, under this handle.
    LookingUp(u32, Route, Message),
    /// A socket is being connected.
    Connecting(u32, Route, Message),
    /// The response is awaited.
    Awaiting { connection: Shared, search: Search, is_head: bool },
    /// It is here, or failed.
    Over(Outcome),
    /// The guest was told.
    Given,
}

impl ClientRequest {
    fn new(guest: &mut Guest, options: RequestOptions, state: State) -> Self {
        let deadline = guest.host.elapsed().saturating_add(options.connect.unwrap_or(PATIENCE));
        Self { state, options, deadline, is_awake: false }
    }

    /// One to a server that has a name.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn to_name(
        guest: &mut Guest,
        name: &str,
        port: u16,
        message: Message,
        options: RequestOptions,
    ) -> Result<Self> {
        let state = match Route::to_name(guest, name, port)? {
            Ok((route, lookup)) => State::LookingUp(lookup, route, message),
            Err(code) => State::Over(Err(code)),
        };
        Ok(Self::new(guest, options, state))
    }

    /// One to a server at an address.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn to_address(
        guest: &mut Guest,
        address: SocketAddr,
        message: Message,
        options: RequestOptions,
    ) -> Result<Self> {
        let state = connect(guest, Route::to_address(address), message)?;
        Ok(Self::new(guest, options, state))
    }

    /// One that failed already.
    pub fn failed(guest: &mut Guest, code: ErrorCode) -> Self {
        Self::new(guest, RequestOptions::default(), State::Over(Err(code)))
    }

    /// Goes on as far as there is something new.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn advance(&mut self, guest: &mut Guest) -> Result<()> {
        if let State::Awaiting { connection, .. } = &self.state {
            // The guest may have written since.
            connection.lock().pump(&mut guest.host)?;
        }
        while !self.is_over() && take(&mut self.is_awake) {
            self.state = match replace(&mut self.state, State::Given) {
                State::LookingUp(lookup, mut route, message) => {
                    if route.is_found(guest, lookup)? {
                        connect(guest, route, message)?
                    } else {
                        State::LookingUp(lookup, route, message)
                    }
                }
                State::Connecting(socket, mut route, message) => match route.is_connected(guest, socket)? {
                    None => State::Connecting(socket, route, message),
                    Some(false) => connect(guest, route, message)?,
                    Some(true) => self.send(guest, socket, message)?,
                },
                State::Awaiting { connection, search, is_head } => read_head(guest, connection, search, is_head)?,
                state @ (State::Over(_) | State::Given) => state,
            };
        }
        if !self.is_over() && guest.host.elapsed() >= self.deadline {
            let is_sent = matches!(self.state, State::Awaiting { .. });
            let code = if is_sent { ErrorCode::ConnectionReadTimeout } else { ErrorCode::ConnectionTimeout };
            self.fail(guest, code)?;
        }
        Ok(())
    }

    fn send(&mut self, guest: &mut Guest, socket: u32, message: Message) -> Result<State> {
        let patience = self.options.between_bytes.unwrap_or(PATIENCE);
        let mut connection = Connection::to_server(Transport::new(socket), patience);
        connection.respond(message.encoder, message.head, message.body);
        connection.pump(&mut guest.host)?;
        let connection = Arc::new(Spinlock::new(connection));
        let patience = self.options.first_byte.unwrap_or(PATIENCE);
        self.deadline = guest.host.elapsed().saturating_add(patience);
        Ok(State::Awaiting { connection, search: Search::default(), is_head: message.is_head })
    }

    /// What came of it, once; nothing yet where it is not over. The error is that it was given before.
    pub fn take(&mut self) -> Option<Result<Outcome, ()>> {
        if !self.is_over() {
            return None;
        }
        Some(match replace(&mut self.state, State::Given) {
            State::Over(outcome) => Ok(outcome),
            _ => Err(()),
        })
    }

    /// Whether there is nothing more to wait for.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_) | State::Given)
    }

    /// The connection, once there is one, until it is given.
    pub fn connection(&self) -> Option<&Shared> {
        match &self.state {
            State::Awaiting { connection, .. } | State::Over(Ok((_, connection))) => Some(connection),
            _ => None,
        }
    }

    /// Gives it up.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn fail(&mut self, guest: &mut Guest, code: ErrorCode) -> Result<()> {
        match replace(&mut self.state, State::Over(Err(code))) {
            State::LookingUp(handle, ..) | State::Connecting(handle, ..) => guest.host.close(handle)?,
            State::Awaiting { connection, .. } => connection.lock().close(&mut guest.host)?,
            State::Over(Ok((_, connection))) => guest.leave(connection)?,
            State::Over(Err(_)) | State::Given => {}
        }
        Ok(())
    }

    /// Adds what it waits for.
    pub fn ask(&self, inquiry: &mut Inquiry) {
        let question = match &self.state {
            State::LookingUp(lookup, ..) => Some((*lookup, 0)),
            State::Connecting(socket, ..) => Some((*socket, 1)),
            State::Awaiting { connection, .. } => {
                let connection = connection.lock();
                inquiry.add(connection.wants_output());
                connection.transport.awaits_input()
            }
            State::Over(_) | State::Given => return,
        };
        inquiry.add(Wants { question, deadline: Some(self.deadline) });
    }

    /// Hears what the host answered.
    pub fn hear(&mut self, inquiry: &Inquiry) {
        self.is_awake |= match &self.state {
            State::LookingUp(lookup, ..) => inquiry.says((*lookup, 0)),
            State::Connecting(socket, ..) => inquiry.says((*socket, 1)),
            State::Awaiting { connection, .. } => {
                let mut connection = connection.lock();
                connection.hear(inquiry);
                inquiry.says((connection.transport.handle, 0))
            }
            State::Over(_) | State::Given => false,
        };
    }
}

fn connect(guest: &mut Guest, mut route: Route, message: Message) -> Result<State> {
    Ok(match route.next(guest)? {
        Ok(socket) => State::Connecting(socket, route, message),
        Err(code) => State::Over(Err(code)),
    })
}

fn read_head(guest: &mut Guest, shared: Shared, mut search: Search, is_head: bool) -> Result<State> {
    let mut connection = shared.lock();
    let code = loop {
        match search.response(&connection.input, is_head) {
            Ok(Some((head, length))) => {
                connection.input.skip(length);
                if is_final(head.status) {
                    connection.expect_body(Decoder::new(head.length));
                    drop(connection);
                    return Ok(State::Over(Ok((head, shared))));
                }
                // Only a word before the response.
                search = Search::default();
            }
            Ok(None) => match connection.fill(&mut guest.host) {
                Ok(Filled::Some) => {}
                Ok(Filled::NothingYet) => {
                    drop(connection);
                    return Ok(State::Awaiting { connection: shared, search, is_head });
                }
                Ok(Filled::End) if connection.is_broken() => break ErrorCode::HttpProtocolError,
                Ok(Filled::End) => break ErrorCode::HttpResponseIncomplete,
                Err(StreamFailure::Trap(error)) => return Err(error),
                Err(_) => break ErrorCode::ConnectionTerminated,
            },
            Err(BadResponse::Malformed) => break ErrorCode::HttpProtocolError,
            Err(BadResponse::TooLarge) => break ErrorCode::HttpResponseHeaderSectionSize(None),
            Err(BadResponse::Coding(coding)) => break ErrorCode::HttpResponseTransferCoding(Some(coding)),
        }
    };
    connection.close(&mut guest.host)?;
    drop(connection);
    Ok(State::Over(Err(code)))
}
