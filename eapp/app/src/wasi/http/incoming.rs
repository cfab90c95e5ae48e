//! Received messages: `types.incoming-request`, `incoming-response`, `incoming-body` and `future-trailers`.

use super::{fields::FieldMap, method};
use crate::bindings::wasi::http::types::{
    ErrorCode, HostFutureTrailers, HostIncomingBody, HostIncomingRequest, HostIncomingResponse, Method, Scheme,
};
use crate::exchange::connection::{Part, Shared, release};
use crate::failure::StreamFailure;
use crate::guest::Guest;
use crate::http1::{field::Fields, head};
use crate::waiting::Wait;
use crate::wasi::{input::InputStream, poll::Pollable};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::mem::replace;
use wasmtime::{Result, component::Resource, component::ResourceTableError};

/// `types.incoming-request`.
pub struct IncomingRequest {
    head: Arc<head::Request>,
    headers: Arc<Fields>,
    body: Option<Shared>,
}

impl IncomingRequest {
    /// The request with this head, whose body is next on the connection.
    pub fn new(head: Arc<head::Request>, connection: Shared) -> Self {
        let headers = visible(head.fields.clone());
        Self { head, headers, body: Some(connection) }
    }
}

/// `types.incoming-response`.
pub struct IncomingResponse {
    status: u16,
    headers: Arc<Fields>,
    body: Option<Shared>,
}

impl IncomingResponse {
    /// The response with this head, whose body is next on the connection.
    pub fn new(head: head::Response, connection: Shared) -> Self {
        Self { status: head.status, headers: visible(head.fields), body: Some(connection) }
    }
}

/// The fields of a message that a guest may see.
fn visible(mut fields: Fields) -> Arc<Fields> {
    fields.remove_forbidden();
    Arc::new(fields)
}

/// `types.incoming-body`.
pub struct IncomingBody {
    connection: Shared,
    has_stream: bool,
}

/// `types.future-trailers`.
pub enum FutureTrailers {
    /// The rest of the body has to come before them.
    Waiting(Shared),
    /// They have come, or there are none.
    Here(Result<Option<Fields>, ErrorCode>),
    /// The guest has taken them.
    Taken,
}

impl Guest {
    /// The connection that the body `rep` comes on; the streams are its children.
    fn read_connection(&self, rep: u32) -> Result<&Shared, ResourceTableError> {
        Ok(&self.table.get(&Resource::<IncomingBody>::new_borrow(rep))?.connection)
    }

    /// The body that comes on a connection, unless it was taken before.
    fn incoming_body(&mut self, connection: Option<Shared>) -> Result<Result<Resource<IncomingBody>, ()>> {
        let Some(connection) = connection else { return Ok(Err(())) };
        Ok(Ok(self.table.push(IncomingBody { connection, has_stream: false })?))
    }

    /// Reads at most `length` bytes of the body `rep`, without waiting.
    pub fn read_incoming(&mut self, rep: u32, length: usize) -> Result<Vec<u8>, StreamFailure> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let connection = self.read_connection(rep)?.clone();
        let part = connection.lock().read_body(&mut self.host, length)?;
        match part {
            Part::Bytes(bytes) => Ok(bytes),
            Part::NothingYet => Ok(Vec::new()),
            Part::End => Err(StreamFailure::Closed),
            Part::Failed(code) => Err(StreamFailure::Http(code)),
        }
    }

    /// What reading the body `rep` has to wait for.
    pub fn incoming_wait(&self, rep: u32) -> Result<Wait, ResourceTableError> {
        Ok(self.read_connection(rep)?.lock().body_wait())
    }

    /// Reads what came of the body `rep`, after the host has said that something came.
    pub fn wake_incoming(&mut self, rep: u32) -> Result<()> {
        let connection = self.read_connection(rep)?.clone();
        connection.lock().receive_body(&mut self.host)
    }

    /// What the trailers `rep` have to wait for.
    pub fn trailers_wait(&self, rep: u32) -> Result<Wait, ResourceTableError> {
        Ok(match self.table.get(&Resource::<FutureTrailers>::new_borrow(rep))? {
            FutureTrailers::Waiting(connection) => connection.lock().body_wait(),
            FutureTrailers::Here(_) | FutureTrailers::Taken => Wait::default(),
        })
    }

    /// Reads the part of the body before the trailers `rep` that has come.
    pub fn read_trailers(&mut self, rep: u32) -> Result<()> {
        let FutureTrailers::Waiting(connection) = self.table.get(&Resource::<FutureTrailers>::new_borrow(rep))? else {
            return Ok(());
        };
        let connection = connection.clone();
        connection.lock().wake_input();
        let here = loop {
            let mut reading = connection.lock();
            match reading.read_body(&mut self.host, usize::MAX)? {
                Part::Bytes(_) => {}
                Part::NothingYet => return Ok(()),
                Part::End => break Ok(reading.take_trailers()),
                Part::Failed(code) => break Err(code),
            }
        };
        *self.table.get_mut(&Resource::<FutureTrailers>::new_borrow(rep))? = FutureTrailers::Here(here);
        Ok(release(connection, &mut self.host)?)
    }
}

