//! A UDP socket has one pair of streams at a time.

use guests_wasip2::sockets::{FAMILIES, datagrams, loopback};

fn main() {
    let socket = datagrams(loopback(FAMILIES[0], 0)).unwrap();
    let _streams = socket.stream(None).unwrap();
    let _ = socket.stream(None);
}
