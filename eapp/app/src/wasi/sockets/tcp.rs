//! `wasi:sockets/tcp`.

use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::{tcp, tcp_create_socket};
use crate::guest::Guest;
use crate::net::address;
use crate::net::transport::Transport;
use crate::wasi::input::InputStream;
use crate::wasi::output::OutputStream;
use crate::wasi::poll::Pollable;
use crate::wasi::sockets::{Network, SocketOption, SocketResult, Use, kept, options};
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, HandleRequest, ListenRequest};
use wasmstone_edge_protocol::{Status, network};
use wasmtime::Result;
use wasmtime::component::Resource;

/// On the wire.
pub const PROTOCOL: u32 = 0;

/// Connections that may wait to be accepted, where the guest says nothing: as in Rust's standard library.
const BACKLOG: u32 = 128;

/// A TCP socket.
pub struct TcpSocket {
    /// Its number on the wire, and its connection once it has one.
    pub transport: Transport,
    family: IpAddressFamily,
    state: State,
    step: Option<Step>,
    /// The address that it was bound to as the guest asked for it.
    bound: Option<SocketAddr>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    backlog: u32,
    /// The last connection accepted was the last one that waited, see [`Input::drained`].
    drained: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Default,
    Listening,
    /// The result of beginning to connect, told when it is finished.
    Connecting(Result<(), Status>),
    Connected,
    Closed(Status),
}

/// What was started and not finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Bind,
    Connect,
    Listen,
}

/// What a socket that is polled waits for.
pub enum Awaits {
    /// Nothing.
    Nothing,
    /// A connection to accept.
    Reading,
    /// The end of connecting.
    Writing,
}

impl TcpSocket {
    fn new(transport: Transport, family: IpAddressFamily, state: State) -> Self {
        Self {
            transport,
            family,
            state,
            step: None,
            bound: None,
            local: None,
            remote: None,
            backlog: BACKLOG,
            drained: false,
        }
    }

    /// What polling it waits for.
    pub fn awaits(&self) -> Awaits {
        match (self.step, self.state) {
            (Some(Step::Connect), State::Connecting(Ok(()))) => Awaits::Writing,
            (None, State::Listening) => Awaits::Reading,
            _ => Awaits::Nothing,
        }
    }

    /// A poll found it ready.
    pub fn wake(&mut self) {
        self.drained = false;
    }

    fn begin(&self) -> SocketResult<()> {
        if self.step.is_some() { Err(Status::Already.into()) } else { Ok(()) }
    }

    fn finish(&mut self, step: Step) -> SocketResult<()> {
        if self.step != Some(step) {
            return Err(Status::NotInProgress.into());
        }
        self.step = None;
        Ok(())
    }

    /// Its number, in the states in which options can be used.
    fn usable(&self) -> SocketResult<u32> {
        match self.state {
            State::Default | State::Listening | State::Connected => Ok(self.transport.handle),
            State::Connecting(_) => Err(Status::InvalidState.into()),
            State::Closed(status) => Err(status.into()),
        }
    }
}

impl Guest {
    fn streams(
        &mut self,
        socket: &Resource<TcpSocket>,
    ) -> SocketResult<(Resource<InputStream>, Resource<OutputStream>)> {
        let input = self.table.push_child(InputStream::Socket(socket.rep()), socket)?;
        let output = self.table.push_child(OutputStream::socket(socket.rep()), socket)?;
        Ok((input, output))
    }
}

impl tcp_create_socket::Host for Guest {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        let handle = self.make_socket(PROTOCOL, family)?;
        Ok(self.table.push(TcpSocket::new(Transport::new(handle), family, State::Default))?)
    }
}

impl tcp::Host for Guest {}

impl tcp::HostTcpSocket for Guest {
    fn start_bind(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let local = address::from_guest(local);
        let socket = self.table.get(&this)?;
        socket.begin()?;
        if socket.state != State::Default || socket.bound.is_some() {
            return Err(Status::InvalidState.into());
        }
        if !address::is_unicast(local.ip()) || !address::fits(local.ip(), socket.family) {
            return Err(Status::Invalid.into());
        }
        let actual = self.bind(socket.transport.handle, socket.family, local)?;
        let socket = self.table.get_mut(&this)?;
        socket.bound = Some(local);
        socket.local = Some(actual);
        socket.step = Some(Step::Bind);
        Ok(())
    }

    fn finish_bind(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        self.table.get_mut(&this)?.finish(Step::Bind)
    }

    fn start_connect(
        &mut self,
        this: Resource<TcpSocket>,
        network: Resource<Network>,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let remote = address::from_guest(remote);
        let socket = self.table.get(&this)?;
        socket.begin()?;
        if socket.state != State::Default {
            return Err(Status::InvalidState.into());
        }
        if !address::is_unicast(remote.ip()) || !address::is_remote(remote, socket.family) {
            return Err(Status::Invalid.into());
        }
        let request = AddressRequest { handle: socket.transport.handle.into(), address: remote.into() };
        let begun = self.permit(self.host.reach.connect(remote), Use::Connect);
        let begun = begun.and_then(|()| self.host.ask::<network::Connect>(&request, &[], 0).map(drop));
        let begun = kept(begun)?;
        let socket = self.table.get_mut(&this)?;
        socket.state = State::Connecting(begun);
        socket.remote = Some(remote);
        socket.step = Some(Step::Connect);
        Ok(())
    }

