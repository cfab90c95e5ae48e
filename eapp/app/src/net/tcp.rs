//! TCP sockets.

use super::{address, bind, make_socket, permit, transport::Transport};
use crate::bindings::{wasi::sockets::network::IpAddressFamily, wasi::sockets::tcp::ShutdownType};
use crate::failure::{IoResult, separate};
use crate::host::Host;
use crate::waiting::HandleInterest;
use core::net::SocketAddr;
use wasmstone_edge_protocol::types::{AddressRequest, HandleRequest, ListenRequest};
use wasmstone_edge_protocol::value::{DeniedUse, Interest, Protocol};
use wasmstone_edge_protocol::{Status, network};

/// The number of connections that may wait to be accepted, if the guest does not set it: as in Rust's standard
/// library.
const BACKLOG: u32 = 128;

/// A TCP socket.
pub struct TcpSocket {
    /// Its handle, and its connection once it has one.
    pub transport: Transport,
    pub family: IpAddressFamily,
    state: State,
    step: Option<Step>,
    /// The address that it was bound to as the guest asked for it.
    bound: Option<SocketAddr>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    backlog: u32,
    /// No more connections waited behind the last one that was accepted. The next call need not ask: a guest that
    /// waits will poll first.
    drained: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Default,
    Listening,
    /// The result of beginning to connect. The guest gets it when it finishes connecting.
    Connecting(Result<(), Status>),
    Connected,
    Closed(Status),
}

/// A step that was started and not finished.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Bind,
    Connect,
    Listen,
}

impl TcpSocket {
    /// A socket for `owner` that is bound to nothing.
    ///
    /// # Errors
    /// The reason why there is no socket.
    pub fn open(host: &mut Host, owner: u32, family: IpAddressFamily) -> IoResult<Self> {
        let handle = make_socket(host, owner, Protocol::Tcp, family)?;
        Ok(Self::new(Transport::new(handle), family, State::Default))
    }

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

    /// What polling the socket waits for: the end of connecting, or a connection to accept.
    pub fn interest(&self) -> Option<HandleInterest> {
        match (self.step, self.state) {
            (Some(Step::Connect), State::Connecting(Ok(()))) => Some((self.transport.handle, Interest::Writing)),
            (None, State::Listening) => Some((self.transport.handle, Interest::Reading)),
            _ => None,
        }
    }

    /// A poll found it ready.
    pub fn wake(&mut self) {
        self.drained = false;
    }

    fn begin(&self) -> IoResult<()> {
        if self.step.is_some() { Err(Status::Already.into()) } else { Ok(()) }
    }

    /// `finish-bind` or `finish-listen`.
    ///
    /// # Errors
    /// If the step was not started.
    pub fn finish(&mut self, step: Step) -> IoResult<()> {
        if self.step != Some(step) {
            return Err(Status::NotInProgress.into());
        }
        self.step = None;
        Ok(())
    }

    /// Its handle.
    ///
    /// # Errors
    /// If the socket is in a state in which options cannot be used.
    pub fn usable(&self) -> IoResult<u32> {
        match self.state {
            State::Default | State::Listening | State::Connected => Ok(self.transport.handle),
            State::Connecting(_) => Err(Status::InvalidState.into()),
            State::Closed(status) => Err(status.into()),
        }
    }

    /// `start-bind`.
    ///
    /// # Errors
    /// The reason why the socket is not bound.
    pub fn start_bind(&mut self, host: &mut Host, local: SocketAddr) -> IoResult<()> {
        self.begin()?;
        if self.state != State::Default || self.bound.is_some() {
            return Err(Status::InvalidState.into());
        }
        if !address::is_unicast(local.ip()) || !address::fits(local.ip(), self.family) {
            return Err(Status::Invalid.into());
        }
        self.local = Some(bind(host, self.transport.handle, self.family, local)?);
        self.bound = Some(local);
        self.step = Some(Step::Bind);
        Ok(())
    }

    /// `start-connect`.
    ///
    /// # Errors
    /// The reason why the socket cannot be connected. [`Self::finish_connect`] reports errors of the policy and the
    /// host.
    pub fn start_connect(&mut self, host: &mut Host, remote: SocketAddr) -> IoResult<()> {
        self.begin()?;
        if self.state != State::Default {
            return Err(Status::InvalidState.into());
        }
        if !address::is_unicast(remote.ip()) || !address::is_remote(remote, self.family) {
            return Err(Status::Invalid.into());
        }
        let request = AddressRequest { handle: self.transport.handle.into(), address: remote.into() };
        let begun = permit(host.reach.connect(remote), DeniedUse::Connect, host);
        let begun = begun.and_then(|()| host.ask::<network::Connect>(&request, &[], 0).map(drop));
        self.state = State::Connecting(separate(begun)?);
        self.remote = Some(remote);
        self.step = Some(Step::Connect);
        Ok(())
    }

