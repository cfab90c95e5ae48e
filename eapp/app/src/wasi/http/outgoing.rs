//! `types.outgoing-body`. What is written is kept here, until the connection of the message sends it.

use super::HttpFailure;
use super::fields::FieldMap;
use crate::bindings::wasi::http::types::{ErrorCode, HostOutgoingBody};
use crate::guest::Guest;
use crate::http1::field::Fields;
use crate::wasi::StreamFailure;
use crate::wasi::output::OutputStream;
use crate::wasi::poll::Wants;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::replace;
use spinning_top::Spinlock;
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime::{Result, format_err};

/// Bytes of a body that are kept: with what goes around them, what the host takes at once.
const KEPT_MAX: usize = 60 << 10;

/// A body: for the guest that writes it, and for the message that it belongs to.
pub struct Outgoing {
    pub of_request: bool,
    /// As the fields of the message say.
    pub expected: Option<u64>,
    pub written: u64,
    /// What was written and not sent.
    pub bytes: Vec<u8>,
    /// What is behind it, once the guest said so.
    pub end: Option<End>,
    /// Nobody will send it.
    pub is_lost: bool,
}

/// How a body ends.
#[derive(Clone, Debug)]
pub enum End {
    /// As it should, with trailers perhaps.
    Finished(Option<Arc<Fields>>),
    /// Before it should.
    Aborted,
}

/// `types.outgoing-body`.
pub struct OutgoingBody {
    body: Arc<Spinlock<Outgoing>>,
    has_stream: bool,
}

impl OutgoingBody {
    /// Bytes that can be written; none where nobody will send them: the message is gone, or its connection.
    fn room(&self) -> Option<usize> {
        let body = self.body.lock();
        let is_lost = body.is_lost || Arc::strong_count(&self.body) == 1;
        (!is_lost).then_some(KEPT_MAX.saturating_sub(body.bytes.len()))
    }
}

impl Guest {
    /// A body, and what its message keeps of it.
    pub(super) fn outgoing_body(
        &mut self,
        of_request: bool,
        expected: Option<u64>,
    ) -> Result<(Resource<OutgoingBody>, Arc<Spinlock<Outgoing>>)> {
        let (bytes, end, is_lost) = (Vec::new(), None, false);
        let body = Arc::new(Spinlock::new(Outgoing { of_request, expected, written: 0, bytes, end, is_lost }));
        Ok((self.table.push(OutgoingBody { body: body.clone(), has_stream: false })?, body))
    }

    /// The body that a stream belongs to, its child.
    fn written_body(&self, rep: u32) -> Result<&OutgoingBody, ResourceTableError> {
        self.table.get(&Resource::new_borrow(rep))
    }

    /// Bytes that may be written to the body `rep`.
    pub fn body_permit(&self, rep: u32) -> Result<u64, StreamFailure> {
        Ok(self.written_body(rep)?.room().ok_or(StreamFailure::Closed)? as u64)
    }

    /// Writes what was permitted to the body `rep`.
    pub fn write_body(&mut self, rep: u32, bytes: &[u8]) -> Result<(), StreamFailure> {
        if bytes.len() as u64 > self.body_permit(rep)? {
            return Err(StreamFailure::Trap(format_err!("not permitted to write {} bytes", bytes.len())));
        }
        let mut body = self.written_body(rep)?.body.lock();
        body.written = body.written.saturating_add(bytes.len() as u64);
        if body.expected.is_some_and(|expected| body.written > expected) {
            return Err(StreamFailure::Http(body.wrong_size()));
        }
        body.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// What has to happen before the body `rep` can be written. The host is asked about it in every poll.
    pub fn body_wants(&self, rep: u32) -> Result<Wants, ResourceTableError> {
        Ok(if self.written_body(rep)?.room() == Some(0) { Wants::never() } else { Wants::default() })
    }
}

impl Outgoing {
    fn wrong_size(&self) -> ErrorCode {
        let size = Some(self.written);
        if self.of_request { ErrorCode::HttpRequestBodySize(size) } else { ErrorCode::HttpResponseBodySize(size) }
    }
}

impl HostOutgoingBody for Guest {
    fn write(&mut self, this: Resource<OutgoingBody>) -> Result<Result<Resource<OutputStream>, ()>> {
        if replace(&mut self.table.get_mut(&this)?.has_stream, true) {
            return Ok(Err(()));
        }
        Ok(Ok(self.table.push_child(OutputStream::body(this.rep()), &this)?))
    }

    fn finish(
        &mut self,
        this: Resource<OutgoingBody>,
        trailers: Option<Resource<FieldMap>>,
    ) -> Result<(), HttpFailure> {
        let body = self.table.delete(this)?.body;
        let trailers = trailers.map(|trailers| self.table.delete(trailers)).transpose()?;
        let mut body = body.lock();
        if body.expected.is_some_and(|expected| body.written != expected) {
            body.end = Some(End::Aborted);
            return Err(body.wrong_size().into());
        }
        body.end = Some(End::Finished(trailers.map(FieldMap::into_fields)));
        Ok(())
    }

    fn drop(&mut self, this: Resource<OutgoingBody>) -> Result<()> {
        self.table.delete(this)?.body.lock().end = Some(End::Aborted);
        Ok(())
    }
}