    fn finish_connect(
        &mut self,
        this: Resource<TcpSocket>,
    ) -> SocketResult<(Resource<InputStream>, Resource<OutputStream>)> {
        let socket = self.table.get_mut(&this)?;
        let (Some(Step::Connect), State::Connecting(begun)) = (socket.step, socket.state) else {
            return Err(Status::NotInProgress.into());
        };
        let (handle, family) = (socket.transport.handle, socket.family);
        let connected = match begun {
            Ok(()) => {
                let request = HandleRequest { handle: handle.into() };
                let answer = self.host.ask::<network::Connected>(&request, &[], 0);
                kept(answer.and_then(|(reply, _)| Ok(address::from_host(&reply.local, family)?)))?
            }
            Err(status) => Err(status),
        };
        if connected == Err(Status::WouldBlock) {
            return Err(Status::WouldBlock.into());
        }
        let socket = self.table.get_mut(&this)?;
        socket.step = None;
        match connected {
            Ok(local) => {
                socket.state = State::Connected;
                socket.local = Some(local);
                self.streams(&this)
            }
            Err(status) => {
                socket.state = State::Closed(status);
                Err(status.into())
            }
        }
    }

    fn start_listen(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        let socket = self.table.get(&this)?;
        socket.begin()?;
        let (State::Default, Some(bound)) = (socket.state, socket.bound) else {
            return Err(Status::InvalidState.into());
        };
        let request = ListenRequest { handle: socket.transport.handle.into(), backlog: socket.backlog.into() };
        self.permit(self.host.reach.listen(bound), Use::Bind)?;
        self.host.ask::<network::Listen>(&request, &[], 0)?;
        let socket = self.table.get_mut(&this)?;
        socket.state = State::Listening;
        socket.step = Some(Step::Listen);
        Ok(())
    }

    fn finish_listen(&mut self, this: Resource<TcpSocket>) -> SocketResult<()> {
        self.table.get_mut(&this)?.finish(Step::Listen)
    }

    fn accept(
        &mut self,
        this: Resource<TcpSocket>,
    ) -> SocketResult<(Resource<TcpSocket>, Resource<InputStream>, Resource<OutputStream>)> {
        let listener = self.table.get_mut(&this)?;
        if listener.state != State::Listening {
            return Err(Status::InvalidState.into());
        }
        if core::mem::take(&mut listener.drained) {
            return Err(Status::WouldBlock.into());
        }
        let (listener, family) = (listener.transport.handle, listener.family);
        let (transport, reply) = Transport::accept(&mut self.host, self.id, listener)?;
        let local = address::from_host(&reply.local, family)?;
        let mut socket = TcpSocket::new(transport, family, State::Connected);
        socket.bound = Some(local);
        socket.local = Some(local);
        socket.remote = Some(address::from_host(&reply.remote, family)?);
        self.table.get_mut(&this)?.drained = !reply.more.flag("more is neither yes nor no")?;
        let socket = self.table.push(socket)?;
        let (input, output) = self.streams(&socket)?;
        Ok((socket, input, output))
    }

    fn local_address(&mut self, this: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        let socket = self.table.get(&this)?;
        socket.usable()?;
        Ok(address::to_guest(socket.local.ok_or(Status::InvalidState)?))
    }

    fn remote_address(&mut self, this: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        let socket = self.table.get(&this)?;
        socket.usable()?;
        Ok(address::to_guest(socket.remote.ok_or(Status::InvalidState)?))
    }

    fn is_listening(&mut self, this: Resource<TcpSocket>) -> Result<bool> {
        Ok(self.table.get(&this)?.state == State::Listening)
    }

    fn address_family(&mut self, this: Resource<TcpSocket>) -> Result<IpAddressFamily> {
        Ok(self.table.get(&this)?.family)
    }

    fn set_listen_backlog_size(&mut self, this: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        let socket = self.table.get_mut(&this)?;
        let backlog = match value {
            0 => return Err(Status::Invalid.into()),
            // Operating systems cut it down as well.
            _ => value.min(i32::MAX as u64) as u32,
        };
        match socket.state {
            State::Default => {}
            State::Listening => {
                let request = ListenRequest { handle: socket.transport.handle.into(), backlog: backlog.into() };
                kept(self.host.ask::<network::Listen>(&request, &[], 0).map(drop))?.map_err(|_| Status::Unsupported)?;
            }
            State::Closed(status) => return Err(status.into()),
            State::Connecting(_) | State::Connected => return Err(Status::InvalidState.into()),
        }
        self.table.get_mut(&this)?.backlog = backlog;
        Ok(())
    }

    fn keep_alive_enabled(&mut self, this: Resource<TcpSocket>) -> SocketResult<bool> {
        let handle = self.table.get(&this)?.usable()?;
        Ok(self.option(handle, SocketOption::KeepAlive, 1)? == 1)
    }

    fn set_keep_alive_enabled(&mut self, this: Resource<TcpSocket>, value: bool) -> SocketResult<()> {
        let handle = self.table.get(&this)?.usable();
        self.set_option(handle, SocketOption::KeepAlive, value.into())
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

    fn shutdown(&mut self, this: Resource<TcpSocket>, how: tcp::ShutdownType) -> SocketResult<()> {
        let socket = self.table.get_mut(&this)?;
        if socket.state != State::Connected {
            return Err(Status::InvalidState.into());
        }
        if how != tcp::ShutdownType::Send {
            socket.transport.end_input(&mut self.host)?;
        }
        if how != tcp::ShutdownType::Receive {
            socket.transport.end_output(&mut self.host)?;
        }
        Ok(())
    }

    fn drop(&mut self, this: Resource<TcpSocket>) -> Result<()> {
        let socket = self.table.delete(this)?;
        Ok(socket.transport.close(&mut self.host)?)
    }
}
