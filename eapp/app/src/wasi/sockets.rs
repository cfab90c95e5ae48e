//! `wasi:sockets`.

mod lookup;
mod tcp;
pub mod udp;

use crate::bindings::wasi::sockets::instance_network;
use crate::bindings::wasi::sockets::network::{ErrorCode, Host, HostNetwork};
use crate::failure::{IoError, IoFailure};
use crate::guest::Guest;
use wasmstone_edge_protocol::Status;
use wasmtime::{Result, component::Resource};

/// `network.network`. The policy decides by the address what a guest may use of it.
pub struct Network;

/// The methods of a socket that read and set an option.
macro_rules! options {
    ($socket:ty: $($get:ident $set:ident $option:ident $number:ty,)*) => {
        $(
            fn $get(&mut self, this: Resource<$socket>) -> IoResult<$number> {
                let handle = self.table.get(&this)?.usable()?;
                // The value is at most the cap, which fits.
                let cap = <$number>::MAX.into();
                Ok(net::option(&mut self.host, handle, SocketOption::$option, cap)? as $number)
            }

            fn $set(&mut self, this: Resource<$socket>, value: $number) -> IoResult<()> {
                let handle = self.table.get(&this)?.usable();
                net::set_option(&mut self.host, handle, SocketOption::$option, value.into())
            }
        )*
    };
}
use options;

impl Host for Guest {
    fn network_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        // Unstable, and not linked. As in Wasmtime, no error of a connection has a code.
        self.table.get(&error)?;
        Ok(None)
    }

    fn convert_error_code(&mut self, failure: IoFailure) -> Result<ErrorCode> {
        Ok(match failure.code()? {
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
