//! `wasi:sockets/udp`.

use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::{udp, udp_create_socket};
use crate::guest::Guest;
use crate::net::address;
use crate::wasi::FileFailure;
use crate::wasi::poll::Pollable;
use crate::wasi::sockets::{Network, SocketOption, SocketResult, Use, options};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, DatagramsRequest, SocketAddress};
use wasmstone_edge_protocol::{
    DATAGRAM_COUNT_MAX, DATAGRAM_MAX, DATAGRAMS_MAX, PAYLOAD_MAX, Status, Violation, network, record,
};
use wasmtime::component::Resource;
use wasmtime::{Result, format_err};
use zerocopy::{FromBytes, IntoBytes};

const PROTOCOL: u32 = 1;

/// The peers that are remembered to be answered, where the policy lists addresses.
const PEERS_MAX: usize = 256;

/// A UDP socket.
pub struct UdpSocket {
    /// Its number on the wire.
    pub handle: u32,
    family: IpAddressFamily,
    binding: bool,
    /// The address that it was bound to as the guest asked for it.
    bound: Option<SocketAddr>,
    local: Option<SocketAddr>,
    /// The only peer.
    remote: Option<SocketAddr>,
    /// Streams that are not dropped yet.
    streams: u8,
    /// Datagrams that the guest may send, as `check-send` told.
    permit: usize,
    /// The last time, the host did not send all.
    pub blocked: bool,
    /// Who sent something, and may be answered whatever else the policy says.
    peers: VecDeque<SocketAddr>,
}

/// A stream of a socket, which is its parent.
pub struct IncomingStream(u32);

/// A stream of a socket, which is its parent.
pub struct OutgoingStream(u32);

fn socket(rep: u32) -> Resource<UdpSocket> {
    Resource::new_borrow(rep)
}

impl UdpSocket {
    /// Its number: options can be used in every state.
    fn usable(&self) -> SocketResult<u32> {
        Ok(self.handle)
    }

    fn remember(&mut self, peer: SocketAddr) {
        if !self.peers.contains(&peer) {
            if self.peers.len() >= PEERS_MAX {
                self.peers.pop_front();
            }
            self.peers.push_back(peer);
        }
    }
}

impl Guest {
    /// Where a datagram of a socket goes: `None` to its only peer.
    fn destination(&mut self, rep: u32, remote: Option<IpSocketAddress>) -> SocketResult<Option<SocketAddr>> {
        let socket = self.table.get(&socket(rep))?;
        let Some(remote) = remote.map(address::from_guest) else {
            return if socket.remote.is_some() { Ok(None) } else { Err(Status::Invalid.into()) };
        };
        if !address::is_remote(remote, socket.family) {
            return Err(Status::Invalid.into());
        }
        match socket.remote {
            Some(only) if only == remote => Ok(None),
            Some(_) => Err(Status::Invalid.into()),
            None => {
                self.permit_peer(rep, remote)?;
                Ok(Some(remote))
            }
        }
    }

    /// Fails where the policy does not allow to send to `remote`, and it has not sent anything either.
    fn permit_peer(&mut self, rep: u32, remote: SocketAddr) -> SocketResult<()> {
        let known = self.table.get(&socket(rep))?.peers.contains(&remote);
        self.permit(known || self.host.reach.connect(remote), Use::Connect)
    }

    /// One of a socket's streams is dropped.
    fn drop_stream(&mut self, rep: u32) -> Result<()> {
        let socket = self.table.get_mut(&socket(rep))?;
        socket.streams = socket.streams.saturating_sub(1);
        Ok(())
    }

    /// Whether the guest gets what `remote` sent.
    fn welcome(&mut self, rep: u32, remote: SocketAddr) -> SocketResult<bool> {
        let socket = self.table.get_mut(&socket(rep))?;
        if socket.remote.is_some_and(|only| only != remote) {
            return Ok(false);
        }
        let listens = socket.bound.is_some_and(|bound| self.host.reach.listen(bound));
        if listens && !self.host.reach.is_any() {
            socket.remember(remote);
        }
        Ok(listens || self.host.reach.connect(remote))
    }
}

