//! `wasi:sockets`: the states of sockets and what each allows are kept here, as Wasmtime keeps them; the
//! host makes the system calls.
//!
//! What the policy does not allow is denied here already, before the host is asked.

pub mod lookup;
pub mod tcp;
pub mod udp;

use crate::bindings::wasi::sockets::instance_network;
use crate::bindings::wasi::sockets::network::{ErrorCode, Host, HostNetwork, IpAddressFamily};
use crate::guest::Guest;
use crate::net::address;
use crate::wasi::{FileFailure, IoError};
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, DeniedRequest, OptionRequest, SocketRequest};
use wasmstone_edge_protocol::{Status, network};
use wasmtime::Result;
use wasmtime::component::Resource;

pub type SocketResult<T> = Result<T, FileFailure>;

/// `network.network`: all of it; what may be used is decided address by address.
pub struct Network;

/// What the policy is asked for, as the host is told where it denies.
#[derive(Clone, Copy)]
pub enum Use {
    Bind = 0,
    Connect = 1,
    Lookup = 2,
}

/// The options of the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SocketOption {
    KeepAlive = 0,
    KeepAliveIdleTime = 1,
    KeepAliveInterval = 2,
    KeepAliveCount = 3,
    HopLimit = 4,
    ReceiveBufferSize = 5,
    SendBufferSize = 6,
}

impl Guest {
    /// Makes a socket that is bound to nothing.
    pub fn make_socket(&mut self, protocol: u32, family: IpAddressFamily) -> SocketResult<u32> {
        let family = address::family_number(family);
        let (handle, ()) = self.host.opening(self.id, Status::NewSocketLimit, |host, handle| {
            let request = SocketRequest { handle: handle.into(), protocol: protocol.into(), family: family.into() };
            host.ask::<network::Socket>(&request, &[], 0)?;
            Ok(())
        })?;
        Ok(handle)
    }

    /// Binds a socket that is not bound; the result is its local address.
    fn bind(&mut self, handle: u32, family: IpAddressFamily, local: SocketAddr) -> SocketResult<SocketAddr> {
        self.permit(self.host.reach.bind(local), Use::Bind)?;
        let request = AddressRequest { handle: handle.into(), address: local.into() };
        let (reply, _) = self.host.ask::<network::Bind>(&request, &[], 0)?;
        Ok(address::from_host(&reply.local, family)?)
    }

    /// Fails where the policy does not allow it, which the host may log.
    pub fn permit(&mut self, allowed: bool, what: Use) -> SocketResult<()> {
        if allowed {
            return Ok(());
        }
        let _ = self.host.channel.call::<network::Denied>(&DeniedRequest { what: (what as u32).into() }, &[], 0)?;
        Err(Status::Access.into())
    }

    /// Reads an option; what it says is at most `cap`.
    fn option(&mut self, handle: u32, option: SocketOption, cap: u64) -> SocketResult<u64> {
        let request = OptionRequest { handle: handle.into(), option: (option as u32).into(), value: 0.into() };
        let (reply, _) = self.host.ask::<network::GetOption>(&request, &[], 0)?;
        Ok(reply.value.at_most(cap, "an option has a value that it cannot have")?)
    }

    /// Sets an option of the socket `handle`, if it is in a state for that. Which of two mistakes is told
    /// is as in Wasmtime.
    fn set_option(&mut self, handle: SocketResult<u32>, option: SocketOption, value: u64) -> SocketResult<()> {
        use SocketOption::{KeepAlive, KeepAliveCount, KeepAliveIdleTime, KeepAliveInterval};
        let wrong = value == 0 && option != KeepAlive;
        if wrong && matches!(option, KeepAliveIdleTime | KeepAliveInterval | KeepAliveCount) {
            return Err(Status::Invalid.into());
        }
        let handle = handle?;
        if wrong {
            return Err(Status::Invalid.into());
        }
        let request = OptionRequest { handle: handle.into(), option: (option as u32).into(), value: value.into() };
        self.host.ask::<network::SetOption>(&request, &[], 0)?;
        Ok(())
    }
}

/// The methods of a socket that read and set an option.
macro_rules! options {
    ($socket:ty: $($get:ident $set:ident $option:ident $number:ty,)*) => {
        $(
            fn $get(&mut self, this: Resource<$socket>) -> SocketResult<$number> {
                let handle = self.table.get(&this)?.usable()?;
                // At most the cap, which fits.
                Ok(self.option(handle, SocketOption::$option, <$number>::MAX.into())? as $number)
            }

            fn $set(&mut self, this: Resource<$socket>, value: $number) -> SocketResult<()> {
                let handle = self.table.get(&this)?.usable();
                self.set_option(handle, SocketOption::$option, value.into())
            }
        )*
    };
}
use options;

/// The status that is kept to be told later; what ends the guest goes on.
pub fn kept<T>(result: SocketResult<T>) -> Result<core::result::Result<T, Status>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(FileFailure::Code(status)) => Ok(Err(status)),
        Err(FileFailure::Trap(error)) => Err(error),
    }
}

impl Host for Guest {
    fn network_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        // Unstable, and not linked. As in Wasmtime, no error of a connection has a code.
        self.table.get(&error)?;
        Ok(None)
    }

    fn convert_error_code(&mut self, failure: FileFailure) -> Result<ErrorCode> {
        Ok(match failure {
            FileFailure::Trap(error) => return Err(error),
            FileFailure::Code(status) => match status {
                Status::Access | Status::NotPermitted => ErrorCode::AccessDenied,
                Status::Unsupported => ErrorCode::NotSupported,
                Status::Invalid => ErrorCode::InvalidArgument,
                Status::InsufficientMemory => ErrorCode::OutOfMemory,
                Status::TimedOut => ErrorCode::Timeout,
                Status::Already => ErrorCode::ConcurrencyConflict,
                Status::NotInProgress => ErrorCode::NotInProgress,
                Status::WouldBlock => ErrorCode::WouldBlock,
                Status::InvalidState => ErrorCode::InvalidState,
                Status::NewSocketLimit => ErrorCode::NewSocketLimit,
                Status::AddressNotBindable => ErrorCode::AddressNotBindable,
                Status::AddressInUse => ErrorCode::AddressInUse,
                Status::RemoteUnreachable => ErrorCode::RemoteUnreachable,
                Status::ConnectionRefused => ErrorCode::ConnectionRefused,
                Status::ConnectionReset => ErrorCode::ConnectionReset,
                Status::ConnectionAborted => ErrorCode::ConnectionAborted,
                Status::MessageSize => ErrorCode::DatagramTooLarge,
                Status::NameUnresolvable => ErrorCode::NameUnresolvable,
                _ => ErrorCode::Unknown,
            },
        })
    }
}

impl HostNetwork for Guest {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for Guest {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        Ok(self.table.push(Network)?)
    }
}
