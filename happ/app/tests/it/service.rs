//! The host's part in serving HTTP: where the enclave listens, and how it is asked to end.

use crate::harness::Enclave;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use wasmstone_edge_protocol::handle::{FIRST_OPENED, STDIN, STOP};
use wasmstone_edge_protocol::types::*;
use wasmstone_edge_protocol::value::{AddressFamily, Protocol};
use wasmstone_edge_protocol::{Status, io, launch, network};
use wasmstone_happ::edge_server::{Config, Service, StopHandle, listening_at};
use wasmstone_policy::{Addresses, Names, Network, Remote};

const READABLE: u32 = 0;
const SOCKET: u32 = FIRST_OPENED;

/// Where an enclave listens, as its host was told.
type Told = Arc<Mutex<Vec<SocketAddr>>>;

fn service(address: SocketAddr, told: &Told) -> Service {
    let sink = told.clone();
    let listening = move |address| sink.lock().expect("a list").push(address);
    Service { address, stop: StopHandle::new().expect("a handle"), listening: Some(Box::new(listening)) }
}

/// An enclave that is to serve at `address`, without other grants.
fn serving(address: SocketAddr, told: &Told) -> Enclave {
    Enclave::new(Config { serve: Some(service(address, told)), ..Config::default() })
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

impl Enclave {
    fn listen_at(&mut self, handle: u32, address: SocketAddr) -> Result<(), Status> {
        let socket =
            SocketRequest { handle: handle.into(), protocol: Protocol::Tcp.into(), family: AddressFamily::Ipv4.into() };
        self.call::<network::Socket>(socket, &[])?;
        let bind = AddressRequest { handle: handle.into(), address: address.into() };
        self.call::<network::Bind>(bind, &[])?;
        let listen = ListenRequest { handle: handle.into(), backlog: 16.into() };
        self.call::<network::Listen>(listen, &[]).map(drop)
    }
}

#[test]
fn the_enclave_is_told_where_to_serve() {
    let address = "[::1]:8080".parse().expect("an address");
    let mut enclave = serving(address, &Told::default());
    let (start, _) = enclave.call::<launch::Start>(Empty {}, &[]).expect("started");
    assert_eq!(start.serve.get_any(), Ok(Some(address)));
    let (start, _) = Enclave::new(Config::default()).call::<launch::Start>(Empty {}, &[]).expect("started");
    assert_eq!(start.serve.get_any(), Ok(None));
}

#[test]
fn listening_there_is_granted_and_told_once() {
    let told = Told::default();
    let mut enclave = serving(any_port(), &told);
    assert_eq!(enclave.listen_at(SOCKET + 1, "127.0.0.2:0".parse().expect("an address")), Err(Status::Access));
    assert!(told.lock().expect("a list").is_empty());
    enclave.listen_at(SOCKET, any_port()).expect("granted with the service");
    let [address] = told.lock().expect("a list")[..] else { panic!("told once") };
    TcpStream::connect(address).expect("it listens there");
    assert_eq!(enclave.server.unserved(), None);
    enclave.listen_at(SOCKET + 2, any_port()).expect("granted");
    assert_eq!(told.lock().expect("a list").len(), 1);
}

#[test]
fn why_nothing_is_served_is_kept() {
    let taken = TcpListener::bind(any_port()).expect("a port");
    let address = taken.local_addr().expect("its address");
    let told = Told::default();
    let mut enclave = serving(address, &told);
    assert_eq!(enclave.listen_at(SOCKET, address), Err(Status::AddressInUse));
    assert_eq!(enclave.server.unserved(), Some(Status::AddressInUse));
    assert!(told.lock().expect("a list").is_empty());

    // Another address is left to the guest.
    let mut enclave =
        Enclave::new(Config { network: Network::Any, serve: Some(service(any_port(), &told)), ..Config::default() });
    assert_eq!(enclave.listen_at(SOCKET, address), Err(Status::AddressInUse));
    assert_eq!(enclave.server.unserved(), None);
}

#[test]
fn an_end_is_asked_for_without_end() {
    let service = service(any_port(), &Told::default());
    let stop = service.stop.clone();
    let mut enclave = Enclave::new(Config { serve: Some(service), ..Config::default() });
    assert_eq!(enclave.poll(0, &[(STOP, READABLE), (STDIN, READABLE)]), Ok(vec![0, 1]), "no input is at its end");
    assert_eq!(enclave.poll(1_000_000, &[(STOP, READABLE)]), Ok(vec![0]));
    let asking = std::thread::spawn(move || {
        stop.stop();
        stop.stop();
    });
    assert_eq!(enclave.poll(u64::MAX, &[(STOP, READABLE)]), Ok(vec![1]));
    asking.join().expect("asked");
    assert_eq!(enclave.poll(u64::MAX, &[(STOP, READABLE)]), Ok(vec![1]), "still");
    // The handle has no other use: there is nothing to read, and nothing to close.
    let read = ReadRequest { handle: STOP.into(), length: 8.into(), wait: 0.into() };
    assert_eq!(enclave.call::<io::Read>(read, &[]).map(|(_, data)| data), Err(Status::BadDescriptor));
    assert_eq!(enclave.close(STOP), Err(Status::BadDescriptor));
    assert_eq!(enclave.poll(0, &[(STOP, READABLE)]), Ok(vec![1]));
}

#[test]
fn who_does_not_serve_is_not_asked_to_end() {
    let mut enclave = Enclave::new(Config::default());
    assert_eq!(enclave.poll(0, &[(STOP, READABLE)]), Err(Status::BadDescriptor));
}

#[test]
fn the_address_is_added_to_what_is_granted() {
    let address = any_port();
    assert_eq!(listening_at(Network::Any, address), Network::Any);
    let listed = |listen, connect| Network::Listed(Addresses { listen, connect, lookup: Names::Listed(vec![]) });
    assert_eq!(listening_at(Network::Denied, address), listed(vec![address], vec![]));
    let other = "10.0.0.1:80".parse().expect("an address");
    let remote = vec![Remote::Name("example.org".into(), 443)];
    assert_eq!(listening_at(listed(vec![other], remote.clone()), address), listed(vec![other, address], remote));
}
