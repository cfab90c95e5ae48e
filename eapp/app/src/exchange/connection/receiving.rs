//! Receiving.

use crate::bindings::wasi::http::types::ErrorCode;
use crate::exchange::connection::Connection;
use crate::host::Host;
use crate::http1::decode::{BadBody, Decoder};
use crate::http1::encode::CONTINUE;
use crate::http1::field::Fields;
use crate::wasi::StreamFailure;
use crate::wasi::poll::Wants;
use alloc::vec::Vec;
use core::mem::take;
use core::ops::Deref;

/// What came, as bytes, and what they are.
#[derive(Default)]
pub struct Input {
    bytes: Vec<u8>,
    /// Bytes at the beginning that are done with.
    taken: usize,
    decoder: Decoder,
    /// The body will not come to its end, for a reason that is told once.
    failure: Option<ErrorCode>,
    is_failed: bool,
    /// The other side waits for a word before it sends the body.
    is_held_back: bool,
    /// Nanoseconds that may go by without a byte.
    pub(super) patience: u64,
    /// When something came the last time, in nanoseconds since the enclave's start.
    moved: u64,
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

impl Input {
    /// Is done with the first bytes.
    pub fn skip(&mut self, length: usize) {
        self.taken += length;
        if self.taken >= self.bytes.len() {
            self.clear();
        }
    }

    /// Is done with all.
    pub fn clear(&mut self) {
        (self.bytes, self.taken) = (Vec::new(), 0);
    }

    fn add(&mut self, bytes: Vec<u8>) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    fn fail(&mut self, code: ErrorCode) {
        (self.failure, self.is_failed) = (Some(code), true);
    }

    fn deadline(&self) -> u64 {
        self.moved.saturating_add(self.patience)
    }
}

/// What came of filling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// There are more bytes than before.
    Some,
    /// There are not, yet.
    NothingYet,
    /// There will be no more.
    End,
}

/// What came of a body.
#[derive(Debug)]
pub enum Part {
    /// Some of it.
    Bytes(Vec<u8>),
    /// Nothing yet.
    NothingYet,
    /// All of it was read.
    End,
    /// It will not come to its end. This is told once; then it is as if it had.
    Failed(ErrorCode),
}

impl Connection {
    /// Bytes of memory that hold what came.
    pub fn received(&self) -> usize {
        self.input.bytes.capacity().saturating_add(self.transport.input.buffer.held())
    }

    /// Takes in what came.
    ///
    /// # Errors
    /// Where the connection failed, or the host broke the contract.
    pub fn fill(&mut self, host: &mut Host) -> Result<Filled, StreamFailure> {
        if self.is_closed {
            return Ok(Filled::End);
        }
        match self.transport.read(host, self.transport.input.ahead(), false) {
            Ok(bytes) if bytes.is_empty() => Ok(Filled::NothingYet),
            Ok(bytes) => {
                self.input.moved = host.elapsed();
                self.input.add(bytes);
                Ok(Filled::Some)
            }
            Err(StreamFailure::Closed) => Ok(Filled::End),
            Err(failure) => Err(failure),
        }
    }

    /// Begins an exchange: the head of a request came. `is_held_back`: the client waits for a word before it
    /// sends the body.
    pub fn begin(&mut self, decoder: Decoder, is_held_back: bool) {
        self.expect_body(decoder);
        self.input.is_held_back = is_held_back;
        self.renew();
    }

    /// Begins to read a body.
    pub fn expect_body(&mut self, decoder: Decoder) {
        self.input.decoder = decoder;
        (self.input.failure, self.input.is_failed) = (None, false);
    }

    /// Takes in what came of a body, as the host says.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn hear_body(&mut self, host: &mut Host) -> wasmtime::Result<()> {
        self.wake_input();
        self.take_in(host).map(drop)
    }

    /// Reads at most `most` bytes of the body, and none only where there are none.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn read_body(&mut self, host: &mut Host, most: usize) -> wasmtime::Result<Part> {
        loop {
            if let Some(failure) = self.input.failure.take() {
                return Ok(Part::Failed(failure));
            }
            if self.input.is_failed {
                return Ok(Part::End);
            }
            match self.next_part(most) {
                Part::NothingYet => {}
                Part::Failed(code) => {
                    self.input.fail(code);
                    continue;
                }
                part => return Ok(part),
            }
            if take(&mut self.input.is_held_back) && !self.is_begun() {
                self.input.moved = host.elapsed();
                self.say(CONTINUE);
                self.pump(host)?;
            }
            let is_late = self.input.deadline() <= host.elapsed();
            if is_late {
                // The last look may have been long ago.
                self.wake_input();
            }
            match self.take_in(host)? {
                Filled::NothingYet if is_late => self.input.fail(ErrorCode::ConnectionReadTimeout),
                Filled::NothingYet => return Ok(Part::NothingYet),
                Filled::Some => {}
                Filled::End => {
                    if let Err(bad) = self.input.decoder.end() {
                        self.input.fail(self.failure(bad));
                    }
                }
            }
        }
    }

    /// Takes in what came of a body.
    fn take_in(&mut self, host: &mut Host) -> wasmtime::Result<Filled> {
        match self.fill(host) {
            Ok(filled) => Ok(filled),
            Err(StreamFailure::Trap(error)) => Err(error),
            Err(_) => {
                self.input.fail(ErrorCode::ConnectionTerminated);
                Ok(Filled::Some)
            }
        }
    }

    /// What of the body is here.
    fn next_part(&mut self, most: usize) -> Part {
        let input = &mut self.input;
        let rest = input.bytes.get(input.taken..).unwrap_or_default();
        match input.decoder.step(rest, most) {
            Ok(step) => {
                let data = rest.get(step.skip..step.skip + step.data).unwrap_or_default().to_vec();
                input.skip(step.skip + step.data);
                match data.is_empty() {
                    false => Part::Bytes(data),
                    true if input.decoder.is_done() => Part::End,
                    true => Part::NothingYet,
                }
            }
            Err(bad) => Part::Failed(self.failure(bad)),
        }
    }

    fn failure(&self, bad: BadBody) -> ErrorCode {
        match bad {
            BadBody::Malformed => ErrorCode::HttpProtocolError,
            BadBody::TrailersTooLarge if self.is_client => ErrorCode::HttpResponseTrailerSectionSize(None),
            BadBody::TrailersTooLarge => ErrorCode::HttpRequestTrailerSectionSize(None),
            BadBody::Incomplete if self.is_client => ErrorCode::HttpResponseIncomplete,
            BadBody::Incomplete => ErrorCode::ConnectionTerminated,
        }
    }

    /// Leaves out what of the body is here. Whether that is the rest of it.
    pub(super) fn skip_body(&mut self) -> bool {
        while let Part::Bytes(_) = self.next_part(usize::MAX) {}
        self.input.decoder.is_done() && !self.input.is_failed
    }

    /// The trailers that came, once.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.input.decoder.take_trailers()
    }

    /// What has to happen before a read of the body tells anything.
    pub fn wants_body(&self) -> Wants {
        let mut decoder = self.input.decoder.clone();
        let has_some = decoder.step(&self.input, 1).map_or(true, |step| step.data > 0) || decoder.is_done();
        match self.transport.awaits_input() {
            question @ Some(_) if !has_some && !self.is_closed && !self.input.is_failed => {
                Wants { question, deadline: Some(self.input.deadline()) }
            }
            _ => Wants::default(),
        }
    }

    /// The host says that something came.
    pub fn wake_input(&mut self) {
        self.transport.input.drained = false;
    }
}
