//! A client that sends exactly the bytes of a test.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that hangs fails its test in the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection.
pub struct Client {
    /// The raw stream, for everything that the methods do not cover.
    pub stream: TcpStream,
    received: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub version: String,
    /// Names are lower case.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub trailers: Vec<(String, String)>,
    /// Whether the body is complete.
    pub complete: bool,
}

impl Response {
    /// The value of the first field of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(found, value)| (found == name).then_some(value.as_str()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and text.
    pub fn seen(&self) -> (u16, String) {
        (self.status, self.text())
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends bytes that the server may refuse for good reasons.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends a request without a body.
    pub fn request(&mut self, method: &str, path: &str) {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    /// Sends the last request of the connection.
    pub fn last(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.request("GET", path);
        self.response()
    }

    /// Sends a body of a declared length.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Response {
        self.send(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len()));
        self.send(body);
        self.response()
    }

    /// Begins a chunked request.
    pub fn begin(&mut self, path: &str) {
        self.send(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }

    /// Sends a chunk; an empty one is the last.
    pub fn chunk(&mut self, bytes: &[u8]) {
        self.send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat());
    }

    /// Ends the sending side.
    pub fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Receives more bytes; returns whether there were any.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(length) => {
                self.received.extend_from_slice(&buffer[..length]);
                length > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}; received so far: {:?}", String::from_utf8_lossy(&self.received)),
        }
    }

    /// Everything to the end of the connection.
    pub fn rest(&mut self) -> String {
        while self.receive() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// Whether the server closed the connection and sent nothing more.
    pub fn is_closed(&mut self) -> bool {
        self.received.is_empty() && !self.receive()
    }

    /// Exactly this many bytes, or fewer if the connection ends.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length && self.receive() {}
        let length = length.min(self.received.len());
        self.received.drain(..length).collect()
    }

    /// A line without its end, or `None` at the end of the connection.
    pub fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.received.drain(..end + 2).take(end).collect();
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            if !self.receive() {
                return None;
            }
        }
    }

    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        loop {
            let line = self.line().expect("the end of the fields");
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "");
                return fields;
            };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// A response without its body.
    pub fn head(&mut self) -> Response {
        let line = self.line().expect("a response");
        let mut words = line.splitn(3, ' ');
        let version = words.next().unwrap_or_default().to_owned();
        let status = words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
        let fields = self.fields();
        Response { status, version, fields, body: Vec::new(), trailers: Vec::new(), complete: true }
    }

    /// The content of the next chunk: empty for the last one, `None` if the connection ends first.
    pub fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line()?;
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("a chunk's size is {line:?}"));
        let content = self.take(size);
        if content.len() < size || (size > 0 && !self.line()?.is_empty()) {
            return None;
        }
        Some(content)
    }

    /// A response to anything but HEAD.
    pub fn response(&mut self) -> Response {
        let mut response = self.head();
        if response.status < 200 || [204, 304].contains(&response.status) {
            return response;
        }
        if response.field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            assert_eq!(response.field("content-length"), None);
            loop {
                match self.next_chunk() {
                    Some(chunk) if chunk.is_empty() => break,
                    Some(chunk) => response.body.extend(chunk),
                    None => {
                        response.complete = false;
                        return response;
                    }
                }
            }
            response.trailers = self.fields();
        } else if let Some(length) = response.field("content-length") {
            let length = length.parse().expect("a length");
            response.body = self.take(length);
            response.complete = response.body.len() == length;
        } else {
            while self.receive() {}
            response.body = std::mem::take(&mut self.received);
        }
        response
    }
}
