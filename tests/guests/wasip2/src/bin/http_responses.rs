//! wasi:http/outgoing-handler: responses of every shape, from a peer that is this program itself.

use guests_wasip2::http::{Peer, head, kind, read, response, send, send_within, stream_kind, trailers};
use wasip2::http::types::{Fields, IncomingBody, IncomingResponse, Method, Scheme};
use wasip2::sockets::tcp::ShutdownType;

const LONG: u64 = 3_600_000_000_000;
const SHORT: u64 = 20_000_000;

/// Fields, body and trailers of a response.
fn show(response: IncomingResponse) {
    let headers = response.headers();
    let mut entries: Vec<_> = headers
        .entries()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned()))
        .collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    println!("  {} {entries:?}, mutable: {}", response.status(), headers.append("x", b"x").is_ok());
    drop(headers);
    let body = response.consume().expect("the body");
    println!("  again: {}", response.consume().is_ok());
    match read(&body) {
        Ok(bytes) => println!("  {:?}", String::from_utf8_lossy(&bytes)),
        Err(kind) => return println!("  the body: {kind}"),
    }
    println!("  the stream again: {}", body.stream().is_ok());
    println!("  trailers: {:?}", trailers(&IncomingBody::finish(body)));
}

/// Sends a request, answers it with these bytes and the end of the connection, and prints the result.
fn answered(what: &str, method: &Method, answer: &[u8]) {
    println!("{what}");
    let peer = Peer::new();
    let request = send(peer.request(method, "/path?query", Fields::new()));
    let connection = peer.accept(&request);
    head(&connection, &request);
    connection.write_all(answer).expect("written");
    connection.socket.shutdown(ShutdownType::Send).expect("shut down");
    match response(&request) {
        Ok(response) => show(response),
        Err(error) => println!("  {}", kind(&error)),
    }
}

