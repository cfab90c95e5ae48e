//! One poll over a thousand sockets, standard input and a timer; one socket is ready.

use guests_wasip2::sockets::{FAMILIES, datagrams, loopback};
use wasip2::cli::stdin::get_stdin;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::sockets::udp::OutgoingDatagram;

const COUNT: usize = 1000;

fn main() {
    let sockets: Vec<_> = (0..COUNT).map(|_| datagrams(loopback(FAMILIES[0], 0)).unwrap()).collect();
    let streams: Vec<_> = sockets.iter().map(|socket| socket.stream(None).unwrap()).collect();
    let target = sockets[700].local_address().unwrap();
    let datagram = OutgoingDatagram { data: b"wake up".to_vec(), remote_address: Some(target) };
    assert!(streams[0].1.check_send().unwrap() > 0);
    assert_eq!(streams[0].1.send(&[datagram]), Ok(1));

    let stdin = get_stdin();
    let mut pollables: Vec<_> = streams.iter().map(|(incoming, _)| incoming.subscribe()).collect();
    pollables.push(stdin.subscribe());
    pollables.push(subscribe_duration(60_000_000_000));
    let ready = poll(&pollables.iter().collect::<Vec<_>>());
    println!("ready: {ready:?}");
    drop(pollables);
    drop(streams);
}
