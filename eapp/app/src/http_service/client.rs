//! A client's connection, between the requests that instances answer.

use crate::clock::SECOND;
use crate::exchange::connection::{Connection, Exchange, Filled, STALL, Shared};
use crate::host::Host;
use crate::http1::decode::Decoder;
use crate::http1::encode::{Encoder, refusal};
use crate::http1::head::{self, Refused, Search};
use crate::http1::length::Length;
use crate::net::transport::Transport;
use crate::wasi::StreamFailure;
use crate::wasi::poll::{Inquiry, Wants};
use alloc::sync::Arc;
use spinning_top::Spinlock;
use wasmtime::Result;

/// The most bytes of a body that is waited for before an instance gets its request, so that those who send
/// slowly hold none.
const BODY_AWAITED: u64 = 64 << 10;

/// How long a client that was told the end may take to end its side: before that, the answer could be lost.
const LINGER: u64 = 2 * SECOND;

/// A client.
pub struct Visitor {
    pub connection: Shared,
    state: State,
    search: Search,
}

/// What is done with the connection.
enum State {
    /// A head is read.
    Head { deadline: u64, has_begun: bool },
    /// The body, of this length, is awaited.
    Body { deadline: u64, length: usize, request: head::Request },
    /// An instance has it, or soon will.
    Taken,
    /// The instance has ended, and the client takes the answer slowly. The connection `stays` afterwards.
    Sending { stays: bool },
    /// Nothing more is sent.
    Closing { deadline: u64 },
}

/// What came of reading.
pub enum Progress {
    /// More has to come.
    Waits,
    /// A request, for an instance.
    Asks(head::Request),
    /// The connection is of no more use.
    Gone,
}

impl Visitor {
    /// A client who has come at the time `now`.
    pub fn new(transport: Transport, now: u64) -> Self {
        Self {
            connection: Arc::new(Spinlock::new(Connection::new(transport))),
            state: State::Head { deadline: now.saturating_add(STALL), has_begun: false },
            search: Search::default(),
        }
    }

    /// What it waits for, unless an instance has it.
    pub fn wants(&self) -> Option<Wants> {
        let connection = self.connection.lock();
        let (deadline, is_closing) = match self.state {
            State::Head { deadline, .. } | State::Body { deadline, .. } => (deadline, false),
            State::Closing { deadline } => (deadline, true),
            State::Sending { .. } => return Some(connection.wants_output()),
            State::Taken => return None,
        };
        let sending = connection.transport.awaits_output().filter(|_| is_closing);
        Some(Wants { question: sending.or(connection.transport.awaits_input()), deadline: Some(deadline) })
    }

    /// Hears what was answered to that. Whether there is something to do, at the time `now`.
    pub fn hear(&mut self, inquiry: &Inquiry, now: u64) -> bool {
        let Some(wants) = self.wants() else { return false };
        let mut connection = self.connection.lock();
        match (wants.question.filter(|question| inquiry.says(*question)), &self.state) {
            (Some((_, 0)), _) => connection.wake_input(),
            (Some(_), State::Closing { .. }) => connection.transport.output.pending = false,
            (Some(_), _) => connection.wake_output(),
            // Nothing to wait for, or for long enough.
            (None, _) if wants.question.is_none() || wants.deadline.is_some_and(|deadline| deadline <= now) => {
                connection.wake_output();
            }
            (None, _) => return false,
        }
        true
    }

