//! `types.outgoing-response` and `response-outparam`.

use super::{fields::FieldMap, outgoing::OutgoingBody};
use crate::bindings::wasi::http::types::{ErrorCode, HostOutgoingResponse, HostResponseOutparam};
use crate::exchange::body::SharedBody;
use crate::failure::HttpFailure;
use crate::guest::Guest;
use crate::http1::{encode::content_length, field::Fields};
use alloc::sync::Arc;
use spinning_top::Spinlock;
use wasmtime::{Result, component::Resource, format_err};

/// A response, before it is sent.
pub struct Response {
    /// 100 to 999.
    pub status: u16,
    pub fields: Arc<Fields>,
    /// The body, if the guest has asked for one.
    pub body: Option<SharedBody>,
}

impl Response {
    /// The response that is sent if a guest failed to give one.
    pub fn failed() -> Self {
        Self { status: 500, fields: Arc::default(), body: None }
    }
}

/// A guest's response, or the reason why it gave none.
pub type Answer = Result<Response, ErrorCode>;

/// The place where a guest leaves its answer.
pub type Slot = Arc<Spinlock<Option<Answer>>>;

/// `types.response-outparam`.
pub struct ResponseOutparam(Slot);

impl ResponseOutparam {
    /// Leaves the answer in `slot`.
    pub fn new(slot: Slot) -> Self {
        Self(slot)
    }
}

impl HostResponseOutparam for Guest {
    fn set(&mut self, this: Resource<ResponseOutparam>, response: Result<Resource<Response>, ErrorCode>) -> Result<()> {
        let answer = match response {
            Ok(response) => Ok(self.table.delete(response)?),
            Err(code) => Err(code),
        };
        let slot = self.table.delete(this)?.0;
        *slot.lock() = Some(answer);
        Ok(())
    }

    fn send_informational(
        &mut self,
        _: Resource<ResponseOutparam>,
        _: u16,
        _: Resource<FieldMap>,
    ) -> Result<(), HttpFailure> {
        // Unstable, and not linked.
        Err(HttpFailure::Trap(format_err!("not implemented")))
    }

    fn drop(&mut self, this: Resource<ResponseOutparam>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl HostOutgoingResponse for Guest {
    fn new(&mut self, headers: Resource<FieldMap>) -> Result<Resource<Response>> {
        let fields = self.table.delete(headers)?.into_fields();
        Ok(self.table.push(Response { status: 200, fields, body: None })?)
    }

    fn status_code(&mut self, this: Resource<Response>) -> Result<u16> {
        Ok(self.table.get(&this)?.status)
    }

    fn set_status_code(&mut self, this: Resource<Response>, status: u16) -> Result<Result<(), ()>> {
        let response = self.table.get_mut(&this)?;
        if !(100..=999).contains(&status) {
            return Ok(Err(()));
        }
        response.status = status;
        Ok(Ok(()))
    }

    fn headers(&mut self, this: Resource<Response>) -> Result<Resource<FieldMap>> {
        let headers = FieldMap::immutable(self.table.get(&this)?.fields.clone());
        Ok(self.table.push(headers)?)
    }

    fn body(&mut self, this: Resource<Response>) -> Result<Result<Resource<OutgoingBody>, ()>> {
        let response = self.table.get(&this)?;
        if response.body.is_some() {
            return Ok(Err(()));
        }
        let expected = content_length(&response.fields);
        let (resource, body) = self.outgoing_body(false, expected)?;
        self.table.get_mut(&this)?.body = Some(body);
        Ok(Ok(resource))
    }

    fn drop(&mut self, this: Resource<Response>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}
