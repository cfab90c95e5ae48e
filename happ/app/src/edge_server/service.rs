//! The host's part of serving HTTP: the address where the enclave listens, and the request that it ends.

use super::Server;
use super::reply::Failure;
use rustix::event::{EventfdFlags, eventfd};
use std::fmt;
use std::io::Result;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use wasmstone_edge_protocol::Status;
use wasmstone_policy::{Addresses, Names, Network};

/// Asks an enclave that serves HTTP to finish the requests in flight, and to end.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<OwnedFd>);

impl StopHandle {
    /// A handle that has not asked yet.
    ///
    /// # Errors
    /// The errors of eventfd(2).
    pub fn new() -> Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Asks. Asking again changes nothing.
    pub fn stop(&self) {
        // Nobody reads it, so it stays readable. It is full, and does not take more, after 2⁶⁴ − 2 times.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    /// Readable once it has asked.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What the host gives an enclave that serves HTTP.
pub struct Service {
    /// The address where the enclave listens, which grants listening there. For port 0, the operating system chooses
    /// one.
    pub address: SocketAddr,
    /// Asks the enclave to end.
    pub stop: StopHandle,
    /// Called once, when the enclave listens, with the address that clients connect to.
    pub listening: Option<Box<dyn FnOnce(SocketAddr) + Send>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Adds listening at `address` to `network`.
pub fn listening_at(network: Network, address: SocketAddr) -> Network {
    match network {
        Network::Any => Network::Any,
        Network::Denied => {
            let (connect, lookup) = (Vec::new(), Names::Listed(Vec::new()));
            Network::Listed(Addresses { listen: vec![address], connect, lookup })
        }
        Network::Listed(mut addresses) => {
            addresses.listen.push(address);
            Network::Listed(addresses)
        }
    }
}

impl Server {
    /// The reason why the enclave could not listen at the address of its service.
    pub fn unserved(&self) -> Option<Status> {
        self.unserved
    }

    /// A socket that was bound to `asked` listens at `local`.
    pub(super) fn listens(&mut self, asked: SocketAddr, local: SocketAddr) {
        if let Some(service) = self.service.as_mut().filter(|service| service.address == asked)
            && let Some(listening) = service.listening.take()
        {
            listening(local);
        }
    }

    /// Listening at `asked` failed. Keeps the reason if that is the address of the service.
    pub(super) fn cannot_listen(&mut self, asked: SocketAddr, failure: Failure) -> Failure {
        if self.service.as_ref().is_some_and(|service| service.address == asked) {
            self.unserved = Some(failure.0);
        }
        failure
    }
}