    /// `finish-connect`.
    ///
    /// # Errors
    /// If connecting was not started, has not ended, or failed.
    pub fn finish_connect(&mut self, host: &mut Host) -> IoResult<()> {
        let (Some(Step::Connect), State::Connecting(begun)) = (self.step, self.state) else {
            return Err(Status::NotInProgress.into());
        };
        let connected = match begun {
            Ok(()) => {
                let request = HandleRequest { handle: self.transport.handle.into() };
                let answer = host.ask::<network::Connected>(&request, &[], 0);
                separate(answer.and_then(|(reply, _)| Ok(address::from_host(&reply.local, self.family)?)))?
            }
            Err(status) => Err(status),
        };
        if connected == Err(Status::WouldBlock) {
            return Err(Status::WouldBlock.into());
        }
        self.step = None;
        match connected {
            Ok(local) => {
                self.state = State::Connected;
                self.local = Some(local);
                Ok(())
            }
            Err(status) => {
                self.state = State::Closed(status);
                Err(status.into())
            }
        }
    }

    /// `start-listen`.
    ///
    /// # Errors
    /// The reason why the socket cannot listen.
    pub fn start_listen(&mut self, host: &mut Host) -> IoResult<()> {
        self.begin()?;
        let (State::Default, Some(bound)) = (self.state, self.bound) else {
            return Err(Status::InvalidState.into());
        };
        permit(host.reach.listen(bound), DeniedUse::Bind, host)?;
        self.listen(host, self.backlog)?;
        self.state = State::Listening;
        self.step = Some(Step::Listen);
        Ok(())
    }

    fn listen(&self, host: &mut Host, backlog: u32) -> IoResult<()> {
        let request = ListenRequest { handle: self.transport.handle.into(), backlog: backlog.into() };
        host.ask::<network::Listen>(&request, &[], 0).map(drop)
    }

    /// `accept`, for `owner`.
    ///
    /// # Errors
    /// [`Status::WouldBlock`] if no connection waits, or the reason why none can be accepted.
    pub fn accept(&mut self, host: &mut Host, owner: u32) -> IoResult<Self> {
        if self.state != State::Listening {
            return Err(Status::InvalidState.into());
        }
        if core::mem::take(&mut self.drained) {
            return Err(Status::WouldBlock.into());
        }
        let (transport, reply) = Transport::accept(host, owner, self.transport.handle)?;
        let local = address::from_host(&reply.local, self.family)?;
        let mut socket = Self::new(transport, self.family, State::Connected);
        socket.bound = Some(local);
        socket.local = Some(local);
        socket.remote = Some(address::from_host(&reply.remote, self.family)?);
        self.drained = !reply.more.flag("more is neither yes nor no")?;
        Ok(socket)
    }

    /// Its own address.
    ///
    /// # Errors
    /// If it has none.
    pub fn local_address(&self) -> IoResult<SocketAddr> {
        self.usable()?;
        Ok(self.local.ok_or(Status::InvalidState)?)
    }

    /// The address of its peer.
    ///
    /// # Errors
    /// If it has none.
    pub fn remote_address(&self) -> IoResult<SocketAddr> {
        self.usable()?;
        Ok(self.remote.ok_or(Status::InvalidState)?)
    }

    /// Whether it listens.
    pub fn is_listening(&self) -> bool {
        self.state == State::Listening
    }

    /// Sets how many connections may wait to be accepted.
    ///
    /// # Errors
    /// The reason why the number cannot be set.
    pub fn set_backlog(&mut self, host: &mut Host, value: u64) -> IoResult<()> {
        let backlog = match value {
            0 => return Err(Status::Invalid.into()),
            // Operating systems cut it down as well.
            _ => value.min(i32::MAX as u64) as u32,
        };
        match self.state {
            State::Default => {}
            State::Listening => separate(self.listen(host, backlog))?.map_err(|_| Status::Unsupported)?,
            State::Closed(status) => return Err(status.into()),
            State::Connecting(_) | State::Connected => return Err(Status::InvalidState.into()),
        }
        self.backlog = backlog;
        Ok(())
    }

    /// `shutdown`.
    ///
    /// # Errors
    /// If the socket is not connected.
    pub fn shutdown(&mut self, host: &mut Host, how: ShutdownType) -> IoResult<()> {
        if self.state != State::Connected {
            return Err(Status::InvalidState.into());
        }
        if how != ShutdownType::Send {
            self.transport.end_input(host)?;
        }
        if how != ShutdownType::Receive {
            self.transport.end_output(host)?;
        }
        Ok(())
    }
}
