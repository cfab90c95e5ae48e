//! A body that the guest writes, kept until the connection of its message sends it.

use crate::bindings::wasi::http::types::ErrorCode;
use crate::failure::StreamFailure;
use crate::http1::field::Fields;
use alloc::{sync::Arc, vec::Vec};
use spinning_top::Spinlock;
use wasmtime::format_err;

/// The most bytes of a body that are kept: with the bytes around them, as many as the host takes at once.
const KEPT_MAX: usize = 60 << 10;

/// A body: one end for the guest that writes it, the other for the message that it belongs to.
pub type SharedBody = Arc<Spinlock<Body>>;

/// A body.
#[derive(Default)]
pub struct Body {
    of_request: bool,
    /// The length in the fields of the message.
    expected: Option<u64>,
    written: u64,
    /// Bytes that were written and not sent.
    pub bytes: Vec<u8>,
    /// How it ends, once the guest has ended it.
    pub end: Option<End>,
    /// The body will not be sent.
    pub is_lost: bool,
}

/// How a body ends.
#[derive(Clone, Debug)]
pub enum End {
    /// Complete, with trailers perhaps.
    Finished(Option<Arc<Fields>>),
    /// Too early.
    Aborted,
}

impl Body {
    /// An empty body that has to come to `expected` bytes, if the message gives a length.
    pub fn new(of_request: bool, expected: Option<u64>) -> Self {
        Self { of_request, expected, ..Self::default() }
    }

    /// Adds bytes to it, if there is `room` for so many.
    ///
    /// # Errors
    /// If they are more than the message's length.
    pub fn write(&mut self, bytes: &[u8], room: usize) -> Result<(), StreamFailure> {
        if bytes.len() > room {
            return Err(StreamFailure::Trap(format_err!("not permitted to write {} bytes", bytes.len())));
        }
        self.written = self.written.saturating_add(bytes.len() as u64);
        if self.expected.is_some_and(|expected| self.written > expected) {
            return Err(StreamFailure::Http(self.wrong_size()));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it has fewer bytes than the message's length.
    pub fn finish(&mut self, trailers: Option<Arc<Fields>>) -> Result<(), ErrorCode> {
        if self.expected.is_some_and(|expected| self.written != expected) {
            self.end = Some(End::Aborted);
            return Err(self.wrong_size());
        }
        self.end = Some(End::Finished(trailers));
        Ok(())
    }

    fn wrong_size(&self) -> ErrorCode {
        let size = Some(self.written);
        if self.of_request { ErrorCode::HttpRequestBodySize(size) } else { ErrorCode::HttpResponseBodySize(size) }
    }
}

/// How many bytes can be written; `None` if they will not be sent, since the message or its connection is gone.
pub fn room(body: &SharedBody) -> Option<usize> {
    let locked = body.lock();
    let is_lost = locked.is_lost || Arc::strong_count(body) == 1;
    (!is_lost).then_some(KEPT_MAX.saturating_sub(locked.bytes.len()))
}
