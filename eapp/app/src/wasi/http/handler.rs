//! `outgoing-handler`, and `types.future-incoming-response`.

use super::incoming::IncomingResponse;
use super::request::{OutgoingRequest, RequestOptions};
use super::{HttpFailure, method};
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{ErrorCode, HostFutureIncomingResponse, Scheme};
use crate::exchange::in_flight::Moving;
use crate::exchange::outbound::{ClientRequest, Message};
use crate::guest::Guest;
use crate::http1::encode::{Encoder, content_length};
use crate::http1::target::{Authority, Host};
use crate::wasi::poll::{Pollable, Wants};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use spinning_top::Spinlock;
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTableError};

/// The port where none is named.
const PORT: u16 = 80;

/// `types.future-incoming-response`.
pub struct FutureResponse(Arc<Spinlock<ClientRequest>>);

/// What a server is asked for, as it is sent.
fn target(path: String) -> String {
    // Where a part of a page is meant, no server is told.
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
        // The order in which mistakes are told is Wasmtime's.
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
        let request = match server.host {
            // Nothing here encrypts yet, and the host must not see what is meant to be secret.
            _ if is_secret => ClientRequest::failed(self, ErrorCode::TlsProtocolError),
            Host::Address(ip) => ClientRequest::to_address(self, SocketAddr::new(ip, port), message, options)?,
            Host::Name(name) => ClientRequest::to_name(self, name, port, message, options)?,
        };
        let request = Arc::new(Spinlock::new(request));
        self.moving.push(Moving::Request(Arc::downgrade(&request)));
        Ok(self.table.push(FutureResponse(request))?)
    }
}

impl Guest {
    /// What has to happen before there is something to say of the response `rep`. The host is asked about it
    /// in every poll.
    pub fn response_wants(&self, rep: u32) -> Result<Wants, ResourceTableError> {
        let request = self.table.get(&Resource::<FutureResponse>::new_borrow(rep))?.0.lock();
        Ok(if request.is_over() { Wants::default() } else { Wants::never() })
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
        request.fail(self, ErrorCode::ConnectionTerminated)
    }
}
