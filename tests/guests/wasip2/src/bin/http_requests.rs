//! wasi:http/outgoing-handler: requests with bodies, several at once, and cancelled ones, to a peer that is this
//! program itself.

use guests_wasip2::http::{Peer, field, head, kind, read, response, send};
use guests_wasip2::sockets::Connection;
use wasip2::http::types::{Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest};
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LARGE: usize = 1_000_000;

fn answer(connection: &Connection, request: &FutureIncomingResponse) {
    connection.write_all(ANSWER).expect("written");
    let response = response(request).expect("a response");
    println!("  {} {:?}", response.status(), read(&response.consume().expect("the body")).map(|body| body.len()));
}

fn with_length(length: usize) -> Fields {
    Fields::from_list(&[("content-length".to_owned(), length.to_string().into())]).expect("a valid list")
}

/// The part of a head that the peer prints.
fn heads() {
    let peer = Peer::new();
    let fields = Fields::from_list(&[
        ("x-one".to_owned(), b"1".to_vec()),
        ("x-one".to_owned(), b"2".to_vec()),
        ("accept".to_owned(), b"*/*".to_vec()),
    ]);
    let request = send(peer.request(&Method::Get, "/path?a=b%20c", fields.expect("a valid list")));
    let connection = peer.accept(&request);
    let seen = head(&connection, &request);
    println!("{:?}", seen.lines().next());
    println!("its own name: {}", field(&seen, "host") == Some(&peer.authority));
    let mut lines: Vec<_> =
        seen.lines().skip(1).map(str::to_ascii_lowercase).filter(|line| line.contains("x-one")).collect();
    lines.sort();
    println!("{lines:?}, {:?}", field(&seen, "accept"));
    println!("no body: {:?} {:?}", field(&seen, "content-length"), field(&seen, "transfer-encoding"));
    answer(&connection, &request);

    for (method, path) in [(Method::Options, "/"), (Method::Other("PURGE".to_owned()), ""), (Method::Delete, "?a")] {
        let request = send(peer.request(&method, path, Fields::new()));
        let connection = peer.accept(&request);
        println!("{:?}", head(&connection, &request).lines().next());
        answer(&connection, &request);
    }
}

/// Small bodies, as they arrive at the peer.
fn bodies() {
    for (what, fields, trailers) in [
        ("length", with_length(11), None),
        ("chunked", Fields::new(), None),
        ("trailers", Fields::new(), Some("x-sum")),
    ] {
        let peer = Peer::new();
        let request = peer.request(&Method::Post, "/", fields);
        let body = request.body().expect("the body");
        let request = send(request);
        let stream = body.write().expect("the stream");
        stream.blocking_write_and_flush(b"hello").expect("written");
        stream.blocking_write_and_flush(b" there").expect("written");
        drop(stream);
        let trailers =
            trailers.map(|name| Fields::from_list(&[(name.to_owned(), b"11".to_vec())]).expect("a valid list"));
        println!("{what}: {:?}", OutgoingBody::finish(body, trailers));
        let connection = peer.accept(&request);
        let seen = head(&connection, &request);
        println!("  {:?} {:?}", field(&seen, "content-length"), field(&seen, "transfer-encoding"));
        let received = if field(&seen, "content-length").is_some() {
            connection.read_exactly(11).expect("read")
        } else {
            unchunked(&connection)
        };
        println!("  {:?}", String::from_utf8_lossy(&received));
        answer(&connection, &request);
    }
}

/// The content of a chunked body. The sizes of the chunks are not printed.
fn unchunked(connection: &Connection) -> Vec<u8> {
    let line = || {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(connection.read_exactly(1).expect("read"));
        }
        String::from_utf8_lossy(&line).trim_end().to_owned()
    };
    let mut content = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(), 16).expect("a size");
        if size == 0 {
            // Trailers are announced, and sent only if they were announced.
            while !line().is_empty() {}
            return content;
        }
        content.extend(connection.read_exactly(size).expect("read"));
        assert_eq!(line(), "");
    }
}

