//! Sockets: their states, and what each state allows, are kept here, as Wasmtime keeps them; the host makes the system
//! calls. What the policy does not allow is denied here, before the host is asked.

pub mod address;
pub mod lookup;
pub mod tcp;
pub mod transport;
pub mod udp;

use crate::bindings::wasi::sockets::network::IpAddressFamily;
use crate::failure::IoResult;
use crate::host::Host;
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, DeniedRequest, OptionRequest, SocketRequest};
use wasmstone_edge_protocol::value::{DeniedUse, Protocol, SocketOption};
use wasmstone_edge_protocol::{Status, network};

/// Makes a socket for `owner` that is bound to nothing. The result is its handle.
///
/// # Errors
/// The reason why there is no socket.
pub fn make_socket(host: &mut Host, owner: u32, protocol: Protocol, family: IpAddressFamily) -> IoResult<u32> {
    let family = address::wire_family(family);
    let (handle, ()) = host.opening(owner, Status::NewSocketLimit, |host, handle| {
        let request = SocketRequest { handle: handle.into(), protocol: protocol.into(), family: family.into() };
        host.ask::<network::Socket>(&request, &[], 0)?;
        Ok(())
    })?;
    Ok(handle)
}

/// Binds a socket that is not bound; the result is its local address.
///
/// # Errors
/// The reason why the socket is not bound.
fn bind(host: &mut Host, handle: u32, family: IpAddressFamily, local: SocketAddr) -> IoResult<SocketAddr> {
    permit(host.reach.bind(local), DeniedUse::Bind, host)?;
    let request = AddressRequest { handle: handle.into(), address: local.into() };
    let (reply, _) = host.ask::<network::Bind>(&request, &[], 0)?;
    Ok(address::from_host(&reply.local, family)?)
}

/// Fails unless the policy has `allowed` it; the host may log that it was denied.
///
/// # Errors
/// If the policy does not allow it.
pub fn permit(allowed: bool, what: DeniedUse, host: &mut Host) -> IoResult<()> {
    if allowed {
        return Ok(());
    }
    let _ = host.channel.call::<network::Denied>(&DeniedRequest { what: what.into() }, &[], 0)?;
    Err(Status::Access.into())
}

/// Reads an option of the socket `handle`; its value is at most `cap`.
///
/// # Errors
/// The host's error.
pub fn option(host: &mut Host, handle: u32, option: SocketOption, cap: u64) -> IoResult<u64> {
    let request = OptionRequest { handle: handle.into(), option: option.into(), value: 0.into() };
    let (reply, _) = host.ask::<network::GetOption>(&request, &[], 0)?;
    Ok(reply.value.at_most(cap, "an option has a value that it cannot have")?)
}

/// Sets an option of the socket `handle`, which is an error in states where the socket has no options. Of two errors,
/// the one is reported that Wasmtime reports.
///
/// # Errors
/// The state's error, a value that is not possible, or the host's error.
pub fn set_option(host: &mut Host, handle: IoResult<u32>, option: SocketOption, value: u64) -> IoResult<()> {
    use SocketOption::{KeepAlive, KeepAliveCount, KeepAliveIdleTime, KeepAliveInterval};
    let wrong = value == 0 && option != KeepAlive;
    if wrong && matches!(option, KeepAliveIdleTime | KeepAliveInterval | KeepAliveCount) {
        return Err(Status::Invalid.into());
    }
    let handle = handle?;
    if wrong {
        return Err(Status::Invalid.into());
    }
    let request = OptionRequest { handle: handle.into(), option: option.into(), value: value.into() };
    host.ask::<network::SetOption>(&request, &[], 0)?;
    Ok(())
}
