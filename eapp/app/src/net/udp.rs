//! UDP sockets.

use super::{address, bind, make_socket, permit};
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::udp::{IncomingDatagram, OutgoingDatagram};
use crate::failure::{IoFailure, IoResult};
use crate::host::Host;
use alloc::{collections::VecDeque, vec::Vec};
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, DatagramsRequest, SocketAddress};
use wasmstone_edge_protocol::value::{DeniedUse, Protocol};
use wasmstone_edge_protocol::{
    DATAGRAM_COUNT_MAX, DATAGRAM_MAX, DATAGRAMS_MAX, PAYLOAD_MAX, Status, Violation, network, record,
};
use wasmtime::format_err;
use zerocopy::{FromBytes, IntoBytes};

/// The most peers that are remembered so that they can be answered, if the policy lists addresses.
const PEERS_MAX: usize = 256;

/// A UDP socket.
pub struct UdpSocket {
    pub handle: u32,
    pub family: IpAddressFamily,
    /// Binding was started and not finished.
    binding: bool,
    /// The address that it was bound to as the guest asked for it.
    bound: Option<SocketAddr>,
    pub local: Option<SocketAddr>,
    /// The only peer.
    pub remote: Option<SocketAddr>,
    /// Streams that are not dropped yet.
    streams: u8,
    /// Datagrams that the guest may send, as `check-send` said.
    permit: usize,
    /// The last time, the host did not send all.
    pub blocked: bool,
    /// The senders of datagrams, which may be answered whatever else the policy says.
    peers: VecDeque<SocketAddr>,
}

impl UdpSocket {
    /// A socket for `owner` that is bound to nothing.
    ///
    /// # Errors
    /// The reason why there is no socket.
    pub fn open(host: &mut Host, owner: u32, family: IpAddressFamily) -> IoResult<Self> {
        Ok(Self {
            handle: make_socket(host, owner, Protocol::Udp, family)?,
            family,
            binding: false,
            bound: None,
            local: None,
            remote: None,
            streams: 0,
            permit: 0,
            blocked: false,
            peers: VecDeque::new(),
        })
    }

    /// Its handle: options can be used in every state.
    ///
    /// # Errors
    /// It never fails.
    pub fn usable(&self) -> IoResult<u32> {
        Ok(self.handle)
    }

    /// `start-bind`.
    ///
    /// # Errors
    /// The reason why the socket is not bound.
    pub fn start_bind(&mut self, host: &mut Host, local: SocketAddr) -> IoResult<()> {
        if self.binding {
            return Err(Status::Already.into());
        }
        if self.bound.is_some() {
            return Err(Status::InvalidState.into());
        }
        if !address::fits(local.ip(), self.family) {
            return Err(Status::Invalid.into());
        }
        self.local = Some(bind(host, self.handle, self.family, local)?);
        self.bound = Some(local);
        self.binding = true;
        Ok(())
    }

    /// `finish-bind`.
    ///
    /// # Errors
    /// If binding was not started.
    pub fn finish_bind(&mut self) -> IoResult<()> {
        if core::mem::take(&mut self.binding) { Ok(()) } else { Err(Status::NotInProgress.into()) }
    }

    /// `stream`: connects the socket to `remote`, or lets the guest name the peer of each datagram.
    ///
    /// # Errors
    /// The reason why the socket cannot be connected.
    pub fn connect(&mut self, host: &mut Host, remote: Option<SocketAddr>) -> IoResult<()> {
        if self.streams > 0 {
            return Err(format_err!("UDP streams not dropped yet").into());
        }
        if self.bound.is_none() {
            return Err(Status::InvalidState.into());
        }
        if let Some(remote) = remote {
            if !address::is_remote(remote, self.family) {
                return Err(Status::Invalid.into());
            }
            self.permit_peer(host, remote)?;
        }
        if remote.is_some() || self.remote.is_some() {
            let address = remote.map(SocketAddress::from).unwrap_or_default();
            let request = AddressRequest { handle: self.handle.into(), address };
            let (reply, _) = host.ask::<network::Connect>(&request, &[], 0)?;
            self.local = Some(address::from_host(&reply.local, self.family)?);
            self.remote = remote;
        }
        self.streams = 2;
        Ok(())
    }

    /// One of its streams is dropped.
    pub fn drop_stream(&mut self) {
        self.streams = self.streams.saturating_sub(1);
    }

