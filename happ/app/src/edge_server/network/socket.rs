//! A socket, with the data that it has still to send.

use super::super::reply::Failure;
use super::{failed, local_address};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown, sockopt};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::types::SocketAddress;

/// The most peers of one UDP socket that the server remembers, to let the enclave answer them.
const PEERS_MAX: usize = 256;

/// A socket.
#[derive(Debug)]
pub(in super::super) struct Socket {
    fd: OwnedFd,
    is_tcp: bool,
    is_ipv4: bool,
    /// The address in the request to bind it. Its port can be 0.
    pub(super) bound: Option<SocketAddr>,
    /// The only peer of a UDP socket.
    pub(super) remote: Option<SocketAddr>,
    pub(super) listening: bool,
    /// The peers that sent something to a UDP socket, if addresses are granted one by one.
    peers: VecDeque<SocketAddr>,
    /// Data that the system did not take at once; `sent` of these bytes it has taken since.
    unsent: Vec<u8>,
    sent: usize,
    /// Sending ends after `unsent`.
    finishing: bool,
    /// An error of sending that the enclave has not seen yet.
    send_error: Option<Errno>,
    /// An error of receiving that the enclave has not seen yet.
    receive_error: Option<Errno>,
}

impl Socket {
    /// A socket in its first state.
    pub fn new(fd: OwnedFd, is_tcp: bool, is_ipv4: bool) -> Self {
        if is_tcp {
            // WASI has no option for it. What a guest sends comes in one call, and should not wait for the
            // peer to acknowledge what it sent before.
            let _ = sockopt::set_tcp_nodelay(&fd, true);
        }
        Self {
            fd,
            is_tcp,
            is_ipv4,
            bound: None,
            remote: None,
            listening: false,
            peers: VecDeque::new(),
            unsent: Vec::new(),
            sent: 0,
            finishing: false,
            send_error: None,
            receive_error: None,
        }
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    pub fn is_tcp(&self) -> bool {
        self.is_tcp
    }

    pub fn is_ipv4(&self) -> bool {
        self.is_ipv4
    }

    /// An address of the enclave's for this socket. One of another family breaks the protocol.
    pub(super) fn address(&self, address: &SocketAddress) -> Result<SocketAddr, Failure> {
        match address.get() {
            Ok(address) if address.is_ipv4() == self.is_ipv4 => Ok(address),
            _ => Err(Status::Malformed.into()),
        }
    }

    /// Its local address.
    pub(super) fn local(&self) -> Result<SocketAddress, Failure> {
        local_address(&self.fd)
    }

    /// Remembers a peer that sent something.
    pub(super) fn remember(&mut self, peer: SocketAddr) {
        if !self.peers.contains(&peer) {
            if self.peers.len() >= PEERS_MAX {
                self.peers.pop_front();
            }
            self.peers.push_back(peer);
        }
    }

    /// Whether `peer` sent something, so that the enclave may answer it.
    pub(super) fn may_answer(&self, peer: SocketAddr) -> bool {
        self.peers.contains(&peer)
    }

    /// Receives the data that have arrived: `None` if there are none yet, `Some(0)` at the end.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        if let Some(error) = self.receive_error.take() {
            return Err(failed(error));
        }
        loop {
            match recv(&self.fd, &mut *buffer, RecvFlags::empty()) {
                Ok((_, count)) => return Ok(Some(count)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Receives the data that have arrived. The next read reports an error; at the end, it finds the end again.
    pub(super) fn receive_early(&mut self, buffer: &mut [u8]) -> usize {
        match recv(&self.fd, &mut *buffer, RecvFlags::empty()) {
            Ok((_, count)) => count,
            Err(error) => {
                self.receive_error = Some(error).filter(|error| !matches!(*error, Errno::AGAIN | Errno::INTR));
                0
            }
        }
    }

    /// Sends `data` behind the data that are left, and returns whether some are left.
    pub(super) fn send(&mut self, data: &[u8]) -> Result<bool, Failure> {
        if !data.is_empty() && (self.is_sending() || self.finishing) {
            // The last reply told the enclave that it has to wait.
            return Err(Status::Malformed.into());
        }
        if data.is_empty() {
            self.push();
        } else {
            let taken = self.give(data);
            self.unsent.extend_from_slice(data.get(taken..).unwrap_or_default());
        }
        match self.send_error.take() {
            Some(error) => Err(failed(error)),
            None => Ok(self.is_sending()),
        }
    }

    /// Ends sending, after the data that are left.
    pub(super) fn finish(&mut self) -> Result<(), Errno> {
        self.finishing = true;
        if self.is_sending() { Ok(()) } else { shutdown(&self.fd, Shutdown::Write) }
    }

    /// Whether data are left to be sent.
    pub fn is_sending(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Whether an error waits to be reported.
    pub fn has_failed(&self) -> bool {
        self.send_error.is_some() || self.receive_error.is_some()
    }

    /// Gives the system as much as it takes of the data that are left.
    pub fn push(&mut self) {
        let unsent = std::mem::take(&mut self.unsent);
        self.sent += self.give(unsent.get(self.sent..).unwrap_or_default());
        if self.sent < unsent.len() {
            self.unsent = unsent;
            return;
        }
        self.sent = 0;
        if self.finishing && !unsent.is_empty() {
            let _ = shutdown(&self.fd, Shutdown::Write);
        }
    }

    /// Gives the system as much of `data` as it takes, and returns how much. If that fails, it returns the length of all
    /// data, since nothing can be sent any more.
    fn give(&mut self, data: &[u8]) -> usize {
        let mut given = 0;
        while let Some(rest) = data.get(given..).filter(|rest| !rest.is_empty()) {
            match send(&self.fd, rest, SendFlags::NOSIGNAL) {
                Ok(count) => given += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return given,
                Err(error) => {
                    self.send_error = Some(error);
                    return data.len();
                }
            }
        }
        given
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // As Wasmtime does: the peer sees the end of a connection even if something was not read.
        if self.is_tcp && !self.listening {
            let _ = shutdown(&self.fd, Shutdown::Both);
        }
    }
}
