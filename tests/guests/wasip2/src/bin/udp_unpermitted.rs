//! Sending more datagrams than were permitted is a trap.

use guests_wasip2::sockets::{FAMILIES, datagrams, loopback};
use wasip2::sockets::udp::OutgoingDatagram;

fn main() {
    let socket = datagrams(loopback(FAMILIES[0], 0)).unwrap();
    let (_, outgoing) = socket.stream(Some(loopback(FAMILIES[0], 9))).unwrap();
    let permit = outgoing.check_send().unwrap();
    let datagram = || OutgoingDatagram { data: b"x".to_vec(), remote_address: None };
    let _ = outgoing.send(&(0..=permit).map(|_| datagram()).collect::<Vec<_>>());
}
