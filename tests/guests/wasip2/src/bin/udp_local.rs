//! UDP between sockets of one program, over both families.

use guests_wasip2::sockets::{FAMILIES, datagrams, loopback, outcome, port, same};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::io::poll::poll;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasip2::sockets::udp::{
    IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasip2::sockets::udp_create_socket::create_udp_socket;

fn to(data: &[u8], remote_address: Option<IpSocketAddress>) -> OutgoingDatagram {
    OutgoingDatagram { data: data.to_vec(), remote_address }
}

fn send(stream: &OutgoingDatagramStream, datagrams: &[OutgoingDatagram]) -> Result<u64, ErrorCode> {
    assert!(stream.check_send()? >= datagrams.len() as u64);
    stream.send(datagrams)
}

fn receive(stream: &IncomingDatagramStream, count: usize) -> Vec<IncomingDatagram> {
    let mut received = Vec::new();
    while received.len() < count {
        stream.subscribe().block();
        received.extend(stream.receive((count - received.len()) as u64).unwrap());
    }
    received
}

fn unconnected(family: IpAddressFamily) {
    let (one, other) = (datagrams(loopback(family, 0)).unwrap(), datagrams(loopback(family, 0)).unwrap());
    let (one_address, other_address) = (one.local_address().unwrap(), other.local_address().unwrap());
    println!("ports were chosen: {}", port(one_address) != 0 && port(other_address) != 0);
    let (_, outgoing) = one.stream(None).unwrap();
    let (incoming, answers) = other.stream(None).unwrap();
    println!("nothing yet: {}", incoming.receive(5).unwrap().len());
    println!("wanting nothing: {}", incoming.receive(0).unwrap().len());
    let all = [to(b"one", Some(other_address)), to(b"", Some(other_address)), to(&[7; 20_000], Some(other_address))];
    println!("sent: {:?}", send(&outgoing, &all));
    for datagram in receive(&incoming, 3) {
        println!("{} bytes, from it: {}", datagram.data.len(), same(datagram.remote_address, one_address));
    }
    println!("an answer: {:?}", send(&answers, &[to(b"back", Some(one_address))]));
    println!("without an address: {}", outcome(send(&outgoing, &[to(b"x", None)])));
    println!("to port 0: {}", outcome(send(&outgoing, &[to(b"x", Some(loopback(family, 0)))])));
    let other_family = if family == IpAddressFamily::Ipv4 { FAMILIES[1] } else { FAMILIES[0] };
    println!("to another family: {}", outcome(send(&outgoing, &[to(b"x", Some(loopback(other_family, 9)))])));
    println!("too large: {}", outcome(send(&outgoing, &[to(&[0; 65_600], Some(other_address))])));
    println!("too large for IP: {}", outcome(send(&outgoing, &[to(&[0; 65_530], Some(other_address))])));
    println!("the first one counts: {:?}", send(&outgoing, &[to(b"a", Some(other_address)), to(b"b", None)]));
    println!("none: {:?}", outgoing.send(&[]));
    println!("many: {:?}", send(&outgoing, &(0..16).map(|_| to(b"many", Some(other_address))).collect::<Vec<_>>()));
    println!("all came: {}", receive(&incoming, 17).len());
}

fn connected(family: IpAddressFamily) {
    let (one, other) = (datagrams(loopback(family, 0)).unwrap(), datagrams(loopback(family, 0)).unwrap());
    let stranger = datagrams(loopback(family, 0)).unwrap();
    let (one_address, other_address) = (one.local_address().unwrap(), other.local_address().unwrap());
    let (_, strange) = stranger.stream(None).unwrap();
    send(&strange, &[to(b"before", Some(one_address))]).unwrap();
    println!("remote: {}", outcome(one.remote_address()));
    let (incoming, outgoing) = one.stream(Some(other_address)).unwrap();
    println!("remote: {}", same(one.remote_address().unwrap(), other_address));
    println!("to it: {:?}", send(&outgoing, &[to(b"1", None), to(b"2", Some(other_address))]));
    println!("to another: {}", outcome(send(&outgoing, &[to(b"x", Some(one_address))])));
    let (answers_in, answers) = other.stream(Some(one_address)).unwrap();
    println!("came: {}", receive(&answers_in, 2).len());
    send(&strange, &[to(b"after", Some(one_address))]).unwrap();
    send(&answers, &[to(b"wanted", None)]).unwrap();
    // Datagrams of the stranger are not delivered, but may wake the program.
    let got = loop {
        incoming.subscribe().block();
        if let Some(datagram) = incoming.receive(10).unwrap().pop() {
            break datagram;
        }
    };
    println!("came: {}", String::from_utf8(got.data).unwrap());
}

/// Without receiving in between: Wasmtime goes on receiving for a stream that was dropped.
fn disconnected(family: IpAddressFamily) {
    let (one, other) = (datagrams(loopback(family, 0)).unwrap(), datagrams(loopback(family, 0)).unwrap());
    let other_address = other.local_address().unwrap();
    for remote in [None, Some(other_address), Some(loopback(family, 9)), Some(other_address)] {
        println!("stream: {}", outcome(one.stream(remote)));
        println!("remote: {:?}", one.remote_address().map(|address| same(address, other_address)));
    }
    let (_, outgoing) = one.stream(None).unwrap();
    println!("remote: {}", outcome(one.remote_address()));
    println!("to anybody: {:?}", send(&outgoing, &[to(b"3", Some(other_address))]));
    println!("local: {}", outcome(one.local_address()));
}

fn nobody_there(family: IpAddressFamily) {
    let one = datagrams(loopback(family, 0)).unwrap();
    let gone = datagrams(loopback(family, 0)).unwrap().local_address().unwrap();
    let (incoming, outgoing) = one.stream(Some(gone)).unwrap();
    println!("sent to nobody: {:?}", send(&outgoing, &[to(b"x", None)]));
    poll(&[&incoming.subscribe(), &subscribe_duration(5_000_000_000)]);
    println!("told: {}", outcome(incoming.receive(1)));
}

fn states(family: IpAddressFamily) {
    let network = instance_network();
    let socket: UdpSocket = create_udp_socket(family).unwrap();
    println!("family: {:?}", socket.address_family());
    println!("fresh local: {}", outcome(socket.local_address()));
    println!("fresh remote: {}", outcome(socket.remote_address()));
    println!("fresh stream: {}", outcome(socket.stream(None)));
    println!("fresh finish: {}", outcome(socket.finish_bind()));
    println!("hop limit: {:?}", socket.unicast_hop_limit());
    println!("set 0: {}", outcome(socket.set_unicast_hop_limit(0)));
    println!("set 5: {} {:?}", outcome(socket.set_unicast_hop_limit(5)), socket.unicast_hop_limit());
    println!("receive buffer: {:?}", socket.receive_buffer_size());
    println!("set 0: {}", outcome(socket.set_receive_buffer_size(0)));
    println!("set 64 K: {} {:?}", outcome(socket.set_receive_buffer_size(65536)), socket.receive_buffer_size());
    println!("send buffer: {:?}", socket.send_buffer_size());
    println!("set all: {}", outcome(socket.set_send_buffer_size(u64::MAX)));
    println!("bind: {}", outcome(socket.start_bind(&network, loopback(family, 0))));
    println!("bind again: {}", outcome(socket.start_bind(&network, loopback(family, 0))));
    println!("finish: {}", outcome(socket.finish_bind()));
    println!("finish again: {}", outcome(socket.finish_bind()));
    println!("bind again: {}", outcome(socket.start_bind(&network, loopback(family, 0))));
    println!("in use: {}", outcome(datagrams(socket.local_address().unwrap())));
    println!("stream to port 0: {}", outcome(socket.stream(Some(loopback(family, 0)))));
    socket.subscribe().block();
}

fn main() {
    for family in FAMILIES {
        println!("{family:?}");
        unconnected(family);
        connected(family);
        disconnected(family);
        nobody_there(family);
        states(family);
    }
}
