//! `outgoing-handler`, and `types.future-incoming-response`.

use super::{incoming::IncomingResponse, method, request::OutgoingRequest};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{ErrorCode, HostFutureIncomingResponse, Scheme};
use crate::exchange::{in_flight::InFlight, outbound::Message, outbound::OutboundRequest, outbound::RequestOptions};
use crate::failure::HttpFailure;
use crate::guest::Guest;
use crate::http1::{encode::Encoder, encode::content_length, target::Authority, target::Host};
use crate::waiting::Wait;
use crate::wasi::poll::Pollable;
use alloc::{string::String, string::ToString, sync::Arc, vec::Vec};
use core::net::SocketAddr;
use spinning_top::Spinlock;
use wasmtime::{Result, component::Resource, component::ResourceTableError};

/// The port if none is named.
const PORT: u16 = 80;

/// `types.future-incoming-response`.
pub struct FutureResponse(Arc<Spinlock<OutboundRequest>>);

/// The target of a request, as it is sent.
fn target(path: String) -> String {
    // A fragment names a part of a page, which only the client uses.
    let path = path.split('#').next().unwrap_or_default();
    if path.starts_with('/') { path.to_string() } else { alloc::format!("/{path}") }
}

impl outgoing_handler::Host for Guest {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> Result<Resource<FutureResponse>, HttpFailure> {
        let options = match options {
            Some(options) => self.table.delete(options)?,
            None => RequestOptions::default(),
        };
        let request = self.table.delete(request)?;
        // Of several errors, the one is reported that Wasmtime reports.
        if request.body.is_none() && content_length(&request.fields).is_some_and(|length| length > 0) {
            return Err(ErrorCode::HttpRequestBodySize(Some(0)).into());
        }
        let is_secret = match request.scheme {
            Some(Scheme::Http) => false,
            Some(Scheme::Https) | None => true,
            Some(Scheme::Other(_)) => return Err(ErrorCode::HttpProtocolError.into()),
        };
        let authority = request.authority.unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let Some(server) = Authority::parse(authority) else { return Err(ErrorCode::HttpRequestUriInvalid.into()) };
        let Some(path) = request.path else { return Err(ErrorCode::HttpProtocolError.into()) };

        let mut head = Vec::new();
        let name = method::text(&request.method);
        let encoder =
            Encoder::request(&mut head, name, &target(path), authority, &request.fields, request.body.is_some());
        let message = Message { head, encoder, body: request.body, is_head: name == "HEAD" };
        let port = server.port.unwrap_or(PORT);
        let (host, owner) = (&mut *self.host, self.id);
        let request = match server.host {
            // There is no TLS in the enclave yet, and the host must not see what is meant to be secret.
            _ if is_secret => OutboundRequest::failed(host, ErrorCode::TlsProtocolError),
            Host::Address(ip) => OutboundRequest::to_address(host, owner, SocketAddr::new(ip, port), message, options)?,
            Host::Name(name) => OutboundRequest::to_name(host, owner, name, port, message, options)?,
        };
        let request = Arc::new(Spinlock::new(request));
        self.in_flight.push(InFlight::Request(Arc::downgrade(&request)));
        Ok(self.table.push(FutureResponse(request))?)
    }
}

impl Guest {
    /// What the response `rep` has to wait for. Every poll continues its request, so there is no question for the
    /// host.
    pub fn response_wait(&self, rep: u32) -> Result<Wait, ResourceTableError> {
        let request = self.table.get(&Resource::<FutureResponse>::new_borrow(rep))?.0.lock();
        Ok(if request.is_over() { Wait::default() } else { Wait::inside() })
    }
}

type Response = Option<Result<Result<Resource<IncomingResponse>, ErrorCode>, ()>>;

impl HostFutureIncomingResponse for Guest {
    fn subscribe(&mut self, this: Resource<FutureResponse>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::HttpResponse(this.rep()), &this)?)
    }

    fn get(&mut self, this: Resource<FutureResponse>) -> Result<Response> {
        let taken = self.table.get(&this)?.0.lock().take();
        Ok(match taken {
            None => None,
            Some(Err(())) => Some(Err(())),
            Some(Ok(Err(code))) => Some(Ok(Err(code))),
            Some(Ok(Ok((head, connection)))) => {
                Some(Ok(Ok(self.table.push(IncomingResponse::new(head, connection))?)))
            }
        })
    }

    fn drop(&mut self, this: Resource<FutureResponse>) -> Result<()> {
        let shared = self.table.delete(this)?.0;
        let mut request = shared.lock();
        request.fail(&mut self.host, ErrorCode::ConnectionTerminated)
    }
}