    /// `receive`.
    ///
    /// # Errors
    /// The host's error.
    pub fn receive(&mut self, host: &mut Host, most: u64) -> IoResult<Vec<IncomingDatagram>> {
        let most = usize::try_from(most).unwrap_or(DATAGRAM_COUNT_MAX).min(DATAGRAM_COUNT_MAX) as u32;
        if most == 0 {
            return Ok(Vec::new());
        }
        let request = DatagramsRequest { handle: self.handle.into(), count: most.into() };
        let received = match host.ask::<network::ReceiveFrom>(&request, &[], DATAGRAMS_MAX) {
            Err(IoFailure::Code(Status::WouldBlock)) => Vec::new(),
            Err(failure) => return Err(failure),
            Ok((reply, mut payload)) => {
                let count = reply.count.at_most(most, "more datagrams than were wanted")?;
                let received = (0..count).map(|_| datagram(&mut payload, self.family));
                let received: Vec<_> = received.collect::<Result<_, Violation>>()?;
                if !payload.is_empty() {
                    return Err(Violation("more datagrams than said").into());
                }
                received
            }
        };
        let mut datagrams = Vec::with_capacity(received.len());
        for (remote, data) in received {
            if self.admits(host, remote) {
                datagrams.push(IncomingDatagram { data, remote_address: address::to_guest(remote) });
            }
        }
        Ok(datagrams)
    }

    /// Whether the guest gets what `remote` sent.
    fn admits(&mut self, host: &Host, remote: SocketAddr) -> bool {
        if self.remote.is_some_and(|only| only != remote) {
            return false;
        }
        let listens = self.bound.is_some_and(|bound| host.reach.listen(bound));
        if listens && !host.reach.is_any() {
            self.remember(remote);
        }
        listens || host.reach.connect(remote)
    }

    fn remember(&mut self, peer: SocketAddr) {
        if !self.peers.contains(&peer) {
            if self.peers.len() >= PEERS_MAX {
                self.peers.pop_front();
            }
            self.peers.push_back(peer);
        }
    }

    /// How many datagrams the guest may send now.
    pub fn check_send(&mut self) -> u64 {
        self.permit = if self.blocked { 0 } else { DATAGRAM_COUNT_MAX };
        self.permit as u64
    }

    /// `send`. The result is how many datagrams were sent.
    ///
    /// # Errors
    /// The reason why the first datagram was not sent.
    pub fn send(&mut self, host: &mut Host, datagrams: Vec<OutgoingDatagram>) -> IoResult<u64> {
        if datagrams.is_empty() {
            return Ok(0);
        }
        let permitted = core::mem::take(&mut self.permit);
        if datagrams.len() > permitted {
            return Err(format_err!("unpermitted: argument exceeds permitted size").into());
        }
        let mut payload = Vec::new();
        let mut count = 0u32;
        for datagram in datagrams {
            let checked = if datagram.data.len() > DATAGRAM_MAX {
                Err(Status::MessageSize.into())
            } else {
                self.destination(host, datagram.remote_address)
            };
            let remote = match checked {
                Ok(remote) => remote.map(SocketAddress::from).unwrap_or_default(),
                // The datagrams before it are sent, and the guest gets their number; it will try this one again.
                Err(IoFailure::Code(_)) if count > 0 => break,
                Err(failure) => return Err(failure),
            };
            let length = (datagram.data.len() as u32).to_le_bytes();
            let size = remote.as_bytes().len() + length.len() + datagram.data.len();
            if payload.len() + size > PAYLOAD_MAX {
                break;
            }
            payload.extend_from_slice(remote.as_bytes());
            payload.extend_from_slice(&length);
            payload.extend_from_slice(&datagram.data);
            count += 1;
        }
        let request = DatagramsRequest { handle: self.handle.into(), count: count.into() };
        let sent = match host.ask::<network::SendTo>(&request, &[&payload], 0) {
            Ok((reply, _)) => reply.count.at_most(count, "more datagrams were sent than there were")?,
            Err(IoFailure::Code(Status::WouldBlock)) => 0,
            Err(failure) => return Err(failure),
        };
        self.blocked = sent < count;
        Ok(sent.into())
    }

    /// The peer of a datagram: `None` for the only peer.
    fn destination(&self, host: &mut Host, remote: Option<IpSocketAddress>) -> IoResult<Option<SocketAddr>> {
        let Some(remote) = remote.map(address::from_guest) else {
            return if self.remote.is_some() { Ok(None) } else { Err(Status::Invalid.into()) };
        };
        if !address::is_remote(remote, self.family) {
            return Err(Status::Invalid.into());
        }
        match self.remote {
            Some(only) if only == remote => Ok(None),
            Some(_) => Err(Status::Invalid.into()),
            None => {
                self.permit_peer(host, remote)?;
                Ok(Some(remote))
            }
        }
    }

    /// Fails if the policy does not allow sending to `remote`, and `remote` has not sent anything either.
    fn permit_peer(&self, host: &mut Host, remote: SocketAddr) -> IoResult<()> {
        permit(self.peers.contains(&remote) || host.reach.connect(remote), DeniedUse::Connect, host)
    }
}

/// Reads one datagram of the host's list.
fn datagram(payload: &mut &[u8], family: IpAddressFamily) -> Result<(SocketAddr, Vec<u8>), Violation> {
    let (remote, rest) =
        SocketAddress::read_from_prefix(payload).map_err(|_| Violation("a datagram without an address"))?;
    *payload = rest;
    Ok((address::from_host(&remote, family)?, record::take(payload, DATAGRAM_MAX)?.to_vec()))
}
