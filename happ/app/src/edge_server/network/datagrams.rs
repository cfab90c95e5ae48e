//! Sending and receiving datagrams.

use super::super::Server;
use super::super::reply::{Failure, Payload};
use super::{deny, failed, udp};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recvfrom, send, sendto};
use std::net::SocketAddr;
use wasmstone_edge_protocol::types::{DatagramsReply, DatagramsRequest, SocketAddress};
use wasmstone_edge_protocol::{DATAGRAM_COUNT_MAX, DATAGRAM_MAX, Status, record};
use zerocopy::{FromBytes, IntoBytes};

/// Once a reply has this many bytes of datagrams, no further one is added.
const BATCH_BYTES: usize = 64 << 10;

pub(in super::super) fn send_to(
    server: &mut Server,
    request: DatagramsRequest,
    mut list: &[u8],
    _: &mut Payload<'_>,
) -> Result<DatagramsReply, Failure> {
    let handle = request.handle.get();
    if request.count.get() as usize > DATAGRAM_COUNT_MAX {
        return Err(Status::Malformed.into());
    }
    let mut sent = 0u32;
    for _ in 0..request.count.get() {
        let (address, rest) = SocketAddress::read_from_prefix(list).map_err(|_| Status::Malformed)?;
        list = rest;
        let data = record::take(&mut list, DATAGRAM_MAX).map_err(|_| Status::Malformed)?;
        match send_one(server, handle, &address, data) {
            Ok(()) => sent += 1,
            // The enclave first learns how many were sent; the next call reports the error.
            Err(Failure(status)) if sent > 0 && status != Status::Malformed => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(DatagramsReply { count: sent.into() })
}

fn send_one(server: &mut Server, handle: u32, address: &SocketAddress, data: &[u8]) -> Result<(), Failure> {
    let socket = udp(&mut server.handles, handle)?;
    let remote = if *address == SocketAddress::default() { None } else { Some(socket.address(address)?) };
    let Some(remote) = remote else {
        // To the only peer, which was checked when it was set.
        return retry(|| send(socket.fd(), data, SendFlags::NOSIGNAL));
    };
    let answers = socket.may_answer(remote);
    if !server.reach.connect(remote) && !answers {
        return Err(deny(server, "sending to", remote));
    }
    let socket = udp(&mut server.handles, handle)?;
    retry(|| sendto(socket.fd(), data, SendFlags::NOSIGNAL, &remote))
}

/// Repeats a system call while signals interrupt it.
fn retry(mut call: impl FnMut() -> Result<usize, Errno>) -> Result<(), Failure> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return result.map(drop).map_err(failed),
        }
    }
}

pub(in super::super) fn receive_from(
    server: &mut Server,
    request: DatagramsRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<DatagramsReply, Failure> {
    let Server { handles, reach, .. } = server;
    let socket = udp(handles, request.handle.get())?;
    let listens = socket.bound.is_some_and(|bound| reach.listen(bound));
    let mut buffer = vec![0; DATAGRAM_MAX];
    let (mut count, mut bytes) = (0u32, 0);
    let needed = size_of::<SocketAddress>() + size_of::<u32>() + DATAGRAM_MAX;
    while count < request.count.get() && bytes < BATCH_BYTES && payload.room() >= needed {
        let (length, remote) = match recvfrom(socket.fd(), &mut buffer[..], RecvFlags::empty()) {
            Ok((_, length, remote)) => (length, remote.and_then(|remote| SocketAddr::try_from(remote).ok())),
            Err(Errno::INTR) => continue,
            Err(_) if count > 0 => break,
            Err(error) => return Err(failed(error)),
        };
        let Some(remote) = remote else { continue };
        if listens && !reach.is_any() {
            socket.remember(remote);
        }
        if listens || reach.connect(remote) {
            let data = buffer.get(..length).unwrap_or_default();
            payload.push(SocketAddress::from(remote).as_bytes())?;
            payload.push_record(&[data])?;
            bytes += data.len() + 1;
            count += 1;
        }
    }
    if count == 0 && request.count.get() > 0 {
        return Err(Status::Malformed.into());
    }
    Ok(DatagramsReply { count: count.into() })
}
