//! The way to a server: the addresses of its name are tried one after the other.

use crate::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode};
use crate::failure::{IoResult, separate};
use crate::host::Host;
use crate::net::{address, lookup, make_socket, permit};
use alloc::{collections::VecDeque, string::String, string::ToString};
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, HandleRequest};
use wasmstone_edge_protocol::value::{DeniedUse, Protocol};
use wasmstone_edge_protocol::{Status, network};
use wasmtime::Result;

/// The addresses that are left to try.
pub struct Route {
    name: String,
    port: u16,
    addresses: VecDeque<SocketAddr>,
    /// Why the last address failed.
    failure: ErrorCode,
}

impl Route {
    /// The route to one address.
    pub fn to_address(address: SocketAddr) -> Self {
        let addresses = VecDeque::from([address]);
        Self { name: String::new(), port: address.port(), addresses, failure: unresolved(Status::NameUnresolvable) }
    }

    /// The route to the addresses of a name, and the handle of the lookup that finds these.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn to_name(host: &mut Host, owner: u32, name: &str, port: u16) -> Result<Result<(Self, u32), ErrorCode>> {
        let begun = separate(lookup::begin(host, owner, name))?.map_err(unresolved);
        let failure = unresolved(Status::NameUnresolvable);
        Ok(begun.map(|lookup| (Self { name: name.to_string(), port, addresses: VecDeque::new(), failure }, lookup)))
    }

    /// Whether the lookup has ended. Then it is closed.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn is_found(&mut self, host: &mut Host, lookup: u32) -> Result<bool> {
        match separate(lookup::addresses(host, lookup, &self.name))? {
            Err(Status::WouldBlock) => return Ok(false),
            Ok(found) => self.addresses = found.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect(),
            Err(status) => self.failure = unresolved(status),
        }
        host.close(lookup)?;
        Ok(true)
    }

    /// Begins to connect a socket to the next address that can be tried. The inner error is why none is left.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn next(&mut self, host: &mut Host, owner: u32) -> Result<Result<u32, ErrorCode>> {
        while let Some(address) = self.addresses.pop_front() {
            match separate(begin(host, owner, address))? {
                Ok(socket) => return Ok(Ok(socket)),
                Err(status) => self.failure = unconnected(status),
            }
        }
        Ok(Err(self.failure.clone()))
    }

    /// Whether a socket is connected; `None` if that is not known yet. A socket that failed is closed.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn is_connected(&mut self, host: &mut Host, socket: u32) -> Result<Option<bool>> {
        let answer = host.ask::<network::Connected>(&HandleRequest { handle: socket.into() }, &[], 0);
        match separate(answer.and_then(|(reply, _)| Ok(reply.local.get()?)))? {
            Ok(_) => Ok(Some(true)),
            Err(Status::WouldBlock) => Ok(None),
            Err(status) => {
                host.close(socket)?;
                self.failure = unconnected(status);
                Ok(Some(false))
            }
        }
    }
}

fn begin(host: &mut Host, owner: u32, address: SocketAddr) -> IoResult<u32> {
    let family = address::family(address.ip());
    if !address::is_unicast(address.ip()) || !address::is_remote(address, family) {
        return Err(Status::Invalid.into());
    }
    permit(host.reach.connect(address), DeniedUse::Connect, host)?;
    let socket = make_socket(host, owner, Protocol::Tcp, family)?;
    let request = AddressRequest { handle: socket.into(), address: address.into() };
    match host.ask::<network::Connect>(&request, &[], 0).map(drop) {
        Ok(()) => Ok(socket),
        Err(failure) => {
            host.close(socket)?;
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
