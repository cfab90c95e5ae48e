//! What the programs for outgoing requests share: a peer that is written here as well, on a socket of the program's
//! own, so that no other program is needed.

use crate::sockets::{Connection, FAMILIES, listen, loopback, port};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse, Method, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::StreamError;
use wasip2::sockets::network::ErrorCode as SocketError;
use wasip2::sockets::tcp::TcpSocket;

/// A peer.
pub struct Peer {
    listener: TcpSocket,
    /// `127.0.0.1:PORT`.
    pub authority: String,
}

impl Peer {
    /// A peer that listens.
    pub fn new() -> Self {
        let listener = listen(loopback(FAMILIES[0], 0)).unwrap();
        let authority = format!("127.0.0.1:{}", port(listener.local_address().unwrap()));
        Self { listener, authority }
    }

    /// A request to this peer.
    pub fn request(&self, method: &Method, path: &str, fields: Fields) -> OutgoingRequest {
        let request = OutgoingRequest::new(fields);
        request.set_method(method).unwrap();
        request.set_scheme(Some(&Scheme::Http)).unwrap();
        request.set_authority(Some(&self.authority)).unwrap();
        request.set_path_with_query(Some(path)).unwrap();
        request
    }

    /// The connection of a request.
    pub fn accept(&self, request: &FutureIncomingResponse) -> Connection {
        loop {
            match self.listener.accept() {
                Ok((socket, input, output)) => return Connection { input, output, socket },
                Err(SocketError::WouldBlock) => both(&self.listener.subscribe(), request),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

impl Default for Peer {
    fn default() -> Self {
        Self::new()
    }
}

/// Waits for one pollable, or for a response.
pub fn both(pollable: &Pollable, request: &FutureIncomingResponse) {
    poll(&[pollable, &request.subscribe()]);
}

/// Sends a request.
pub fn send(request: OutgoingRequest) -> FutureIncomingResponse {
    handle(request, None).unwrap()
}

/// Sends a request that waits at most this long, in nanoseconds, for the response and between its bytes.
pub fn send_within(request: OutgoingRequest, first: u64, between: u64) -> FutureIncomingResponse {
    let options = RequestOptions::new();
    options.set_connect_timeout(Some(10_000_000_000)).unwrap();
    options.set_first_byte_timeout(Some(first)).unwrap();
    options.set_between_bytes_timeout(Some(between)).unwrap();
    handle(request, Some(options)).unwrap()
}

/// Reads a request to the end of its head.
pub fn head(connection: &Connection, request: &FutureIncomingResponse) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        // A byte at a time, so that no byte of the body is taken.
        match connection.input.read(1) {
            Ok(byte) if byte.is_empty() => both(&connection.input.subscribe(), request),
            Ok(byte) => bytes.extend(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a field of a head, as it was sent.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Waits for a response.
pub fn response(request: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    loop {
        if let Some(result) = request.get() {
            assert!(matches!(request.get(), Some(Err(()))), "the second time there is nothing");
            return result.unwrap();
        }
        request.subscribe().block();
    }
}

/// The part of an error that is the same on every host.
pub fn kind(error: &ErrorCode) -> &'static str {
    match error {
        ErrorCode::ConnectionRefused => "refused",
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => "timeout",
        ErrorCode::HttpRequestBodySize(_) => "request size",
        _ => "failed",
    }
}

/// How a stream ended.
pub fn stream_kind(error: &StreamError) -> &'static str {
    match error {
        StreamError::Closed => "closed",
        StreamError::LastOperationFailed(_) => "failed",
    }
}

/// Reads a body to its end.
pub fn read(body: &IncomingBody) -> Result<Vec<u8>, &'static str> {
    let stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(1 << 20) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(stream_kind(&error)),
        }
    }
}

/// Names and values of fields.
pub type Entries = Vec<(String, Vec<u8>)>;

/// Waits for trailers: their entries.
pub fn trailers(trailers: &FutureTrailers) -> Result<Option<Entries>, &'static str> {
    loop {
        if let Some(result) = trailers.get() {
            return match result.unwrap() {
                Ok(fields) => Ok(fields.map(|fields| fields.entries())),
                Err(error) => Err(kind(&error)),
            };
        }
        trailers.subscribe().block();
    }
}