    /// Goes on with what has come, at the time `now`.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn advance(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        gone(match self.state {
            State::Head { .. } => self.read_head(host, now),
            State::Body { .. } => self.read_body(host, now),
            State::Sending { stays } => self.send_rest(host, now, stays),
            State::Closing { deadline } => self.read_away(host, deadline <= now),
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
                // It may still receive what it asked for before.
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
                Ok(Progress::Asks(request))
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
                Filled::End => return Ok(Progress::Gone),
            }
        }
        match core::mem::replace(&mut self.state, State::Taken) {
            State::Body { request, .. } => Ok(Progress::Asks(request)),
            _ => Ok(Progress::Waits),
        }
    }

    /// Reads what nobody wants to know, until the client has ended its side or was waited for long enough.
    fn read_away(&mut self, host: &mut Host, is_over: bool) -> Result<Progress, StreamFailure> {
        if is_over {
            return Ok(Progress::Gone);
        }
        let mut connection = self.connection.lock();
        // Once a turn: who sends and sends is not to keep the others waiting.
        let is_ended = !connection.transport.output.pending && connection.fill(host)? == Filled::End;
        connection.input.clear();
        Ok(if is_ended { Progress::Gone } else { Progress::Waits })
    }

    /// Answers what is no request for the program, as the last thing.
    fn refuse(&mut self, host: &mut Host, now: u64, refused: Refused) -> Result<Progress, StreamFailure> {
        let answer = refusal(refused, false, host.wall_seconds());
        let mut connection = self.connection.lock();
        connection.begin(Decoder::new(Length::Fixed(0)), false);
        connection.respond(Encoder::nothing(), answer, None);
        drop(connection);
        self.send_rest(host, now, false)
    }

    /// Bytes that came and are kept until the rest of a request has come.
    pub fn held(&self) -> usize {
        match self.state {
            State::Head { .. } | State::Body { .. } => self.connection.lock().received(),
            _ => 0,
        }
    }

    /// Bytes that are kept since the client takes a response slowly.
    pub fn unsent(&self) -> usize {
        let State::Sending { .. } = self.state else { return 0 };
        let connection = self.connection.lock();
        connection.unsent().saturating_add(connection.received())
    }

    /// Sends a client away, for whose request there is no room.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn send_away(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        gone(self.refuse(host, now, Refused { status: 503, why: "there is no room for more requests" }))
    }

    /// Ends the connection, unless there is the head of a request.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn dismiss(&mut self, host: &mut Host, now: u64) -> Result<Progress> {
        match self.state {
            State::Head { .. } if self.connection.lock().transport.output.pending => gone(self.close(host, now)),
            State::Head { .. } => Ok(Progress::Gone),
            State::Sending { ref mut stays } => {
                *stays = false;
                Ok(Progress::Waits)
            }
            _ => Ok(Progress::Waits),
        }
    }

    /// Sends no more, and waits for the client to end its side.
    fn close(&mut self, host: &mut Host, now: u64) -> Result<Progress, StreamFailure> {
        let mut connection = self.connection.lock();
        connection.input.clear();
        let transport = &mut connection.transport;
        transport.end_output(host)?;
        let patience = if transport.output.pending { STALL } else { LINGER };
        self.state = State::Closing { deadline: now.saturating_add(patience) };
        // What came already is read at the next turn.
        Ok(Progress::Waits)
    }

    /// The instance that had the request has ended. Goes on with the next request where the connection
    /// `stays`, once all is sent.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn answered(&mut self, host: &mut Host, now: u64, stays: bool) -> Result<Progress> {
        gone(self.send_rest(host, now, stays))
    }

    fn send_rest(&mut self, host: &mut Host, now: u64, stays: bool) -> Result<Progress, StreamFailure> {
        let exchange = self.connection.lock().end_exchange(host)?;
        match exchange {
            Exchange::Sending => {
                self.state = State::Sending { stays };
                Ok(Progress::Waits)
            }
            Exchange::Whole if stays => {
                self.state = State::Head { deadline: now.saturating_add(STALL), has_begun: false };
                self.read_head(host, now)
            }
            Exchange::Whole | Exchange::Unread => self.close(host, now),
            // The client cannot tell an answer that was cut off from a whole one but by this.
            Exchange::Broken => Ok(Progress::Gone),
        }
    }
}

/// A connection that failed is gone; what the host broke goes on.
fn gone(progress: Result<Progress, StreamFailure>) -> Result<Progress> {
    match progress {
        Ok(progress) => Ok(progress),
        Err(StreamFailure::Trap(error)) => Err(error),
        Err(_) => Ok(Progress::Gone),
    }
}
