//! Requests that a service sends: the responses, the grants, and the errors.

use crate::served::{SERVICE, Served, serve};
use rustix::net::sockopt::set_socket_linger;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Answers every connection on a port of this machine.
fn peer(answer: impl Fn(TcpStream, String) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            answer(connection, String::from_utf8_lossy(&head).into_owned());
        }
    });
    address
}

/// A server that always answers with the same bytes, and closes the connection.
fn saying(answer: &'static [u8]) -> SocketAddr {
    peer(move |mut connection, _| drop(connection.write_all(answer)))
}

#[test]
fn responses_come_through() {
    let served = Served::start(&["--net"]);
    for (answer, body) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"[..], "hello"),
        (b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nto the end", "to the end"),
        (b"HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nin\r\n3\r\n it\r\n0\r\n\r\n", "in it"),
    ] {
        let response = served.get(&format!("/forward?to={}/path", saying(answer)));
        assert_eq!(response.seen(), (200, body.to_owned()));
        assert!(response.fields.contains(&("x-received".to_owned(), "x-a: b".to_owned())), "{response:?}");
    }
    let echoing = peer(|mut connection, head| {
        let length = head.len();
        write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}").unwrap();
    });
    let head = served.get(&format!("/forward?to={echoing}/path")).text();
    assert!(head.starts_with("GET /path HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains(&format!("host: {echoing}\r\n")), "{head}");
}

#[test]
fn large_bodies_go_through() {
    const LENGTH: usize = 8 << 20;
    let served = Served::start(&["--net"]);
    let counting = peer(|mut connection, _| {
        let mut count = 0;
        let mut tail = Vec::new();
        let mut buffer = [0; 65536];
        while !tail.ends_with(b"\r\n0\r\n\r\n") {
            let length = connection.read(&mut buffer).unwrap();
            assert!(length > 0, "the end of the body");
            count += buffer[..length].iter().filter(|byte| **byte == b'x').count();
            tail = [&tail[tail.len().saturating_sub(7)..], &buffer[..length]].concat();
        }
        write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n").unwrap();
        connection.write_all(&vec![b'y'; count]).unwrap();
    });
    let mut client = served.client();
    let response = client.post(&format!("/forward?method=POST&to={counting}/"), &vec![b'x'; LENGTH]);
    assert!(response.complete && response.body.len() == LENGTH, "{} bytes", response.body.len());
    assert!(response.body.iter().all(|byte| *byte == b'y'));
}

#[test]
fn bad_peers() {
    let mut served = Served::start(&["--net"]);
    let resetting = peer(|connection, _| set_socket_linger(&connection, Some(Duration::ZERO)).unwrap());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (to, status) in [
        (saying(b"this is not HTTP\r\n\r\n"), 502),
        (saying(b""), 502),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 502),
        (resetting, 502),
        (nobody, 502),
    ] {
        let response = served.get(&format!("/forward?to={to}/"));
        assert_eq!(response.status, status, "{response:?}");
    }
    assert!(served.get(&format!("/forward?to={nobody}/")).text().contains("ConnectionRefused"));
    // A response that ends too early is not complete here either.
    let short = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert!(!served.get(&format!("/forward?to={short}/")).complete);
    served.says("the response failed");

    // No wait is longer than the service asked for.
    let (sender, receiver) = channel::<()>();
    let silent = peer(move |connection, _| {
        let _ = receiver.recv();
        drop(connection);
    });
    let answer = served.get(&format!("/forward?milliseconds=30&to={silent}/")).seen();
    assert!(answer.0 == 502 && answer.1.contains("Timeout"), "{answer:?}");
    drop(sender);

    // The longest possible name has 253 characters, so no server is asked for this one.
    let name = "x".repeat(300);
    let answer = served.get(&format!("/forward?to={name}.invalid:80/")).seen();
    assert!(answer.0 == 502 && answer.1.contains("Dns"), "{answer:?}");
    served.still_serves();
}

#[test]
fn two_at_once() {
    let served = Served::start(&["--net"]);
    let (sender, receiver) = channel();
    // The first answers only once the second has answered.
    let first = peer(move |mut connection, _| {
        receiver.recv().unwrap();
        connection.write_all(b"HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let second = peer(move |mut connection, _| {
        connection.write_all(b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        drop(connection);
        sender.send(()).unwrap();
    });
    let answer = served.get(&format!("/both?first={first}/&second={second}/")).text();
    assert!(answer.contains("first: Ok(201)") && answer.contains("second: Ok(202)"), "{answer}");
}

#[test]
fn only_what_is_granted() {
    let (there, elsewhere) = (saying(b"HTTP/1.1 200 OK\r\n\r\nthere"), saying(b"HTTP/1.1 200 OK\r\n\r\nelsewhere"));
    let directory = TempDir::new().unwrap();
    let log = directory.path().join("log");
    let served = Served::start(&["--connect", &there.to_string(), "--log", log.to_str().unwrap()]);
    assert_eq!(served.get(&format!("/forward?to={there}/")).text(), "there");
    let refused = served.get(&format!("/forward?to={elsewhere}/")).seen();
    assert!(refused.0 == 502 && refused.1.contains("HttpRequestDenied"), "{refused:?}");
    let refused = served.get("/forward?to=somebody.example:80/").seen();
    assert!(refused.0 == 502 && refused.1.contains("HttpRequestDenied"), "{refused:?}");
    served.end();
    let lines = fs::read_to_string(log).unwrap();
    assert!(lines.contains(&elsewhere.to_string()) && lines.contains("somebody.example"), "{lines}");
    assert_eq!(lines.lines().count(), 2, "{lines}");

    // Nothing is granted, unless an option says so.
    let served = Served::from_command(&mut serve(&SERVICE, &["--addr", "127.0.0.1:0"]));
    let refused = served.get(&format!("/forward?to={there}/")).seen();
    assert!(refused.0 == 502 && refused.1.contains("HttpRequestDenied"), "{refused:?}");
}
