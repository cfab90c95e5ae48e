//! A client of the service: its connection, between the requests that instances answer.

use crate::clock::SECOND;
use crate::exchange::connection::{Connection, Exchange, Filled, STALL, Shared};
use crate::failure::StreamFailure;
use crate::host::Host;
use crate::http1::decode::Decoder;
use crate::http1::encode::{Encoder, refusal};
use crate::http1::head::{self, Refused, Search};
use crate::http1::length::Length;
use crate::net::transport::Transport;
use crate::waiting::{PollSet, Wait};
use alloc::sync::Arc;
use spinning_top::Spinlock;
use wasmstone_edge_protocol::value::Interest;
use wasmtime::Result;

/// The longest body that has to come before an instance gets the request, in bytes, so that a client that sends
/// slowly keeps no instance waiting.
const BODY_AWAITED: u64 = 64 << 10;

/// How long a client may take to end its side after the service has ended its own, in nanoseconds. The connection is
/// not closed before, since the end of the response could be lost.
const LINGER: u64 = 2 * SECOND;

/// A client.
pub struct Client {
    pub connection: Shared,
    state: State,
    search: Search,
}

/// The state of the connection.
enum State {
    /// A head is being read.
    Head { deadline: u64, has_begun: bool },
    /// The body, of this length, is being read.
    Body { deadline: u64, length: usize, request: head::Request },
    /// An instance has the connection, or soon will.
    Taken,
    /// The instance has ended, and the client takes the response slowly.
    Sending { keep_alive: bool },
    /// Nothing more is sent; the service waits for the client's end.
    Closing { deadline: u64 },
}

/// The result of a client's turn.
pub enum Progress {
    /// The client waits to receive or to send more.
    Waits,
    /// A request came, for an instance.
    Request(head::Request),
    /// The connection can be closed.
    Closed,
}

impl Client {
    /// A client that has connected at the time `now`.
    pub fn new(transport: Transport, now: u64) -> Self {
        Self {
            connection: Arc::new(Spinlock::new(Connection::new(transport))),
            state: State::Head { deadline: now.saturating_add(STALL), has_begun: false },
            search: Search::default(),
        }
    }

    /// What it waits for; `None` if an instance has its connection.
    pub fn wait(&self) -> Option<Wait> {
        let connection = self.connection.lock();
        let (deadline, is_closing) = match self.state {
            State::Head { deadline, .. } | State::Body { deadline, .. } => (deadline, false),
            State::Closing { deadline } => (deadline, true),
            State::Sending { .. } => return Some(connection.output_wait()),
            State::Taken => return None,
        };
        let sending = connection.transport.output_interest().filter(|_| is_closing);
        Some(Wait { interest: sending.or(connection.transport.input_interest()), deadline: Some(deadline) })
    }

    /// Takes the host's answers. The result is whether the client can continue at the time `now`.
    pub fn take_answers(&mut self, polls: &PollSet, now: u64) -> bool {
        let Some(wait) = self.wait() else { return false };
        let mut connection = self.connection.lock();
        match (wait.interest.filter(|interest| polls.is_ready(*interest)), &self.state) {
            (Some((_, Interest::Reading)), _) => connection.wake_input(),
            (Some(_), State::Closing { .. }) => connection.transport.output.pending = false,
            (Some(_), _) => connection.wake_output(),
            // There is nothing to wait for, or it has waited long enough.
            (None, _) if wait.interest.is_none() || wait.deadline.is_some_and(|deadline| deadline <= now) => {
                connection.wake_output();
            }
            (None, _) => return false,
        }
        true
    }

