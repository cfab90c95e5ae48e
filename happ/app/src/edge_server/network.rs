//! The interface `network`: sockets. As for files, every operation behaves and fails as in Wasmtime. No operation waits;
//! only `io.poll` does.
//!
//! The server checks every address against the grants, whatever the enclave has decided.

mod datagrams;
mod lookup;
mod options;
mod socket;

pub(super) use datagrams::{receive_from, send_to};
pub(super) use lookup::{Lookup, UnderWay, addresses, lookup};
pub(super) use options::{get_option, set_option};
pub(super) use socket::Socket;

use super::Server;
use super::handles::{Handles, Opened};
use super::poll::is_ready;
use super::reply::{Failure, Payload};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fmt::Display;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::handle::OPEN_MAX;
use wasmstone_edge_protocol::types::{
    AcceptReply, AcceptRequest, AddressReply, AddressRequest, DeniedRequest, Empty, HandleRequest, ListenRequest,
    SendReply, ShutdownRequest, SocketAddress, SocketRequest,
};
use wasmstone_edge_protocol::value::{self, DeniedUse, Direction, Protocol};

pub(super) fn socket(
    server: &mut Server,
    request: SocketRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let handle = request.handle.get();
    vacant(server, handle)?;
    let is_tcp = request.protocol.get()? == Protocol::Tcp;
    let (domain, is_ipv4) = match request.family.get()? {
        value::AddressFamily::Ipv4 => (AddressFamily::INET, true),
        value::AddressFamily::Ipv6 => (AddressFamily::INET6, false),
    };
    let kind = if is_tcp { SocketType::STREAM } else { SocketType::DGRAM };
    let fd = net::socket_with(domain, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None).map_err(failed)?;
    if !is_ipv4 {
        sockopt::set_ipv6_v6only(&fd, true).map_err(failed)?;
    }
    insert(server, handle, Socket::new(fd, is_tcp, is_ipv4))?;
    Ok(Empty {})
}

