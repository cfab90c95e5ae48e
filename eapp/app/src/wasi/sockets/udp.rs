//! `wasi:sockets/udp`.

use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::{udp, udp_create_socket};
use crate::failure::IoResult;
use crate::guest::Guest;
use crate::net::{self, address, udp::UdpSocket};
use crate::wasi::{poll::Pollable, sockets::Network, sockets::options};
use alloc::vec::Vec;
use wasmstone_edge_protocol::{Status, value::SocketOption};
use wasmtime::{Result, component::Resource};

/// `udp.incoming-datagram-stream`: the number in the table of its socket, which is its parent.
pub struct IncomingStream(u32);

/// `udp.outgoing-datagram-stream`: the number in the table of its socket, which is its parent.
pub struct OutgoingStream(u32);

fn socket(rep: u32) -> Resource<UdpSocket> {
    Resource::new_borrow(rep)
}

impl udp_create_socket::Host for Guest {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> IoResult<Resource<UdpSocket>> {
        let socket = UdpSocket::open(&mut self.host, self.id, family)?;
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
    ) -> IoResult<()> {
        self.table.get(&network)?;
        self.table.get_mut(&this)?.start_bind(&mut self.host, address::from_guest(local))
    }

    fn finish_bind(&mut self, this: Resource<UdpSocket>) -> IoResult<()> {
        self.table.get_mut(&this)?.finish_bind()
    }

    fn stream(
        &mut self,
        this: Resource<UdpSocket>,
        remote: Option<IpSocketAddress>,
    ) -> IoResult<(Resource<IncomingStream>, Resource<OutgoingStream>)> {
        self.table.get_mut(&this)?.connect(&mut self.host, remote.map(address::from_guest))?;
        let incoming = self.table.push_child(IncomingStream(this.rep()), &this)?;
        let outgoing = self.table.push_child(OutgoingStream(this.rep()), &this)?;
        Ok((incoming, outgoing))
    }

    fn local_address(&mut self, this: Resource<UdpSocket>) -> IoResult<IpSocketAddress> {
        Ok(address::to_guest(self.table.get(&this)?.local.ok_or(Status::InvalidState)?))
    }

    fn remote_address(&mut self, this: Resource<UdpSocket>) -> IoResult<IpSocketAddress> {
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
        // Binding and connecting take no time, so the socket itself is always ready.
        Ok(self.table.push_child(Pollable::Ready, &this)?)
    }

    fn drop(&mut self, this: Resource<UdpSocket>) -> Result<()> {
        let socket = self.table.delete(this)?;
        Ok(self.host.close(socket.handle)?)
    }
}

impl udp::HostIncomingDatagramStream for Guest {
    fn receive(&mut self, this: Resource<IncomingStream>, most: u64) -> IoResult<Vec<udp::IncomingDatagram>> {
        let rep = self.table.get(&this)?.0;
        self.table.get_mut(&socket(rep))?.receive(&mut self.host, most)
    }

    fn subscribe(&mut self, this: Resource<IncomingStream>) -> Result<Resource<Pollable>> {
        let rep = self.table.get(&this)?.0;
        Ok(self.table.push_child(Pollable::UdpInput(rep), &this)?)
    }

    fn drop(&mut self, this: Resource<IncomingStream>) -> Result<()> {
        let rep = self.table.delete(this)?.0;
        self.table.get_mut(&socket(rep))?.drop_stream();
        Ok(())
    }
}

impl udp::HostOutgoingDatagramStream for Guest {
    fn check_send(&mut self, this: Resource<OutgoingStream>) -> IoResult<u64> {
        let rep = self.table.get(&this)?.0;
        if self.table.get(&socket(rep))?.blocked {
            self.poll_now(&[Pollable::UdpOutput(rep)])?;
        }
        Ok(self.table.get_mut(&socket(rep))?.check_send())
    }

    fn send(&mut self, this: Resource<OutgoingStream>, datagrams: Vec<udp::OutgoingDatagram>) -> IoResult<u64> {
        let rep = self.table.get(&this)?.0;
        self.table.get_mut(&socket(rep))?.send(&mut self.host, datagrams)
    }

    fn subscribe(&mut self, this: Resource<OutgoingStream>) -> Result<Resource<Pollable>> {
        let rep = self.table.get(&this)?.0;
        Ok(self.table.push_child(Pollable::UdpOutput(rep), &this)?)
    }

    fn drop(&mut self, this: Resource<OutgoingStream>) -> Result<()> {
        let rep = self.table.delete(this)?.0;
        self.table.get_mut(&socket(rep))?.drop_stream();
        Ok(())
    }
}
