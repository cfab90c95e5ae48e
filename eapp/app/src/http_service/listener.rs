//! The socket that clients connect to.

use crate::clock::SECOND;
use crate::ending::Ending;
use crate::host::Host;
use crate::http_service::NOBODY;
use crate::net::address::{family, family_number};
use crate::net::transport::Transport;
use crate::wasi::FileFailure;
use crate::wasi::poll::{Question, Wants};
use crate::wasi::sockets::tcp::PROTOCOL;
use alloc::format;
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, ListenRequest, SocketRequest};
use wasmstone_edge_protocol::{Status, Violation, network};
use wasmtime::Result;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long nobody is let in where the host has no room for more.
const PAUSE: u64 = SECOND / 10;

/// A socket that listens.
pub struct Listener {
    handle: u32,
    /// Accepting failed, and is not tried again before.
    pause: u64,
}

impl Listener {
    /// Listens at `address`, which the policy allows.
    ///
    /// # Errors
    /// Where the host does not let it.
    pub fn open(host: &mut Host, address: SocketAddr) -> core::result::Result<Self, Ending> {
        let opened = host.opening(NOBODY, Status::NewSocketLimit, |host, handle| {
            let family = family_number(family(address.ip()));
            let socket = SocketRequest { handle: handle.into(), protocol: PROTOCOL.into(), family: family.into() };
            host.ask::<network::Socket>(&socket, &[], 0)?;
            host.ask::<network::Bind>(&AddressRequest { handle: handle.into(), address: address.into() }, &[], 0)?;
            host.ask::<network::Listen>(&ListenRequest { handle: handle.into(), backlog: BACKLOG.into() }, &[], 0)?;
            Ok(())
        });
        match opened {
            Ok((handle, ())) => Ok(Self { handle, pause: 0 }),
            Err(FileFailure::Code(Status::AddressInUse)) => {
                Err(Ending::refused(format!("cannot listen at {address}: the address is in use")))
            }
            Err(FileFailure::Code(status)) => Err(Ending::refused(format!("cannot listen at {address}: {status:?}"))),
            Err(FileFailure::Trap(error)) => Err(Ending::from_run(error)),
        }
    }

    /// Is answered yes where somebody waits.
    pub fn question(&self) -> Question {
        (self.handle, 0)
    }

    /// What it waits for at the time `now`.
    pub fn wants(&self, now: u64) -> Wants {
        match self.pause > now {
            true => Wants { question: None, deadline: Some(self.pause) },
            false => Wants { question: Some(self.question()), deadline: None },
        }
    }

    /// The next connection, for nobody yet, and whether others wait behind it.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn accept(&mut self, host: &mut Host) -> Result<Option<(Transport, bool)>> {
        match Transport::accept(host, NOBODY, self.handle) {
            Ok((transport, reply)) => Ok(Some((transport, reply.more.flag("more is neither yes nor no")?))),
            Err(FileFailure::Code(Status::NewSocketLimit | Status::InsufficientMemory)) => {
                self.pause = host.elapsed().saturating_add(PAUSE);
                Ok(None)
            }
            // Gone already.
            Err(FileFailure::Code(_)) => Ok(None),
            Err(FileFailure::Trap(error)) => Err(error),
        }
    }

    /// Listens no more.
    ///
    /// # Errors
    /// Where the host broke the contract.
    pub fn close(self, host: &mut Host) -> core::result::Result<(), Violation> {
        host.close(self.handle)
    }
}