/// Reads one datagram of the host's list.
fn datagram(payload: &mut &[u8], family: IpAddressFamily) -> Result<(SocketAddr, Vec<u8>), Violation> {
    let (remote, rest) =
        SocketAddress::read_from_prefix(payload).map_err(|_| Violation("a datagram without an address"))?;
    *payload = rest;
    Ok((address::from_host(&remote, family)?, record::take(payload, DATAGRAM_MAX)?.to_vec()))
}

impl udp_create_socket::Host for Guest {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        let handle = self.make_socket(PROTOCOL, family)?;
        let socket = UdpSocket {
            handle,
            family,
            binding: false,
            bound: None,
            local: None,
            remote: None,
            streams: 0,
            permit: 0,
            blocked: false,
            peers: VecDeque::new(),
        };
        Ok(self.table.push(socket)?)
    }
}

impl udp::Host for Guest {}

impl udp::HostUdpSocket for Guest {
    fn start_bind(
        &mut self,
        this: Resource<UdpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let local = address::from_guest(local);
        let socket = self.table.get(&this)?;
        if socket.binding {
            return Err(Status::Already.into());
        }
        if socket.bound.is_some() {
            return Err(Status::InvalidState.into());
        }
        if !address::fits(local.ip(), socket.family) {
            return Err(Status::Invalid.into());
        }
        let actual = self.bind(socket.handle, socket.family, local)?;
        let socket = self.table.get_mut(&this)?;
        socket.bound = Some(local);
        socket.local = Some(actual);
        socket.binding = true;
        Ok(())
    }

    fn finish_bind(&mut self, this: Resource<UdpSocket>) -> SocketResult<()> {
        let binding = &mut self.table.get_mut(&this)?.binding;
        if core::mem::take(binding) { Ok(()) } else { Err(Status::NotInProgress.into()) }
    }

    fn stream(
        &mut self,
        this: Resource<UdpSocket>,
        remote: Option<IpSocketAddress>,
    ) -> SocketResult<(Resource<IncomingStream>, Resource<OutgoingStream>)> {
        let socket = self.table.get(&this)?;
        if socket.streams > 0 {
            return Err(format_err!("UDP streams not dropped yet").into());
        }
        if socket.bound.is_none() {
            return Err(Status::InvalidState.into());
        }
        let remote = remote.map(address::from_guest);
        if let Some(remote) = remote {
            if !address::is_remote(remote, socket.family) {
                return Err(Status::Invalid.into());
            }
            self.permit_peer(this.rep(), remote)?;
        }
        let socket = self.table.get(&this)?;
        if remote.is_some() || socket.remote.is_some() {
            let family = socket.family;
            let address = remote.map(SocketAddress::from).unwrap_or_default();
            let request = AddressRequest { handle: socket.handle.into(), address };
            let (reply, _) = self.host.ask::<network::Connect>(&request, &[], 0)?;
            let local = address::from_host(&reply.local, family)?;
            let socket = self.table.get_mut(&this)?;
            socket.local = Some(local);
            socket.remote = remote;
        }
        self.table.get_mut(&this)?.streams = 2;
        let incoming = self.table.push_child(IncomingStream(this.rep()), &this)?;
        let outgoing = self.table.push_child(OutgoingStream(this.rep()), &this)?;
        Ok((incoming, outgoing))
    }

    fn local_address(&mut self, this: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(address::to_guest(self.table.get(&this)?.local.ok_or(Status::InvalidState)?))
    }

    fn remote_address(&mut self, this: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(address::to_guest(self.table.get(&this)?.remote.ok_or(Status::InvalidState)?))
    }

    fn address_family(&mut self, this: Resource<UdpSocket>) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family)
    }

    options! { UdpSocket:
        unicast_hop_limit set_unicast_hop_limit HopLimit u8,
        receive_buffer_size set_receive_buffer_size ReceiveBufferSize u64,
        send_buffer_size set_send_buffer_size SendBufferSize u64,
    }

    fn subscribe(&mut self, this: Resource<UdpSocket>) -> Result<Resource<Pollable>> {
        // Nothing that a socket itself does takes time.
        Ok(self.table.push_child(Pollable::Ready, &this)?)
    }

    fn drop(&mut self, this: Resource<UdpSocket>) -> Result<()> {
        let socket = self.table.delete(this)?;
        Ok(self.host.close(socket.handle)?)
    }
}

