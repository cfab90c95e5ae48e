//! The end of a service: asked for once, twice, and while requests are in flight.

use crate::served::SERVICE;
use crate::served::{Served, serve};
use rustix::process::Signal;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use wasmstone_test_support::client::Client;
use wasmstone_test_support::processes::{InTime, wait_until};

/// A request whose beginning the service has received.
fn under_way(served: &Served) -> Client {
    let mut client = served.client();
    client.begin("/echo");
    assert_eq!(client.head().status, 200);
    client
}

/// Waits until no client can connect any more.
fn until_closed(address: SocketAddr) {
    wait_until("the end of listening", || TcpStream::connect(address).is_err().then_some(()));
}

#[test]
fn an_idle_service_ends_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let served = Served::start(&[]);
        let mut idle = served.client();
        assert_eq!(idle.get("/hello").status, 200);
        let mut silent = served.client();
        let mut half = served.client();
        half.send("GET /hello HTTP/1.1\r\nHo");
        served.signal(signal);
        let ended = served.wait();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(idle.is_closed() && silent.is_closed());
        half.rest();
    }
}

#[test]
fn what_is_under_way_is_answered_first() {
    let served = Served::start(&[]);
    let mut client = under_way(&served);
    let mut sleeping = served.client();
    sleeping.request("GET", "/sleep?milliseconds=300");
    let mut half = served.client();
    half.send("POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello");
    // Another answer shows that they have come.
    served.still_serves();
    served.signal(Signal::TERM);
    until_closed(served.address);
    client.chunk(b"still here");
    assert_eq!(client.next_chunk(), Some(b"still here".to_vec()));
    client.chunk(b"");
    assert_eq!(client.next_chunk(), Some(Vec::new()));
    half.send("there");
    assert_eq!(half.response().text(), "10\n");
    assert_eq!(sleeping.response().text(), "slept\n");
    assert!(sleeping.is_closed() && half.is_closed());
    let ended = served.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_second_signal_does_not_wait() {
    let served = Served::start(&[]);
    let mut client = under_way(&served);
    served.signal(Signal::TERM);
    until_closed(served.address);
    served.signal(Signal::TERM);
    let ended = served.wait();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert_eq!(client.next_chunk(), None);
}

#[test]
fn nobody_waits_longer_than_the_grace() {
    let served = Served::start(&["--grace", "1s"]);
    let _client = under_way(&served);
    served.signal(Signal::TERM);
    let ended = served.wait();
    assert_ne!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_port_is_in_use_until_it_is_not() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = serve(&SERVICE, &["--addr", &address]).stdin(Stdio::null()).output_in_time();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains(&address) && stderr.contains("in use"), "{stderr}");
    drop(taken);

    // Right after a service ended with open connections, another service can listen at the same address.
    for _ in 0..2 {
        let served = Served::from_command(serve(&SERVICE, &["--addr", &address]).args([] as [&str; 0]));
        let mut client = served.client();
        assert_eq!(client.get("/hello").status, 200);
        served.end();
    }
}
