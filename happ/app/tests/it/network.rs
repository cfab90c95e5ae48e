//! The interface `network`: what the host provides, whatever the enclave decided.

use crate::harness::Enclave;
use std::net::{SocketAddr, TcpListener, TcpStream};
use wasmstone_edge_protocol::handle::STDIN;
use wasmstone_edge_protocol::network::*;
use wasmstone_edge_protocol::types::*;
use wasmstone_edge_protocol::{Coded, SOCKET_PAYLOAD_MAX, Status, io, value::Direction};
use wasmstone_happ::edge_server::Config;
use wasmstone_policy::{Names, Network};
use zerocopy::IntoBytes;

const TCP: u32 = 0;
const UDP: u32 = 1;

fn with(network: Network) -> Enclave {
    Enclave::new(Config { network, ..Config::default() })
}

fn listed(listen: &[&str], connect: &[SocketAddr]) -> Enclave {
    with(Network::Listed(wasmstone_policy::Addresses {
        listen: listen.iter().map(|address| address.parse().expect("an address")).collect(),
        connect: connect.iter().map(|address| wasmstone_policy::Remote::Address(*address)).collect(),
        lookup: Names::Listed(Vec::new()),
    }))
}

fn socket(enclave: &mut Enclave, handle: u32, protocol: u32, family: u32) -> Result<(), Status> {
    let request = SocketRequest { handle: handle.into(), protocol: Coded::raw(protocol), family: Coded::raw(family) };
    enclave.call::<Socket>(request, &[]).map(drop)
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn bind(enclave: &mut Enclave, handle: u32, local: &str) -> Result<SocketAddr, Status> {
    let request = AddressRequest { handle: handle.into(), address: address(local).into() };
    enclave.call::<Bind>(request, &[]).map(|(reply, _)| reply.local.get().expect("an address"))
}

fn connect(enclave: &mut Enclave, handle: u32, remote: SocketAddr) -> Result<(), Status> {
    enclave.call::<Connect>(AddressRequest { handle: handle.into(), address: remote.into() }, &[]).map(drop)
}

fn listen(enclave: &mut Enclave, handle: u32) -> Result<(), Status> {
    enclave.call::<Listen>(ListenRequest { handle: handle.into(), backlog: 5.into() }, &[]).map(drop)
}

fn send_to(enclave: &mut Enclave, handle: u32, remote: SocketAddr) -> Result<u32, Status> {
    let payload = [SocketAddress::from(remote).as_bytes(), b"\x01\0\0\0x"].concat();
    let request = DatagramsRequest { handle: handle.into(), count: 1.into() };
    enclave.call::<SendTo>(request, &payload).map(|(reply, _)| reply.count.opaque())
}

fn on<O: wasmstone_edge_protocol::Operation<Request = HandleRequest>>(
    enclave: &mut Enclave,
    handle: u32,
    payload: &[u8],
) -> Result<O::Reply, Status> {
    enclave.call::<O>(HandleRequest { handle: handle.into() }, payload).map(|(reply, _)| reply)
}

/// Waits for a handle: to be read (0) or written (1).
fn wait(enclave: &mut Enclave, handle: u32, interest: u32) {
    let entry = PollEntry { handle: handle.into(), interest: Coded::raw(interest) };
    let request = PollRequest { timeout: 10_000_000_000u64.into(), count: 1.into() };
    let (_, ready) = enclave.call_with_room::<io::Poll>(request, entry.as_bytes(), 1).expect("a poll");
    assert_eq!(ready, [1]);
}

#[test]
fn without_a_grant_there_is_no_address() {
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let remote = peer.local_addr().expect("an address");
    let mut enclave = with(Network::Denied);
    socket(&mut enclave, 128, TCP, 4).expect("a socket");
    socket(&mut enclave, 129, UDP, 4).expect("a socket");
    for handle in [128, 129] {
        assert_eq!(bind(&mut enclave, handle, "127.0.0.1:0"), Err(Status::Access));
        assert_eq!(connect(&mut enclave, handle, remote), Err(Status::Access));
    }
    assert_eq!(send_to(&mut enclave, 129, remote), Err(Status::Access));
    assert_eq!(on::<Lookup>(&mut enclave, 130, b"localhost").err(), Some(Status::Access));
}

#[test]
fn the_near_end_of_a_connection_does_not_listen() {
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut enclave = listed(&["127.0.0.1:1"], &[peer.local_addr().expect("an address")]);
    socket(&mut enclave, 128, TCP, 4).expect("a socket");
    assert_eq!(bind(&mut enclave, 128, "127.0.0.1:2"), Err(Status::Access));
    let local = bind(&mut enclave, 128, "127.0.0.1:0").expect("a port for a connection");
    assert_ne!(local.port(), 0);
    assert_eq!(listen(&mut enclave, 128), Err(Status::Access));
    connect(&mut enclave, 128, peer.local_addr().expect("an address")).expect("granted");
    wait(&mut enclave, 128, 1);
    let reply = on::<Connected>(&mut enclave, 128, &[]).expect("connected");
    assert_eq!(reply.local.get(), Ok(local));
}

#[test]
fn who_sent_a_datagram_may_be_answered() {
    let mut enclave = listed(&["127.0.0.1:0"], &[]);
    socket(&mut enclave, 128, UDP, 4).expect("a socket");
    let local = bind(&mut enclave, 128, "127.0.0.1:0").expect("granted");
    let (peer, stranger) = (std::net::UdpSocket::bind("127.0.0.1:0"), std::net::UdpSocket::bind("127.0.0.1:0"));
    let (peer, stranger) = (peer.expect("a socket"), stranger.expect("a socket"));
    let (peers, strangers) = (peer.local_addr().expect("an address"), stranger.local_addr().expect("an address"));
    assert_eq!(send_to(&mut enclave, 128, peers), Err(Status::Access));
    peer.send_to(b"question", local).expect("sent");
    wait(&mut enclave, 128, 0);
    let request = DatagramsRequest { handle: 128.into(), count: 16.into() };
    let (reply, payload) = enclave.call::<ReceiveFrom>(request, &[]).expect("datagrams");
    assert_eq!((reply.count.opaque(), payload.len()), (1, 32 + 4 + 8));
    assert_eq!(send_to(&mut enclave, 128, peers), Ok(1));
    assert_eq!(send_to(&mut enclave, 128, strangers), Err(Status::Access));
}

#[test]
fn what_is_not_of_the_protocol_is_malformed() {
    let mut enclave = with(Network::Any);
    let malformed = Err(Status::Malformed);
    assert_eq!(socket(&mut enclave, 128, 2, 4), malformed);
    assert_eq!(socket(&mut enclave, 128, TCP, 5), malformed);
    assert_eq!(socket(&mut enclave, STDIN, TCP, 4), malformed);
    socket(&mut enclave, 128, TCP, 4).expect("a socket");
    assert_eq!(socket(&mut enclave, 128, TCP, 4), malformed, "the number is in use");
    assert_eq!(on::<Lookup>(&mut enclave, 128, b"localhost").err(), Some(Status::Malformed));
    assert_eq!(bind(&mut enclave, 128, "[::1]:0"), Err(Status::Malformed), "another family");
    assert_eq!(listen(&mut enclave, 128), malformed, "not bound");
    let accept = AcceptRequest { listener: 128.into(), handle: 129.into() };
    assert_eq!(enclave.call::<Accept>(accept, &[]).err(), Some(Status::Malformed), "not listening");
    let option =
        |option: u32, value: u64| OptionRequest { handle: 128.into(), option: Coded::raw(option), value: value.into() };
    assert_eq!(enclave.call::<GetOption>(option(7, 0), &[]).err(), Some(Status::Malformed));
    for (number, value) in [(7, 1), (0, 2), (4, 0), (4, 256)] {
        assert_eq!(enclave.call::<SetOption>(option(number, value), &[]).err(), Some(Status::Malformed));
    }
    let shutdown = ShutdownRequest { handle: 128.into(), direction: Coded::raw(2) };
    assert_eq!(enclave.call::<Shutdown>(shutdown, &[]).err(), Some(Status::Malformed));
    assert_eq!(on::<Addresses>(&mut enclave, 128, &[]).err(), Some(Status::BadDescriptor));
    assert_eq!(on::<Send>(&mut enclave, 127, b"x").err(), Some(Status::BadDescriptor));
    for payload in [&b""[..], b"x", &[0; 32], &[0; 36]] {
        let request = DatagramsRequest { handle: 128.into(), count: 2.into() };
        assert_eq!(enclave.call::<SendTo>(request, payload).err(), Some(Status::Malformed));
    }
}

#[test]
fn what_the_system_does_not_take_is_kept_and_delivered() {
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut enclave = with(Network::Any);
    socket(&mut enclave, 128, TCP, 4).expect("a socket");
    connect(&mut enclave, 128, peer.local_addr().expect("an address")).expect("begun");
    wait(&mut enclave, 128, 1);
    on::<Connected>(&mut enclave, 128, &[]).expect("connected");
    let (mut accepted, _) = peer.accept().expect("a connection");
    let part = vec![7; SOCKET_PAYLOAD_MAX];
    let mut sent = 0;
    loop {
        let reply = on::<Send>(&mut enclave, 128, &part).expect("sent");
        sent += part.len();
        if reply.pending.flag("pending").expect("a flag") {
            break;
        }
    }
    assert_eq!(on::<Send>(&mut enclave, 128, &part).err(), Some(Status::Malformed), "it was told to wait");
    assert!(on::<Send>(&mut enclave, 128, &[]).is_ok());
    let shutdown = ShutdownRequest { handle: 128.into(), direction: Direction::Sending.into() };
    enclave.call::<Shutdown>(shutdown, &[]).expect("after what was sent");
    let reading = std::thread::spawn(move || {
        let mut heard = Vec::new();
        std::io::Read::read_to_end(&mut accepted, &mut heard).expect("to the end");
        heard.len()
    });
    wait(&mut enclave, 128, 1);
    assert_eq!(reading.join().expect("the reader"), sent);
}

#[test]
fn a_lookup_waits_for_nobody() {
    let mut enclave = with(Network::Any);
    on::<Lookup>(&mut enclave, 128, b"127.0.0.1").expect("begun");
    wait(&mut enclave, 128, 0);
    let (reply, payload) = enclave.call::<Addresses>(HandleRequest { handle: 128.into() }, &[]).expect("an address");
    assert_eq!(reply.count.opaque(), 1);
    assert_eq!(payload, SocketAddress::from(address("127.0.0.1:0")).as_bytes());
    assert_eq!(on::<Lookup>(&mut enclave, 129, b"not a name").err(), Some(Status::Invalid));
}

#[test]
fn accepting_brings_what_was_sent_already() {
    let mut enclave = with(Network::Any);
    socket(&mut enclave, 128, TCP, 4).expect("a socket");
    let local = bind(&mut enclave, 128, "127.0.0.1:0").expect("bound");
    listen(&mut enclave, 128).expect("listening");
    let accept = |handle: u32| AcceptRequest { listener: 128.into(), handle: handle.into() };
    assert_eq!(enclave.call::<Accept>(accept(129), &[]).err(), Some(Status::WouldBlock));
    let mut one = TcpStream::connect(local).expect("a connection");
    std::io::Write::write_all(&mut one, b"early").expect("sent");
    let _two = TcpStream::connect(local).expect("a connection");
    wait(&mut enclave, 128, 0);
    let (reply, payload) = enclave.call::<Accept>(accept(129), &[]).expect("accepted");
    assert_eq!((payload.as_slice(), reply.more.opaque()), (&b"early"[..], 1));
    assert_eq!(reply.remote.get().ok(), one.local_addr().ok());
    let (reply, payload) = enclave.call::<Accept>(accept(130), &[]).expect("accepted");
    assert_eq!((payload.as_slice(), reply.more.opaque()), (&b""[..], 0));
}
