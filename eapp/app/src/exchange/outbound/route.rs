//! The way to a server: the addresses of its name, one after the other.

use crate::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode};
use crate::guest::Guest;
use crate::net::address;
use crate::wasi::FileFailure;
use crate::wasi::sockets::tcp::PROTOCOL;
use crate::wasi::sockets::{Use, kept};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, HandleRequest};
use wasmstone_edge_protocol::{Status, network};
use wasmtime::Result;

/// What is left to try.
pub struct Route {
    name: String,
    port: u16,
    addresses: VecDeque<SocketAddr>,
    /// Why the last one failed.
    failure: ErrorCode,
}

impl Route {
    /// To one address.
    pub fn to_address(address: SocketAddr) -> Self {
        let addresses = VecDeque::from([address]);
        Self { name: String::new(), port: address.port(), addresses, failure: unresolved(Status::NameUnresolvable) }
    }

    /// To the addresses of a name, and the handle of the lookup that will tell them.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn to_name(guest: &mut Guest, name: &str, port: u16) -> Result<Result<(Self, u32), ErrorCode>> {
        let begun = kept(guest.look_up(name))?.map_err(unresolved);
        let failure = unresolved(Status::NameUnresolvable);
        Ok(begun.map(|lookup| (Self { name: name.to_string(), port, addresses: VecDeque::new(), failure }, lookup)))
    }

    /// Whether the lookup is over.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn is_found(&mut self, guest: &mut Guest, lookup: u32) -> Result<bool> {
        match kept(guest.addresses(lookup, &self.name))? {
            Err(Status::WouldBlock) => return Ok(false),
            Ok(found) => self.addresses = found.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect(),
            Err(status) => self.failure = unresolved(status),
        }
        guest.host.close(lookup)?;
        Ok(true)
    }

    /// Begins to connect a socket to the next address that lets it; what to tell the guest where none does.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn next(&mut self, guest: &mut Guest) -> Result<Result<u32, ErrorCode>> {
        while let Some(address) = self.addresses.pop_front() {
            match kept(begin(guest, address))? {
                Ok(socket) => return Ok(Ok(socket)),
                Err(status) => self.failure = unconnected(status),
            }
        }
        Ok(Err(self.failure.clone()))
    }

    /// Whether a socket is connected, once that is known; where it cannot be, it is closed.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn is_connected(&mut self, guest: &mut Guest, socket: u32) -> Result<Option<bool>> {
        let answer = guest.host.ask::<network::Connected>(&HandleRequest { handle: socket.into() }, &[], 0);
        match kept(answer.and_then(|(reply, _)| Ok(reply.local.get()?)))? {
            Ok(_) => Ok(Some(true)),
            Err(Status::WouldBlock) => Ok(None),
            Err(status) => {
                guest.host.close(socket)?;
                self.failure = unconnected(status);
                Ok(Some(false))
            }
        }
    }
}

fn begin(guest: &mut Guest, address: SocketAddr) -> Result<u32, FileFailure> {
    let family = address::family(address.ip());
    if !address::is_unicast(address.ip()) || !address::is_remote(address, family) {
        return Err(Status::Invalid.into());
    }
    guest.permit(guest.host.reach.connect(address), Use::Connect)?;
    let socket = guest.make_socket(PROTOCOL, family)?;
    let request = AddressRequest { handle: socket.into(), address: address.into() };
    match guest.host.ask::<network::Connect>(&request, &[], 0).map(drop) {
        Ok(()) => Ok(socket),
        Err(failure) => {
            guest.host.close(socket)?;
            Err(failure)
        }
    }
}

fn unresolved(status: Status) -> ErrorCode {
    match status {
        Status::Access | Status::NotPermitted => ErrorCode::HttpRequestDenied,
        Status::NewSocketLimit => ErrorCode::ConnectionLimitReached,
        Status::TimedOut => ErrorCode::DnsTimeout,
        // As in Wasmtime.
        _ => ErrorCode::DnsError(DnsErrorPayload { rcode: Some("address not available".to_string()), info_code: None }),
    }
}

fn unconnected(status: Status) -> ErrorCode {
    match status {
        Status::Access | Status::NotPermitted => ErrorCode::HttpRequestDenied,
        Status::NewSocketLimit => ErrorCode::ConnectionLimitReached,
        Status::TimedOut => ErrorCode::ConnectionTimeout,
        Status::RemoteUnreachable => ErrorCode::DestinationIpUnroutable,
        _ => ErrorCode::ConnectionRefused,
    }
}