impl HostIncomingRequest for Guest {
    fn method(&mut self, this: Resource<IncomingRequest>) -> Result<Method> {
        Ok(method::from_text(&self.table.get(&this)?.head.method))
    }

    fn path_with_query(&mut self, this: Resource<IncomingRequest>) -> Result<Option<String>> {
        Ok(Some(self.table.get(&this)?.head.path.clone()))
    }

    fn scheme(&mut self, this: Resource<IncomingRequest>) -> Result<Option<Scheme>> {
        self.table.get(&this)?;
        Ok(Some(Scheme::Http))
    }

    fn authority(&mut self, this: Resource<IncomingRequest>) -> Result<Option<String>> {
        Ok(self.table.get(&this)?.head.authority.clone())
    }

    fn headers(&mut self, this: Resource<IncomingRequest>) -> Result<Resource<FieldMap>> {
        let headers = FieldMap::immutable(self.table.get(&this)?.headers.clone());
        Ok(self.table.push(headers)?)
    }

    fn consume(&mut self, this: Resource<IncomingRequest>) -> Result<Result<Resource<IncomingBody>, ()>> {
        let connection = self.table.get_mut(&this)?.body.take();
        self.incoming_body(connection)
    }

    fn drop(&mut self, this: Resource<IncomingRequest>) -> Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl HostIncomingResponse for Guest {
    fn status(&mut self, this: Resource<IncomingResponse>) -> Result<u16> {
        Ok(self.table.get(&this)?.status)
    }

    fn headers(&mut self, this: Resource<IncomingResponse>) -> Result<Resource<FieldMap>> {
        let headers = FieldMap::immutable(self.table.get(&this)?.headers.clone());
        Ok(self.table.push(headers)?)
    }

    fn consume(&mut self, this: Resource<IncomingResponse>) -> Result<Result<Resource<IncomingBody>, ()>> {
        let connection = self.table.get_mut(&this)?.body.take();
        self.incoming_body(connection)
    }

    fn drop(&mut self, this: Resource<IncomingResponse>) -> Result<()> {
        match self.table.delete(this)?.body {
            Some(connection) => Ok(release(connection, &mut self.host)?),
            None => Ok(()),
        }
    }
}

impl HostIncomingBody for Guest {
    fn stream(&mut self, this: Resource<IncomingBody>) -> Result<Result<Resource<InputStream>, ()>> {
        if replace(&mut self.table.get_mut(&this)?.has_stream, true) {
            return Ok(Err(()));
        }
        Ok(Ok(self.table.push_child(InputStream::Body(this.rep()), &this)?))
    }

    fn finish(&mut self, this: Resource<IncomingBody>) -> Result<Resource<FutureTrailers>> {
        let body = self.table.delete(this)?;
        Ok(self.table.push(FutureTrailers::Waiting(body.connection))?)
    }

    fn drop(&mut self, this: Resource<IncomingBody>) -> Result<()> {
        let body = self.table.delete(this)?;
        Ok(release(body.connection, &mut self.host)?)
    }
}

type Trailers = Option<Result<Result<Option<Resource<FieldMap>>, ErrorCode>, ()>>;

impl HostFutureTrailers for Guest {
    fn subscribe(&mut self, this: Resource<FutureTrailers>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::HttpTrailers(this.rep()), &this)?)
    }

    fn get(&mut self, this: Resource<FutureTrailers>) -> Result<Trailers> {
        self.read_trailers(this.rep())?;
        let trailers = self.table.get_mut(&this)?;
        if let FutureTrailers::Waiting(_) = trailers {
            return Ok(None);
        }
        Ok(Some(match replace(trailers, FutureTrailers::Taken) {
            FutureTrailers::Here(Ok(Some(fields))) => {
                Ok(Ok(Some(self.table.push(FieldMap::immutable(visible(fields)))?)))
            }
            FutureTrailers::Here(Ok(None)) => Ok(Ok(None)),
            FutureTrailers::Here(Err(code)) => Ok(Err(code)),
            FutureTrailers::Taken | FutureTrailers::Waiting(_) => Err(()),
        }))
    }

    fn drop(&mut self, this: Resource<FutureTrailers>) -> Result<()> {
        match self.table.delete(this)? {
            FutureTrailers::Waiting(connection) => Ok(release(connection, &mut self.host)?),
            FutureTrailers::Here(_) | FutureTrailers::Taken => Ok(()),
        }
    }
}
