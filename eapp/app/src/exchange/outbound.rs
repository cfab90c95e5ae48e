//! A request to a server, until the head of the response has come.

mod route;

use super::{body::SharedBody, connection, connection::Connection, connection::Filled, connection::Shared};
use crate::bindings::wasi::http::types::ErrorCode;
use crate::clock::SECOND;
use crate::failure::StreamFailure;
use crate::host::Host;
use crate::http1::{
    decode::Decoder, encode::Encoder, head::BadResponse, head::Response, head::Search, status::is_final,
};
use crate::net::transport::Transport;
use crate::waiting::{PollSet, Wait};
use alloc::{sync::Arc, vec::Vec};
use core::{mem::replace, mem::take, net::SocketAddr};
use route::Route;
use spinning_top::Spinlock;
use wasmstone_edge_protocol::value::Interest;
use wasmtime::Result;

/// How long to wait if the guest does not say, in nanoseconds; Wasmtime's figure.
const PATIENCE: u64 = 600 * SECOND;

/// The request, as it is sent.
pub struct Message {
    pub head: Vec<u8>,
    pub encoder: Encoder,
    pub body: Option<SharedBody>,
    /// The response has no body, whatever its head says.
    pub is_head: bool,
}

/// `types.request-options`: how long to wait, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestOptions {
    pub connect: Option<u64>,
    pub first_byte: Option<u64>,
    pub between_bytes: Option<u64>,
}

/// The head of the response and the connection that its body comes on, or the error.
pub type Outcome = Result<(Response, Shared), ErrorCode>;

/// A request to a server.
pub struct OutboundRequest {
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
    /// The response has come, or the request failed.
    Over(Outcome),
    /// The guest has taken the outcome.
    Taken,
}

impl OutboundRequest {
    fn new(host: &mut Host, options: RequestOptions, state: State) -> Self {
        let deadline = host.elapsed().saturating_add(options.connect.unwrap_or(PATIENCE));
        Self { state, options, deadline, is_awake: false }
    }

