//! `types.outgoing-body`.

use crate::bindings::wasi::http::types::HostOutgoingBody;
use crate::exchange::body::{Body, End, SharedBody, room};
use crate::failure::{HttpFailure, StreamFailure};
use crate::guest::Guest;
use crate::waiting::Wait;
use crate::wasi::{http::fields::FieldMap, output::OutputStream, output::Sink};
use alloc::sync::Arc;
use core::mem::replace;
use spinning_top::Spinlock;
use wasmtime::{Result, component::Resource, component::ResourceTableError};

/// `types.outgoing-body`.
pub struct OutgoingBody {
    body: SharedBody,
    has_stream: bool,
}

impl Guest {
    /// A body: the guest's resource, and what its message keeps.
    pub(super) fn outgoing_body(
        &mut self,
        of_request: bool,
        expected: Option<u64>,
    ) -> Result<(Resource<OutgoingBody>, SharedBody)> {
        let body = Arc::new(Spinlock::new(Body::new(of_request, expected)));
        Ok((self.table.push(OutgoingBody { body: body.clone(), has_stream: false })?, body))
    }

    /// The body with the number `rep`; the streams are its children, so it is there.
    fn written_body(&self, rep: u32) -> Result<&SharedBody, ResourceTableError> {
        Ok(&self.table.get(&Resource::<OutgoingBody>::new_borrow(rep))?.body)
    }

    /// Bytes that may be written to the body `rep`.
    pub fn body_permit(&self, rep: u32) -> Result<usize, StreamFailure> {
        room(self.written_body(rep)?).ok_or(StreamFailure::Closed)
    }

    /// Writes bytes to the body `rep`, as many as were permitted at most.
    pub fn write_body(&mut self, rep: u32, bytes: &[u8]) -> Result<(), StreamFailure> {
        let room = self.body_permit(rep)?;
        self.written_body(rep)?.lock().write(bytes, room)
    }

    /// What writing the body `rep` has to wait for. Every poll continues to send it, so there is no question for the
    /// host.
    pub fn body_wait(&self, rep: u32) -> Result<Wait, ResourceTableError> {
        Ok(if room(self.written_body(rep)?) == Some(0) { Wait::inside() } else { Wait::default() })
    }
}

impl HostOutgoingBody for Guest {
    fn write(&mut self, this: Resource<OutgoingBody>) -> Result<Result<Resource<OutputStream>, ()>> {
        if replace(&mut self.table.get_mut(&this)?.has_stream, true) {
            return Ok(Err(()));
        }
        Ok(Ok(self.table.push_child(OutputStream::new(Sink::Body(this.rep())), &this)?))
    }

    fn finish(
        &mut self,
        this: Resource<OutgoingBody>,
        trailers: Option<Resource<FieldMap>>,
    ) -> Result<(), HttpFailure> {
        let body = self.table.delete(this)?.body;
        let trailers = trailers.map(|trailers| self.table.delete(trailers)).transpose()?;
        let finished = body.lock().finish(trailers.map(FieldMap::into_fields));
        Ok(finished?)
    }

    fn drop(&mut self, this: Resource<OutgoingBody>) -> Result<()> {
        self.table.delete(this)?.body.lock().end = Some(End::Aborted);
        Ok(())
    }
}
