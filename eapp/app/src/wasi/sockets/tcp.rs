//! `wasi:sockets/tcp`.

use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::{tcp, tcp_create_socket};
use crate::failure::IoResult;
use crate::guest::Guest;
use crate::host::Host;
use crate::net::{self, address, tcp::Step, tcp::TcpSocket, transport::Transport};
use crate::wasi::{
    input::InputStream, output::OutputStream, output::Sink, poll::Pollable, sockets::Network, sockets::options,
};
use wasmstone_edge_protocol::value::SocketOption;
use wasmtime::{Result, component::Resource, component::ResourceTableError};

impl Guest {
    /// The connection of the socket `rep`, and the host. The socket's streams are its children, so the socket exists.
    pub fn transport(&mut self, rep: u32) -> Result<(&mut Transport, &mut Host), ResourceTableError> {
        let socket = self.table.get_mut(&Resource::<TcpSocket>::new_borrow(rep))?;
        Ok((&mut socket.transport, &mut self.host))
    }

    fn streams(&mut self, socket: &Resource<TcpSocket>) -> IoResult<(Resource<InputStream>, Resource<OutputStream>)> {
        let input = self.table.push_child(InputStream::Socket(socket.rep()), socket)?;
        let output = self.table.push_child(OutputStream::new(Sink::Socket(socket.rep())), socket)?;
        Ok((input, output))
    }
}

impl tcp_create_socket::Host for Guest {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> IoResult<Resource<TcpSocket>> {
        let socket = TcpSocket::open(&mut self.host, self.id, family)?;
        Ok(self.table.push(socket)?)
    }
}

impl tcp::Host for Guest {}

impl tcp::HostTcpSocket for Guest {
    fn start_bind(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> IoResult<()> {
        self.table.get(&network)?;
        self.table.get_mut(&this)?.start_bind(&mut self.host, address::from_guest(local))
    }

    fn finish_bind(&mut self, this: Resource<TcpSocket>) -> IoResult<()> {
        self.table.get_mut(&this)?.finish(Step::Bind)
    }

    fn start_connect(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        remote: IpSocketAddress,
    ) -> IoResult<()> {
        self.table.get(&network)?;
        self.table.get_mut(&this)?.start_connect(&mut self.host, address::from_guest(remote))
    }

    fn finish_connect(
        &mut self,
        this: Resource<TcpSocket>,
    ) -> IoResult<(Resource<InputStream>, Resource<OutputStream>)> {
        self.table.get_mut(&this)?.finish_connect(&mut self.host)?;
        self.streams(&this)
    }

    fn start_listen(&mut self, this: Resource<TcpSocket>) -> IoResult<()> {
        self.table.get_mut(&this)?.start_listen(&mut self.host)
    }

    fn finish_listen(&mut self, this: Resource<TcpSocket>) -> IoResult<()> {
        self.table.get_mut(&this)?.finish(Step::Listen)
    }

    fn accept(
        &mut self,
        this: Resource<TcpSocket>,
    ) -> IoResult<(Resource<TcpSocket>, Resource<InputStream>, Resource<OutputStream>)> {
        let socket = self.table.get_mut(&this)?.accept(&mut self.host, self.id)?;
        let socket = self.table.push(socket)?;
        let (input, output) = self.streams(&socket)?;
        Ok((socket, input, output))
    }

    fn local_address(&mut self, this: Resource<TcpSocket>) -> IoResult<IpSocketAddress> {
        Ok(address::to_guest(self.table.get(&this)?.local_address()?))
    }

    fn remote_address(&mut self, this: Resource<TcpSocket>) -> IoResult<IpSocketAddress> {
        Ok(address::to_guest(self.table.get(&this)?.remote_address()?))
    }

    fn is_listening(&mut self, this: Resource<TcpSocket>) -> Result<bool> {
        Ok(self.table.get(&this)?.is_listening())
    }

    fn address_family(&mut self, this: Resource<TcpSocket>) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family)
    }

    fn set_listen_backlog_size(&mut self, this: Resource<TcpSocket>, value: u64) -> IoResult<()> {
        self.table.get_mut(&this)?.set_backlog(&mut self.host, value)
    }

    fn keep_alive_enabled(&mut self, this: Resource<TcpSocket>) -> IoResult<bool> {
        let handle = self.table.get(&this)?.usable()?;
        Ok(net::option(&mut self.host, handle, SocketOption::KeepAlive, 1)? == 1)
    }

    fn set_keep_alive_enabled(&mut self, this: Resource<TcpSocket>, value: bool) -> IoResult<()> {
        let handle = self.table.get(&this)?.usable();
        net::set_option(&mut self.host, handle, SocketOption::KeepAlive, value.into())
    }

    options! { TcpSocket:
        keep_alive_idle_time set_keep_alive_idle_time KeepAliveIdleTime u64,
        keep_alive_interval set_keep_alive_interval KeepAliveInterval u64,
        keep_alive_count set_keep_alive_count KeepAliveCount u32,
        hop_limit set_hop_limit HopLimit u8,
        receive_buffer_size set_receive_buffer_size ReceiveBufferSize u64,
        send_buffer_size set_send_buffer_size SendBufferSize u64,
    }

    fn subscribe(&mut self, this: Resource<TcpSocket>) -> Result<Resource<Pollable>> {
        Ok(self.table.push_child(Pollable::Tcp(this.rep()), &this)?)
    }

    fn shutdown(&mut self, this: Resource<TcpSocket>, how: tcp::ShutdownType) -> IoResult<()> {
        self.table.get_mut(&this)?.shutdown(&mut self.host, how)
    }

    fn drop(&mut self, this: Resource<TcpSocket>) -> Result<()> {
        let socket = self.table.delete(this)?;
        Ok(socket.transport.close(&mut self.host)?)
    }
}