    /// A request to the server with this name.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn to_name(
        host: &mut Host,
        owner: u32,
        name: &str,
        port: u16,
        message: Message,
        options: RequestOptions,
    ) -> Result<Self> {
        let state = match Route::to_name(host, owner, name, port)? {
            Ok((route, lookup)) => State::LookingUp(lookup, route, message),
            Err(code) => State::Over(Err(code)),
        };
        Ok(Self::new(host, options, state))
    }

    /// A request to the server at this address.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn to_address(
        host: &mut Host,
        owner: u32,
        address: SocketAddr,
        message: Message,
        options: RequestOptions,
    ) -> Result<Self> {
        let state = connect(host, owner, Route::to_address(address), message)?;
        Ok(Self::new(host, options, state))
    }

    /// A request that failed before it was sent.
    pub fn failed(host: &mut Host, code: ErrorCode) -> Self {
        Self::new(host, RequestOptions::default(), State::Over(Err(code)))
    }

    /// Continues as far as it can without waiting, for the guest `owner`.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn advance(&mut self, host: &mut Host, owner: u32) -> Result<()> {
        if let State::Awaiting { connection, .. } = &self.state {
            // The guest may have written to the body since.
            connection.lock().pump(host)?;
        }
        while !self.is_over() && take(&mut self.is_awake) {
            self.state = match replace(&mut self.state, State::Taken) {
                State::LookingUp(lookup, mut route, message) => {
                    if route.is_found(host, lookup)? {
                        connect(host, owner, route, message)?
                    } else {
                        State::LookingUp(lookup, route, message)
                    }
                }
                State::Connecting(socket, mut route, message) => match route.is_connected(host, socket)? {
                    None => State::Connecting(socket, route, message),
                    Some(false) => connect(host, owner, route, message)?,
                    Some(true) => self.send(host, socket, message)?,
                },
                State::Awaiting { connection, search, is_head } => read_head(host, connection, search, is_head)?,
                state @ (State::Over(_) | State::Taken) => state,
            };
        }
        if !self.is_over() && host.elapsed() >= self.deadline {
            let is_sent = matches!(self.state, State::Awaiting { .. });
            let code = if is_sent { ErrorCode::ConnectionReadTimeout } else { ErrorCode::ConnectionTimeout };
            self.fail(host, code)?;
        }
        Ok(())
    }

    fn send(&mut self, host: &mut Host, socket: u32, message: Message) -> Result<State> {
        let patience = self.options.between_bytes.unwrap_or(PATIENCE);
        let mut connection = Connection::to_server(Transport::new(socket), patience);
        connection.begin_message(message.encoder, message.head, message.body);
        connection.pump(host)?;
        let connection = Arc::new(Spinlock::new(connection));
        let patience = self.options.first_byte.unwrap_or(PATIENCE);
        self.deadline = host.elapsed().saturating_add(patience);
        Ok(State::Awaiting { connection, search: Search::default(), is_head: message.is_head })
    }

    /// Takes the outcome; `None` if there is none yet.
    /// The error is that the outcome was taken before.
    pub fn take(&mut self) -> Option<Result<Outcome, ()>> {
        if !self.is_over() {
            return None;
        }
        Some(match replace(&mut self.state, State::Taken) {
            State::Over(outcome) => Ok(outcome),
            _ => Err(()),
        })
    }

    /// Whether there is nothing more to wait for.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_) | State::Taken)
    }

    /// The connection, from when the request is sent until the outcome is taken.
    pub fn connection(&self) -> Option<&Shared> {
        match &self.state {
            State::Awaiting { connection, .. } | State::Over(Ok((_, connection))) => Some(connection),
            _ => None,
        }
    }

    /// Cancels the request; its outcome is `code`.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn fail(&mut self, host: &mut Host, code: ErrorCode) -> Result<()> {
        match replace(&mut self.state, State::Over(Err(code))) {
            State::LookingUp(handle, ..) | State::Connecting(handle, ..) => host.close(handle)?,
            State::Awaiting { connection, .. } => connection.lock().close(host)?,
            State::Over(Ok((_, connection))) => connection::release(connection, host)?,
            State::Over(Err(_)) | State::Taken => {}
        }
        Ok(())
    }

    /// Adds what it waits for to `polls`.
    pub fn add_to(&self, polls: &mut PollSet) {
        let interest = match &self.state {
            State::LookingUp(lookup, ..) => Some((*lookup, Interest::Reading)),
            State::Connecting(socket, ..) => Some((*socket, Interest::Writing)),
            State::Awaiting { connection, .. } => {
                let connection = connection.lock();
                polls.add(connection.output_wait());
                connection.transport.input_interest()
            }
            State::Over(_) | State::Taken => return,
        };
        polls.add(Wait { interest, deadline: Some(self.deadline) });
    }

    /// Takes the host's answers.
    pub fn take_answers(&mut self, polls: &PollSet) {
        self.is_awake |= match &self.state {
            State::LookingUp(lookup, ..) => polls.is_ready((*lookup, Interest::Reading)),
            State::Connecting(socket, ..) => polls.is_ready((*socket, Interest::Writing)),
            State::Awaiting { connection, .. } => {
                let mut connection = connection.lock();
                connection.take_answers(polls);
                polls.is_ready((connection.transport.handle, Interest::Reading))
            }
            State::Over(_) | State::Taken => false,
        };
    }
}

fn connect(host: &mut Host, owner: u32, mut route: Route, message: Message) -> Result<State> {
    Ok(match route.next(host, owner)? {
        Ok(socket) => State::Connecting(socket, route, message),
        Err(code) => State::Over(Err(code)),
    })
}

fn read_head(host: &mut Host, shared: Shared, mut search: Search, is_head: bool) -> Result<State> {
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
                // An informational response comes before the final one.
                search = Search::default();
            }
            Ok(None) => match connection.fill(host) {
                Ok(Filled::Some) => {}
                Ok(Filled::NothingYet) => {
                    drop(connection);
                    return Ok(State::Awaiting { connection: shared, search, is_head });
                }
                Ok(Filled::End) if connection.is_broken => break ErrorCode::HttpProtocolError,
                Ok(Filled::End) => break ErrorCode::HttpResponseIncomplete,
                Err(StreamFailure::Trap(error)) => return Err(error),
                Err(_) => break ErrorCode::ConnectionTerminated,
            },
            Err(BadResponse::Malformed) => break ErrorCode::HttpProtocolError,
            Err(BadResponse::TooLarge) => break ErrorCode::HttpResponseHeaderSectionSize(None),
            Err(BadResponse::Coding(coding)) => break ErrorCode::HttpResponseTransferCoding(Some(coding)),
        }
    };
    connection.close(host)?;
    drop(connection);
    Ok(State::Over(Err(code)))
}
