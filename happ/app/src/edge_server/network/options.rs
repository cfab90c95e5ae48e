//! The options of sockets. Values are bounded as in Wasmtime.

use super::super::Server;
use super::super::reply::{Failure, Payload};
use super::{Socket, failed};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::time::Duration;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::types::{Empty, OptionReply, OptionRequest};
use wasmstone_edge_protocol::value::SocketOption;

/// The least and the most that Linux accepts for keep-alive times, in nanoseconds.
const TIMES: (u64, u64) = (1_000_000_000, 32767 * 1_000_000_000);

/// The least and the most that Linux accepts for the count of keep-alive packets.
const COUNTS: (u64, u64) = (1, 127);

pub(in super::super) fn get_option(
    server: &mut Server,
    request: OptionRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<OptionReply, Failure> {
    let socket = server.handles.socket(request.handle.get())?;
    let value = read(socket, request.option.get()?)?;
    Ok(OptionReply { value: value.into() })
}

pub(in super::super) fn set_option(
    server: &mut Server,
    request: OptionRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let socket = server.handles.socket(request.handle.get())?;
    write(socket, request.option.get()?, request.value.get())?;
    Ok(Empty {})
}

fn read(socket: &Socket, option: SocketOption) -> Result<u64, Failure> {
    let fd = socket.fd();
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    // Linux doubles the size that is set, and returns the double.
    let half = |size: usize| u64::try_from(size / 2).unwrap_or(u64::MAX);
    let value = match option {
        SocketOption::KeepAlive => sockopt::socket_keepalive(fd).map(u64::from),
        SocketOption::KeepAliveIdleTime => sockopt::tcp_keepidle(fd).map(nanoseconds),
        SocketOption::KeepAliveInterval => sockopt::tcp_keepintvl(fd).map(nanoseconds),
        SocketOption::KeepAliveCount => sockopt::tcp_keepcnt(fd).map(u64::from),
        SocketOption::HopLimit if socket.is_ipv4() => match sockopt::ip_ttl(fd) {
            Ok(limit) if limit > u8::MAX.into() => return Err(Status::Unsupported.into()),
            limit => limit.map(u64::from),
        },
        SocketOption::HopLimit => sockopt::ipv6_unicast_hops(fd).map(u64::from),
        SocketOption::ReceiveBufferSize => sockopt::socket_recv_buffer_size(fd).map(half),
        SocketOption::SendBufferSize => sockopt::socket_send_buffer_size(fd).map(half),
    };
    value.map_err(failed)
}

fn write(socket: &Socket, option: SocketOption, value: u64) -> Result<(), Failure> {
    let fd = socket.fd();
    let time = Duration::from_nanos(value.clamp(TIMES.0, TIMES.1));
    // A size is a request: the system may choose another one.
    let size = usize::try_from(value.clamp(1, i32::MAX as u64)).unwrap_or(usize::MAX);
    let wished = |result| if result == Err(Errno::NOBUFS) { Ok(()) } else { result };
    let result = match option {
        SocketOption::KeepAlive if value <= 1 => sockopt::set_socket_keepalive(fd, value == 1),
        SocketOption::KeepAliveIdleTime => sockopt::set_tcp_keepidle(fd, time),
        SocketOption::KeepAliveInterval => sockopt::set_tcp_keepintvl(fd, time),
        SocketOption::KeepAliveCount => sockopt::set_tcp_keepcnt(fd, value.clamp(COUNTS.0, COUNTS.1) as u32),
        SocketOption::HopLimit if (1..=u8::MAX.into()).contains(&value) => match socket.is_ipv4() {
            true => sockopt::set_ip_ttl(fd, value as u32),
            false => sockopt::set_ipv6_unicast_hops(fd, Some(value as u8)),
        },
        SocketOption::ReceiveBufferSize => wished(sockopt::set_socket_recv_buffer_size(fd, size)),
        SocketOption::SendBufferSize => wished(sockopt::set_socket_send_buffer_size(fd, size)),
        // The enclave lets no such value pass.
        SocketOption::KeepAlive | SocketOption::HopLimit => return Err(Status::Malformed.into()),
    };
    result.map_err(failed)
}
