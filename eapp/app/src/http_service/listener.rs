//! The socket that clients connect to.

use crate::clock::SECOND;
use crate::ending::Ending;
use crate::failure::IoFailure;
use crate::handles::NO_GUEST;
use crate::host::Host;
use crate::net::{address::family, address::wire_family, transport::Transport};
use crate::waiting::{HandleInterest, Wait};
use alloc::format;
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, ListenRequest, SocketRequest};
use wasmstone_edge_protocol::value::{Interest, Protocol};
use wasmstone_edge_protocol::{Status, Violation, network};
use wasmtime::Result;

/// The number of connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long no connection is accepted after the host has had no room for one, in nanoseconds.
const PAUSE: u64 = SECOND / 10;

/// A socket that listens.
pub struct Listener {
    handle: u32,
    /// Accepting failed, and is not tried again before this time.
    paused_until: u64,
}

impl Listener {
    /// Listens at `address`, which the policy allows.
    ///
    /// # Errors
    /// If the host refuses.
    pub fn open(host: &mut Host, address: SocketAddr) -> core::result::Result<Self, Ending> {
        let opened = host.opening(NO_GUEST, Status::NewSocketLimit, |host, handle| {
            let family = wire_family(family(address.ip())).into();
            let socket = SocketRequest { handle: handle.into(), protocol: Protocol::Tcp.into(), family };
            host.ask::<network::Socket>(&socket, &[], 0)?;
            host.ask::<network::Bind>(&AddressRequest { handle: handle.into(), address: address.into() }, &[], 0)?;
            host.ask::<network::Listen>(&ListenRequest { handle: handle.into(), backlog: BACKLOG.into() }, &[], 0)?;
            Ok(())
        });
        match opened {
            Ok((handle, ())) => Ok(Self { handle, paused_until: 0 }),
            Err(IoFailure::Code(Status::AddressInUse)) => {
                Err(Ending::refused(format!("cannot listen at {address}: the address is in use")))
            }
            Err(IoFailure::Code(status)) => Err(Ending::refused(format!("cannot listen at {address}: {status:?}"))),
            Err(IoFailure::Trap(error)) => Err(Ending::from_run(error)),
        }
    }

    /// The host answers yes to this if a connection waits.
    pub fn interest(&self) -> HandleInterest {
        (self.handle, Interest::Reading)
    }

    /// What it waits for at the time `now`.
    pub fn wait(&self, now: u64) -> Wait {
        if self.paused_until > now { Wait::until(self.paused_until) } else { Wait::on(Some(self.interest())) }
    }

    /// The next connection, which no guest owns yet, and whether more connections wait behind it.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn accept(&mut self, host: &mut Host) -> Result<Option<(Transport, bool)>> {
        match Transport::accept(host, NO_GUEST, self.handle) {
            Ok((transport, reply)) => Ok(Some((transport, reply.more.flag("more is neither yes nor no")?))),
            Err(IoFailure::Code(Status::NewSocketLimit | Status::InsufficientMemory)) => {
                self.paused_until = host.elapsed().saturating_add(PAUSE);
                Ok(None)
            }
            // The client has closed it already.
            Err(IoFailure::Code(_)) => Ok(None),
            Err(IoFailure::Trap(error)) => Err(error),
        }
    }

    /// Stops listening.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(self, host: &mut Host) -> core::result::Result<(), Violation> {
        host.close(self.handle)
    }
}