impl udp::HostIncomingDatagramStream for Guest {
    fn receive(&mut self, this: Resource<IncomingStream>, most: u64) -> SocketResult<Vec<udp::IncomingDatagram>> {
        let rep = self.table.get(&this)?.0;
        let socket = self.table.get(&socket(rep))?;
        let family = socket.family;
        let most = usize::try_from(most).unwrap_or(DATAGRAM_COUNT_MAX).min(DATAGRAM_COUNT_MAX) as u32;
        if most == 0 {
            return Ok(Vec::new());
        }
        let request = DatagramsRequest { handle: socket.handle.into(), count: most.into() };
        let received = match self.host.ask::<network::ReceiveFrom>(&request, &[], DATAGRAMS_MAX) {
            Err(FileFailure::Code(Status::WouldBlock)) => Vec::new(),
            Err(failure) => return Err(failure),
            Ok((reply, mut payload)) => {
                let count = reply.count.at_most(most, "more datagrams than were wanted")?;
                let received = (0..count).map(|_| datagram(&mut payload, family));
                let received: Vec<_> = received.collect::<Result<_, Violation>>()?;
                if !payload.is_empty() {
                    return Err(Violation("more datagrams than said").into());
                }
                received
            }
        };
        let mut datagrams = Vec::with_capacity(received.len());
        for (remote, data) in received {
            if self.welcome(rep, remote)? {
                datagrams.push(udp::IncomingDatagram { data, remote_address: address::to_guest(remote) });
            }
        }
        Ok(datagrams)
    }

    fn subscribe(&mut self, this: Resource<IncomingStream>) -> Result<Resource<Pollable>> {
        let rep = self.table.get(&this)?.0;
        Ok(self.table.push_child(Pollable::UdpInput(rep), &this)?)
    }

    fn drop(&mut self, this: Resource<IncomingStream>) -> Result<()> {
        let rep = self.table.delete(this)?.0;
        self.drop_stream(rep)
    }
}

impl udp::HostOutgoingDatagramStream for Guest {
    fn check_send(&mut self, this: Resource<OutgoingStream>) -> SocketResult<u64> {
        let rep = self.table.get(&this)?.0;
        if self.table.get(&socket(rep))?.blocked {
            self.poll_now(&[Pollable::UdpOutput(rep)])?;
        }
        let socket = self.table.get_mut(&socket(rep))?;
        socket.permit = if socket.blocked { 0 } else { DATAGRAM_COUNT_MAX };
        Ok(socket.permit as u64)
    }

    fn send(&mut self, this: Resource<OutgoingStream>, datagrams: Vec<udp::OutgoingDatagram>) -> SocketResult<u64> {
        let rep = self.table.get(&this)?.0;
        if datagrams.is_empty() {
            return Ok(0);
        }
        let permitted = core::mem::take(&mut self.table.get_mut(&socket(rep))?.permit);
        if datagrams.len() > permitted {
            return Err(format_err!("unpermitted: argument exceeds permitted size").into());
        }
        let mut payload = Vec::new();
        let mut count = 0u32;
        for datagram in datagrams {
            let checked = if datagram.data.len() > DATAGRAM_MAX {
                Err(Status::MessageSize.into())
            } else {
                self.destination(rep, datagram.remote_address)
            };
            let remote = match checked {
                Ok(remote) => remote.map(SocketAddress::from).unwrap_or_default(),
                // Those before it go out, and only their number is told.
                Err(FileFailure::Code(_)) if count > 0 => break,
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
        let handle = self.table.get(&socket(rep))?.handle;
        let request = DatagramsRequest { handle: handle.into(), count: count.into() };
        let sent = match self.host.ask::<network::SendTo>(&request, &[&payload], 0) {
            Ok((reply, _)) => reply.count.at_most(count, "more datagrams were sent than there were")?,
            Err(FileFailure::Code(Status::WouldBlock)) => 0,
            Err(failure) => return Err(failure),
        };
        self.table.get_mut(&socket(rep))?.blocked = sent < count;
        Ok(sent.into())
    }

    fn subscribe(&mut self, this: Resource<OutgoingStream>) -> Result<Resource<Pollable>> {
        let rep = self.table.get(&this)?.0;
        Ok(self.table.push_child(Pollable::UdpOutput(rep), &this)?)
    }

    fn drop(&mut self, this: Resource<OutgoingStream>) -> Result<()> {
        let rep = self.table.delete(this)?.0;
        self.drop_stream(rep)
    }
}