/// Waits as long as the peer takes, and sends as fast as it reads.
fn large() {
    let peer = Peer::new();
    let request = peer.request(&Method::Put, "/", with_length(LARGE));
    let body = request.body().expect("the body");
    let request = send(request);
    let connection = peer.accept(&request);
    head(&connection, &request);
    let stream = body.write().expect("the stream");
    let content: Vec<u8> = (0..LARGE).map(|index| (index % 251) as u8).collect();
    let (mut sent, mut received) = (0, Vec::new());
    while received.len() < LARGE {
        let mut progress = false;
        // Once all declared bytes were written, the stream may be closed.
        let left = (LARGE - sent) as u64;
        let permit = if left > 0 { stream.check_write().expect("a permit").min(left) as usize } else { 0 };
        if permit > 0 {
            stream.write(&content[sent..sent + permit]).expect("written");
            sent += permit;
            progress = true;
        }
        let bytes = connection.input.read(1 << 20).expect("read");
        received.extend_from_slice(&bytes);
        if !progress && bytes.is_empty() {
            let (writable, readable) = (stream.subscribe(), connection.input.subscribe());
            if sent < LARGE {
                poll(&[&writable, &readable])
            } else {
                poll(&[&readable, &request.subscribe()])
            };
        }
    }
    drop(stream);
    println!("large: {:?} {sent} {}", OutgoingBody::finish(body, None), received == content);
    answer(&connection, &request);

    // The other way round.
    let request = send(peer.request(&Method::Get, "/", Fields::new()));
    let connection = peer.accept(&request);
    head(&connection, &request);
    connection.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes()).expect("written");
    let response = response(&request).expect("a response");
    let body = response.consume().expect("the body");
    let stream = body.stream().expect("the stream");
    let (mut sent, mut received) = (0, Vec::new());
    while received.len() < LARGE {
        let permit = connection.output.check_write().expect("a permit").min((LARGE - sent) as u64) as usize;
        connection.output.write(&content[sent..sent + permit]).expect("written");
        sent += permit;
        let bytes = stream.read(1 << 20).expect("read");
        received.extend_from_slice(&bytes);
        if permit == 0 && bytes.is_empty() {
            let (writable, readable) = (connection.output.subscribe(), stream.subscribe());
            if sent < LARGE {
                poll(&[&writable, &readable])
            } else {
                poll(&[&readable])
            };
        }
    }
    println!("large: {sent} {}", received == content);
    println!(
        "  {:?}",
        stream.blocking_read(1).map_err(|error| matches!(error, StreamError::Closed)).map(|bytes| bytes.len())
    );
}

/// A body of another length than it declared is not ended.
fn wrong_lengths() {
    for written in [&b"123"[..], b""] {
        let peer = Peer::new();
        let request = peer.request(&Method::Post, "/", with_length(5));
        let body = request.body().expect("the body");
        let request = send(request);
        let connection = peer.accept(&request);
        let stream = body.write().expect("the stream");
        if !written.is_empty() {
            stream.blocking_write_and_flush(written).expect("written");
        }
        drop(stream);
        println!("{} of 5: {:?}", written.len(), OutgoingBody::finish(body, None).map_err(|error| kind(&error)));
        head(&connection, &request);
        println!("  the peer sees: {}", connection.read_exactly(5).is_err());
        println!("  {:?}", response(&request).map(|response| response.status()).map_err(|_| "no response"));
    }
    println!("dropped");
    let peer = Peer::new();
    let request = peer.request(&Method::Post, "/", Fields::new());
    let body = request.body().expect("the body");
    let request = send(request);
    let connection = peer.accept(&request);
    body.write().expect("the stream").blocking_write_and_flush(b"begun").expect("written");
    drop(body);
    head(&connection, &request);
    let seen = connection.read_to_end().unwrap_or_default();
    println!("  the peer sees an end: {}", seen.ends_with(b"0\r\n\r\n"));
    println!("  {:?}", response(&request).map(|response| response.status()).map_err(|_| "no response"));
}

/// Requests in flight at the same time, answered in the opposite order.
fn several() {
    let peer = Peer::new();
    let requests: Vec<_> =
        (0..5).map(|index| send(peer.request(&Method::Get, &format!("/{index}"), Fields::new()))).collect();
    let connections: Vec<_> = requests
        .iter()
        .map(|request| {
            let connection = peer.accept(request);
            let seen = head(&connection, request);
            let index: usize = seen.split([' ', '/']).nth(2).and_then(|text| text.parse().ok()).expect("a number");
            (index, connection)
        })
        .collect();
    for (index, connection) in connections.iter().rev() {
        connection
            .write_all(format!("HTTP/1.1 20{index} OK\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .expect("written");
    }
    for (index, request) in requests.iter().enumerate() {
        println!("{index}: {:?}", response(request).map(|response| response.status()).ok());
    }
}

/// The peer sees the end of a request whose response is not waited for any more.
fn given_up() {
    let peer = Peer::new();
    let request = send(peer.request(&Method::Get, "/", Fields::new()));
    let connection = peer.accept(&request);
    head(&connection, &request);
    println!("not yet: {}", request.get().is_none());
    drop(request);
    println!("given up: {}", connection.input.blocking_read(1).is_err());

    // A request that is never sent.
    let request: OutgoingRequest = peer.request(&Method::Get, "/", Fields::new());
    drop(request.headers());
    drop(request);
}

fn main() {
    heads();
    bodies();
    large();
    wrong_lengths();
    several();
    given_up();
}