fn shapes() {
    let get = Method::Get;
    answered("length", &get, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-One: 1\r\nx-one: 2\r\n\r\nhello");
    answered("length 0", &get, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    answered("until the end", &get, b"HTTP/1.1 200 OK\r\n\r\nuntil the end");
    answered("old", &get, b"HTTP/1.0 200 OK\r\n\r\nold");
    answered("no reason", &get, b"HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n");
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n";
    answered("chunked", &get, chunked);
    answered(
        "trailers",
        &get,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\nA\r\n0123456789\r\n0\r\nx-sum: 45\r\n\r\n",
    );
    answered("no content", &get, b"HTTP/1.1 204 No Content\r\n\r\n");
    answered("not modified", &get, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n");
    answered("of a head", &Method::Head, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    answered("an error", &get, b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno");
    answered(
        "early hints",
        &get,
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
}

fn broken() {
    let get = Method::Get;
    answered("nothing", &get, b"");
    answered("half a head", &get, b"HTTP/1.1 200 OK\r\nContent-");
    answered("garbage", &get, b"this is not HTTP\r\n\r\n");
    answered("another version", &get, b"HTTP/7.3 200 OK\r\n\r\n");
    answered("no number", &get, b"HTTP/1.1 abc OK\r\n\r\n");
    answered("bad length", &get, b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello");
    answered("two lengths", &get, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello");
    answered("too short", &get, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    answered("half a chunk", &get, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhello");
    answered("no last chunk", &get, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    answered("bad chunk", &get, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n");
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "v".repeat(1 << 20));
    println!("a megabyte of a field");
    let peer = Peer::new();
    let request = send(peer.request(&get, "/", Fields::new()));
    let connection = peer.accept(&request);
    head(&connection, &request);
    // Not all of it is read.
    let _ = connection.write_all(long.as_bytes());
    println!("  {:?}", response(&request).map(|response| response.status()).map_err(|error| kind(&error)));
}

fn late() {
    println!("a silent peer");
    let peer = Peer::new();
    let request = send_within(peer.request(&Method::Get, "/", Fields::new()), SHORT, LONG);
    let connection = peer.accept(&request);
    println!("  {:?}", response(&request).map(|response| response.status()).map_err(|error| kind(&error)));
    drop(connection);

    println!("a peer that stops");
    let request = send_within(peer.request(&Method::Get, "/", Fields::new()), LONG, SHORT);
    let connection = peer.accept(&request);
    head(&connection, &request);
    connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").expect("written");
    let response = response(&request).expect("a response");
    let body = response.consume().expect("the body");
    println!("  {:?}", read(&body).map(|bytes| bytes.len()));
}

fn not_sent() {
    println!("nobody listens");
    let peer = Peer::new();
    let request = peer.request(&Method::Get, "/", Fields::new());
    drop(peer);
    let request = send(request);
    println!("  {:?}", response(&request).map(|response| response.status()).map_err(|error| kind(&error)));

    let peer = Peer::new();
    let unsent = |change: &dyn Fn(&wasip2::http::types::OutgoingRequest)| {
        let request = peer.request(&Method::Get, "/", Fields::new());
        change(&request);
        match wasip2::http::outgoing_handler::handle(request, None) {
            Ok(request) => response(&request).map(|response| response.status()).map_err(|error| kind(&error)),
            Err(error) => Err(kind(&error)),
        }
    };
    println!("no authority: {:?}", unsent(&|request| request.set_authority(None).unwrap()));
    println!(
        "another scheme: {:?}",
        unsent(&|request| {
            request.set_scheme(Some(&Scheme::Other("gopher".to_owned()))).unwrap();
        })
    );
    // The longest possible name has 253 characters, so no server is asked for this one.
    let name = format!("{}.invalid:80", "x".repeat(300));
    println!("no such name: {:?}", unsent(&|request| request.set_authority(Some(&name)).unwrap()));
}

/// A response whose body is read while it arrives.
fn piece_by_piece() {
    println!("piece by piece");
    let peer = Peer::new();
    let request = send(peer.request(&Method::Get, "/", Fields::new()));
    let connection = peer.accept(&request);
    head(&connection, &request);
    connection.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").expect("written");
    let response = response(&request).expect("a response");
    let body = response.consume().expect("the body");
    let stream = body.stream().expect("the stream");
    println!("  nothing yet: {:?}", stream.read(10).map(|bytes| bytes.len()).ok());
    println!("  ready: {}", stream.subscribe().ready());
    for piece in ["one", "two", "three"] {
        connection.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).expect("written");
        println!("  {:?}", stream.blocking_read(100).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok());
    }
    connection.write_all(b"5\r\nskip").expect("written");
    let mut skipped = 0;
    while skipped < 4 {
        skipped += stream.blocking_skip(10).expect("skipped");
    }
    connection.write_all(b"!\r\n0\r\n\r\n").expect("written");
    println!("  {:?}", stream.blocking_read(1).ok());
    println!("  {}", stream_kind(&stream.blocking_read(1).expect_err("the end")));
    drop(stream);
    println!("  trailers: {:?}", trailers(&IncomingBody::finish(body)));
}

/// Bodies that are not read, or not to their end.
fn unread() {
    for wanted in [0, 3] {
        let peer = Peer::new();
        let request = send(peer.request(&Method::Get, "/", Fields::new()));
        let connection = peer.accept(&request);
        head(&connection, &request);
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n";
        connection.write_all(answer).expect("written");
        let response = response(&request).expect("a response");
        let body = response.consume().expect("the body");
        if wanted > 0 {
            let stream = body.stream().expect("the stream");
            println!("read: {:?}", stream.blocking_read(wanted).map(|bytes| bytes.len()).ok());
        }
        println!("trailers: {:?}", trailers(&IncomingBody::finish(body)));
    }
}

fn main() {
    shapes();
    broken();
    late();
    not_sent();
    piece_by_piece();
    unread();
}
