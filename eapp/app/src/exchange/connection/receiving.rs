//! Receiving.

use super::Connection;
use crate::bindings::wasi::http::types::ErrorCode;
use crate::failure::StreamFailure;
use crate::host::Host;
use crate::http1::{decode::BadBody, decode::Decoder, encode::CONTINUE, field::Fields};
use crate::waiting::Wait;
use alloc::vec::Vec;
use core::{mem::take, ops::Deref};

/// The received bytes, and how far they were parsed.
#[derive(Default)]
pub struct Input {
    bytes: Vec<u8>,
    /// The number of bytes at the beginning of `bytes` that were used up.
    taken: usize,
    decoder: Decoder,
    /// Why the body is not complete, until this was reported.
    failure: Option<ErrorCode>,
    is_failed: bool,
    /// The client waits for `100 Continue` before it sends the body.
    is_held_back: bool,
    /// How many nanoseconds may pass without a byte.
    pub(super) patience: u64,
    /// When the last bytes came, in nanoseconds since the enclave's start.
    moved: u64,
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

impl Input {
    /// Drops the first bytes, which were used.
    pub fn skip(&mut self, length: usize) {
        self.taken += length;
        if self.taken >= self.bytes.len() {
            self.clear();
        }
    }

    /// Drops all bytes.
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

/// The result of [`Connection::fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// There are more bytes than before.
    Some,
    /// No more bytes have come yet.
    NothingYet,
    /// No more bytes will come.
    End,
}

/// A part of a body.
#[derive(Debug)]
pub enum Part {
    /// Some bytes.
    Bytes(Vec<u8>),
    /// Nothing yet.
    NothingYet,
    /// All of it was read.
    End,
    /// The body is not complete. This is reported once; after it, [`Self::End`] is.
    Failed(ErrorCode),
}

impl Connection {
    /// The number of bytes of memory that hold what came on the connection.
    pub fn received(&self) -> usize {
        self.input.bytes.capacity().saturating_add(self.transport.input.buffer.held())
    }

    /// Reads what came on the connection.
    ///
    /// # Errors
    /// If the connection failed, or the host broke the contract.
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

    /// Begins an exchange: the head of a request came. `is_held_back` says that the client waits for `100 Continue`
    /// before it sends the body.
    pub fn begin(&mut self, decoder: Decoder, is_held_back: bool) {
        self.expect_body(decoder);
        self.input.is_held_back = is_held_back;
        self.forget_message();
    }

    /// Begins to read a body.
    pub fn expect_body(&mut self, decoder: Decoder) {
        self.input.decoder = decoder;
        (self.input.failure, self.input.is_failed) = (None, false);
    }

    /// Reads what came of a body, after the host has said that something came.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn receive_body(&mut self, host: &mut Host) -> wasmtime::Result<()> {
        self.wake_input();
        self.take_in(host).map(drop)
    }

    /// The next part of the body, of at most `most` bytes.
    ///
    /// # Errors
    /// If the host broke the contract.
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
                self.prepend(CONTINUE);
                self.pump(host)?;
            }
            let is_late = self.input.deadline() <= host.elapsed();
            if is_late {
                // The host was last asked long ago: bytes that came since then count.
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

    /// Reads what came of a body.
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

    /// The next part of the body among the received bytes.
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

    /// Drops the received part of the body. The result is whether the body has ended with it.
    pub(super) fn skip_body(&mut self) -> bool {
        while let Part::Bytes(_) = self.next_part(usize::MAX) {}
        self.input.decoder.is_done() && !self.input.is_failed
    }

    /// Takes the trailers that came.
    pub fn take_trailers(&mut self) -> Option<Fields> {
        self.input.decoder.take_trailers()
    }

    /// What reading the body has to wait for.
    pub fn body_wait(&self) -> Wait {
        let mut decoder = self.input.decoder.clone();
        let has_some = decoder.step(&self.input, 1).map_or(true, |step| step.data > 0) || decoder.is_done();
        match self.transport.input_interest() {
            interest @ Some(_) if !has_some && !self.is_closed && !self.input.is_failed => {
                Wait { interest, deadline: Some(self.input.deadline()) }
            }
            _ => Wait::default(),
        }
    }

    /// The host says that something came.
    pub fn wake_input(&mut self) {
        self.transport.input.drained = false;
    }
}