    /// Continues at the time `now`, as far as it can without waiting.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn advance(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        closed_on_failure(match self.state {
            State::Head { .. } => self.read_head(host, now),
            State::Body { .. } => self.read_body(host, now),
            State::Sending { keep_alive } => self.send_rest(host, now, keep_alive),
            State::Closing { deadline } => self.discard_input(host, deadline <= now),
            State::Taken => Ok(Progress::Waits),
        })
    }

    fn read_head(&mut self, host: &mut Host, now: u64) -> Result<Progress, StreamFailure> {
        let State::Head { deadline, has_begun } = &mut self.state else { return Ok(Progress::Waits) };
        loop {
            let mut connection = self.connection.lock();
            if !connection.input.is_empty() {
                if !core::mem::replace(has_begun, true) {
                    *deadline = now.saturating_add(STALL);
                }
                match self.search.request(&connection.input) {
                    Ok(None) => {}
                    Ok(Some((request, length))) => {
                        connection.input.skip(length);
                        self.search = Search::default();
                        connection.begin(Decoder::new(request.length), request.expects_continue);
                        drop(connection);
                        return self.await_body(host, now, request);
                    }
                    Err(refused) => {
                        drop(connection);
                        return self.refuse(host, now, refused);
                    }
                }
            }
            let filled = connection.fill(host)?;
            drop(connection);
            match filled {
                Filled::Some => {}
                Filled::NothingYet if *deadline > now => return Ok(Progress::Waits),
                Filled::NothingYet if *has_begun => {
                    return self.refuse(host, now, Refused { status: 408, why: "the head did not come in time" });
                }
                // The client may still be receiving the response to its last request.
                Filled::NothingYet | Filled::End => return self.close(host, now),
            }
        }
    }

    fn await_body(&mut self, host: &mut Host, now: u64, request: head::Request) -> Result<Progress, StreamFailure> {
        match request.length {
            Length::Fixed(length @ 1..=BODY_AWAITED) if !request.expects_continue => {
                // At most `BODY_AWAITED`, which fits.
                let length = length as usize;
                self.state = State::Body { deadline: now.saturating_add(STALL), length, request };
                self.read_body(host, now)
            }
            _ => {
                self.state = State::Taken;
                Ok(Progress::Request(request))
            }
        }
    }

    fn read_body(&mut self, host: &mut Host, now: u64) -> Result<Progress, StreamFailure> {
        let State::Body { deadline, length, .. } = &mut self.state else { return Ok(Progress::Waits) };
        loop {
            let mut connection = self.connection.lock();
            if connection.input.len() >= *length {
                break;
            }
            let filled = connection.fill(host)?;
            drop(connection);
            match filled {
                Filled::Some => *deadline = now.saturating_add(STALL),
                Filled::NothingYet if *deadline > now => return Ok(Progress::Waits),
                Filled::NothingYet => {
                    return self.refuse(host, now, Refused { status: 408, why: "the body did not come in time" });
                }
                Filled::End => return Ok(Progress::Closed),
            }
        }
        match core::mem::replace(&mut self.state, State::Taken) {
            State::Body { request, .. } => Ok(Progress::Request(request)),
            _ => Ok(Progress::Waits),
        }
    }

    /// Reads and drops bytes until the client has ended its side or the time for that is over.
    fn discard_input(&mut self, host: &mut Host, is_over: bool) -> Result<Progress, StreamFailure> {
        if is_over {
            return Ok(Progress::Closed);
        }
        let mut connection = self.connection.lock();
        // Only once in a turn: a client that keeps sending must not keep the others waiting.
        let is_ended = !connection.transport.output.pending && connection.fill(host)? == Filled::End;
        connection.input.clear();
        Ok(if is_ended { Progress::Closed } else { Progress::Waits })
    }

    /// Answers a request that does not reach the program. It is the last request on the connection.
    fn refuse(&mut self, host: &mut Host, now: u64, refused: Refused) -> Result<Progress, StreamFailure> {
        let answer = refusal(refused, false, host.wall_seconds());
        let mut connection = self.connection.lock();
        connection.begin(Decoder::new(Length::Fixed(0)), false);
        connection.begin_message(Encoder::nothing(), answer, None);
        drop(connection);
        self.send_rest(host, now, false)
    }

    /// Bytes of memory that hold a request whose rest has not come.
    pub fn held(&self) -> usize {
        match self.state {
            State::Head { .. } | State::Body { .. } => self.connection.lock().received(),
            _ => 0,
        }
    }

    /// Bytes of memory that are held because the client takes a response slowly.
    pub fn unsent(&self) -> usize {
        let State::Sending { .. } = self.state else { return 0 };
        let connection = self.connection.lock();
        connection.unsent().saturating_add(connection.received())
    }

    /// Refuses the client's request, since there is no room for it.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn send_away(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        closed_on_failure(self.refuse(host, now, Refused { status: 503, why: "there is no room for more requests" }))
    }

    /// Ends the connection, now if there is no request on it, or else after the response.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn dismiss(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        match self.state {
            State::Head { .. } if self.connection.lock().transport.output.pending => {
                closed_on_failure(self.close(host, now))
            }
            State::Head { .. } => Ok(Progress::Closed),
            State::Sending { ref mut keep_alive } => {
                *keep_alive = false;
                Ok(Progress::Waits)
            }
            _ => Ok(Progress::Waits),
        }
    }

    /// Ends this side of the connection, and waits for the client to end its own.
    fn close(&mut self, host: &mut Host, now: u64) -> Result<Progress, StreamFailure> {
        let mut connection = self.connection.lock();
        connection.input.clear();
        let transport = &mut connection.transport;
        transport.end_output(host)?;
        let patience = if transport.output.pending { STALL } else { LINGER };
        self.state = State::Closing { deadline: now.saturating_add(patience) };
        // Bytes that have come already are read in the next turn.
        Ok(Progress::Waits)
    }

    /// Sends the rest of a response, whose instance has ended. With `keep_alive`, the next request may follow.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn finish_response(&mut self, host: &mut Host, now: u64, keep_alive: bool) -> Result<Progress> {
        closed_on_failure(self.send_rest(host, now, keep_alive))
    }

    fn send_rest(&mut self, host: &mut Host, now: u64, keep_alive: bool) -> Result<Progress, StreamFailure> {
        let exchange = self.connection.lock().end_exchange(host)?;
        match exchange {
            Exchange::Sending => {
                self.state = State::Sending { keep_alive };
                Ok(Progress::Waits)
            }
            Exchange::Complete if keep_alive => {
                self.state = State::Head { deadline: now.saturating_add(STALL), has_begun: false };
                self.read_head(host, now)
            }
            Exchange::Complete | Exchange::Last => self.close(host, now),
            // Only the sudden end of the connection shows the client that the response was cut off.
            Exchange::Broken => Ok(Progress::Closed),
        }
    }
}

/// Closes a connection that failed; a host that broke the contract ends the enclave.
fn closed_on_failure(progress: Result<Progress, StreamFailure>) -> Result<Progress> {
    match progress {
        Ok(progress) => Ok(progress),
        Err(StreamFailure::Trap(error)) => Err(error),
        Err(_) => Ok(Progress::Closed),
    }
}