pub(super) fn bind(
    server: &mut Server,
    request: AddressRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<AddressReply, Failure> {
    let local = server.handles.socket(request.handle.get())?.address(&request.address)?;
    if !server.reach.bind(local) {
        return Err(deny(server, "binding a socket to", local));
    }
    let socket = server.handles.socket(request.handle.get())?;
    if socket.is_tcp() {
        // An address can be bound again while old connections to it linger.
        let _ = sockopt::set_socket_reuseaddr(socket.fd(), true);
    }
    let bound = match net::bind(socket.fd(), &local) {
        Err(Errno::AFNOSUPPORT) => Err(Status::Invalid.into()),
        result => result.map_err(failed),
    };
    bound.map_err(|failure| server.cannot_listen(local, failure))?;
    let socket = server.handles.socket(request.handle.get())?;
    socket.bound = Some(local);
    Ok(AddressReply { local: socket.local()? })
}

pub(super) fn connect(
    server: &mut Server,
    request: AddressRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<AddressReply, Failure> {
    let socket = server.handles.socket(request.handle.get())?;
    let is_tcp = socket.is_tcp();
    if !is_tcp && request.address == SocketAddress::default() {
        net::connect_unspec(socket.fd()).map_err(failed)?;
        socket.remote = None;
        return Ok(AddressReply { local: socket.local()? });
    }
    let remote = socket.address(&request.address)?;
    let answers = socket.may_answer(remote);
    if !server.reach.connect(remote) && !answers {
        return Err(deny(server, "connecting to", remote));
    }
    let socket = server.handles.socket(request.handle.get())?;
    if is_tcp {
        match net::connect(socket.fd(), &remote) {
            Ok(()) | Err(Errno::INPROGRESS) => return Ok(AddressReply { local: SocketAddress::default() }),
            Err(error) => return Err(failed(error)),
        }
    }
    match net::connect(socket.fd(), &remote) {
        // Linux keeps the address of the interface that the last peer was reached through.
        Err(Errno::INVAL) => {
            let _ = net::connect_unspec(socket.fd());
            net::connect(socket.fd(), &remote).map_err(failed)?;
        }
        result => result.map_err(failed)?,
    }
    socket.remote = Some(remote);
    Ok(AddressReply { local: socket.local()? })
}

pub(super) fn connected(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<AddressReply, Failure> {
    let socket = tcp(server, request.handle.get())?;
    if !is_ready(socket.fd().as_fd(), PollFlags::OUT)? {
        return Err(Status::WouldBlock.into());
    }
    sockopt::socket_error(socket.fd()).map_err(failed)?.map_err(failed)?;
    Ok(AddressReply { local: socket.local()? })
}

pub(super) fn listen(
    server: &mut Server,
    request: ListenRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let bound = tcp(server, request.handle.get())?.bound.ok_or(Status::Malformed)?;
    if !server.reach.listen(bound) {
        return Err(deny(server, "listening at", bound));
    }
    let socket = tcp(server, request.handle.get())?;
    let backlog = i32::try_from(request.backlog.get()).unwrap_or(i32::MAX);
    match net::listen(socket.fd(), backlog) {
        Ok(()) => {
            socket.listening = true;
            if let Ok(local) = socket.local()?.get() {
                server.listens(bound, local);
            }
            Ok(Empty {})
        }
        Err(error) => Err(server.cannot_listen(bound, failed(error))),
    }
}

pub(super) fn accept(
    server: &mut Server,
    request: AcceptRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<AcceptReply, Failure> {
    vacant(server, request.handle.get())?;
    let listener = server.handles.socket(request.listener.get())?;
    if !listener.listening {
        return Err(Status::Malformed.into());
    }
    let (fd, remote) = loop {
        match net::acceptfrom_with(listener.fd(), SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Err(Errno::INTR) => {}
            result => break result.map_err(accept_failed)?,
        }
    };
    let remote = remote.ok_or(Errno::CONNABORTED).and_then(SocketAddr::try_from).map_err(accept_failed)?;
    let more = is_ready(listener.fd().as_fd(), PollFlags::IN)?;
    let mut socket = Socket::new(fd, true, remote.is_ipv4());
    let local = socket.local()?;
    // An error of the new connection is reported by the next read.
    let _ = payload.fill(payload.room(), |buffer| Ok((socket.receive_early(buffer), ())));
    insert(server, request.handle.get(), socket)?;
    Ok(AcceptReply { local, remote: remote.into(), more: u32::from(more).into() })
}

pub(super) fn send(
    server: &mut Server,
    request: HandleRequest,
    data: &[u8],
    _: &mut Payload<'_>,
) -> Result<SendReply, Failure> {
    let handle = request.handle.get();
    let pending = tcp(server, handle)?.send(data)?;
    server.handles.set_sending(handle, pending);
    Ok(SendReply { pending: u32::from(pending).into() })
}

pub(super) fn shutdown(
    server: &mut Server,
    request: ShutdownRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let socket = tcp(server, request.handle.get())?;
    match request.direction.get()? {
        Direction::Receiving => net::shutdown(socket.fd(), net::Shutdown::Read).map_err(failed)?,
        Direction::Sending => socket.finish().map_err(failed)?,
    }
    Ok(Empty {})
}

pub(super) fn denied(
    server: &mut Server,
    request: DeniedRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let what = match request.what.get()? {
        DeniedUse::Bind => "binding a socket to an address",
        DeniedUse::Connect => "connecting or sending to an address",
        DeniedUse::Lookup => "looking up a name",
    };
    server.note(&format!("network: the bundle's policy denies {what}"));
    Ok(Empty {})
}

/// Lets this process have as many files and sockets open as an enclave may, as far as it is allowed to.
pub fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = OPEN_MAX as u64 + 256;
    let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if limit.current.is_some_and(|current| current < raised) {
        // With fewer, new sockets meet their limit earlier.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit });
    }
}

/// Refuses what was not granted, with a line in the log.
fn deny(server: &mut Server, what: &str, whom: impl Display) -> Failure {
    server.note(&format!("network: {what} {whom} is not granted"));
    Failure(Status::Access)
}

/// The TCP socket that is `handle`.
fn tcp(server: &mut Server, handle: u32) -> Result<&mut Socket, Failure> {
    Some(server.handles.socket(handle)?).filter(|socket| socket.is_tcp()).ok_or(Failure(Status::Malformed))
}

/// The UDP socket that is `handle`.
fn udp(handles: &mut Handles, handle: u32) -> Result<&mut Socket, Failure> {
    Some(handles.socket(handle)?).filter(|socket| !socket.is_tcp()).ok_or(Failure(Status::Malformed))
}

/// Whether `handle` may be given to a new socket.
fn vacant(server: &Server, handle: u32) -> Result<(), Failure> {
    match server.handles.vacant(handle) {
        Err(Failure(Status::InsufficientMemory)) => Err(Status::NewSocketLimit.into()),
        result => result,
    }
}

fn insert(server: &mut Server, handle: u32, socket: Socket) -> Result<(), Failure> {
    server.handles.insert(handle, Opened::Socket(Box::new(socket)))
}

/// The failure of an operation on sockets.
fn failed(error: Errno) -> Failure {
    match error {
        Errno::MFILE | Errno::NFILE => Failure(Status::NewSocketLimit),
        error => error.into(),
    }
}

/// Maps an error of accept(2): Linux also reports errors of the accepted connection there.
fn accept_failed(error: Errno) -> Failure {
    match error {
        Errno::CONNRESET
        | Errno::NETRESET
        | Errno::HOSTUNREACH
        | Errno::HOSTDOWN
        | Errno::NETDOWN
        | Errno::NETUNREACH
        | Errno::PROTO
        | Errno::NOPROTOOPT
        | Errno::NONET
        | Errno::OPNOTSUPP => Failure(Status::ConnectionAborted),
        error => failed(error),
    }
}

/// The local address of a socket.
fn local_address(fd: &OwnedFd) -> Result<SocketAddress, Failure> {
    Ok(net::getsockname(fd).and_then(SocketAddr::try_from).map_err(failed)?.into())
}
