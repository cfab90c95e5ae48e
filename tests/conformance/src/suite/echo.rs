//! The HTTP server that programs send requests to: it answers with the request's content.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read, Write, copy, sink};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The protocol of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP/1.1: answers with the request's body, and its method and target in the fields
    /// `x-wasmtime-test-method` and `x-wasmtime-test-uri`, as the server of Wasmtime's tests does.
    Http1,
    /// HTTP/2, which the programs do not speak: sends an error, and closes the connection.
    Http2,
}

/// A running server; it ends when this is dropped.
pub struct Echo {
    port: u16,
    ended: Arc<AtomicBool>,
}

impl Echo {
    /// Starts a server, on a port of its own.
    ///
    /// # Errors
    /// If the server cannot listen.
    pub fn start(protocol: Protocol) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen")?;
        let port = listener.local_addr()?.port();
        let ended = Arc::new(AtomicBool::new(false));
        let has_ended = Arc::clone(&ended);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if has_ended.load(Ordering::Relaxed) {
                    break;
                }
                // A client may close the connection at any time.
                thread::spawn(move || match protocol {
                    Protocol::Http1 => answer(&connection),
                    Protocol::Http2 => answer_http2(&connection),
                });
            }
        });
        Ok(Self { port, ended })
    }

    /// The server's address: host and port.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the server, so that it sees the flag.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// Answers one request.
fn answer(mut connection: &TcpStream) -> Result<()> {
    let mut request = BufReader::new(connection);
    let first = line(&mut request)?;
    let [method, target, _version] = first.split(' ').collect::<Vec<_>>()[..] else { bail!("not a request") };
    let (mut length, mut is_chunked) = (None, false);
    loop {
        let field = line(&mut request)?;
        let Some((name, value)) = field.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<u64>()?);
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
    }
    let framing = match length {
        _ if is_chunked => "transfer-encoding: chunked".to_owned(),
        length => format!("content-length: {}", length.unwrap_or(0)),
    };
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nx-wasmtime-test-method: {method}\r\nx-wasmtime-test-uri: {target}\r\n{framing}\r\n\
         connection: close\r\n\r\n"
    )?;
    if is_chunked {
        return echo_chunks(&mut request, connection);
    }
    copy(&mut request.take(length.unwrap_or(0)), &mut connection)?;
    Ok(())
}

/// Chunks are passed on unchanged, with the bytes between them.
fn echo_chunks(request: &mut BufReader<&TcpStream>, mut connection: &TcpStream) -> Result<()> {
    loop {
        let size = line(request)?;
        let length = u64::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)?;
        write!(connection, "{size}\r\n")?;
        if length == 0 {
            break;
        }
        copy(&mut request.by_ref().take(length + 2), &mut connection)?;
    }
    loop {
        let trailer = line(request)?;
        write!(connection, "{trailer}\r\n")?;
        if trailer.is_empty() {
            return Ok(());
        }
    }
}

/// Sends its settings, and then the error for a client that does not answer with its own.
fn answer_http2(mut connection: &TcpStream) -> Result<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    connection.write_all(&SETTINGS)?;
    connection.read_exact(&mut [0])?;
    connection.write_all(&GOAWAY)?;
    // Closing the connection with unread bytes would discard what was sent.
    connection.shutdown(Shutdown::Write)?;
    copy(&mut connection, &mut sink())?;
    Ok(())
}

/// A line without its end.
fn line(from: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => bail!("the line has no end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(protocol: Protocol, request: &str) -> Vec<u8> {
        let server = Echo::start(protocol).unwrap();
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        let mut response = Vec::new();
        connection.read_to_end(&mut response).unwrap();
        response
    }

    #[test]
    fn bodies_come_back_as_they_were_sent() {
        for (fields, body) in [
            ("Content-Length: 5\r\n", "hello"),
            ("transfer-encoding: chunked\r\n", "5;x=y\r\nhello\r\n2\r\n, \r\n0\r\nt: u\r\n\r\n"),
            ("", ""),
        ] {
            let response = exchange(Protocol::Http1, &format!("PUT /a?b HTTP/1.1\r\nhost: x\r\n{fields}\r\n{body}"));
            let response = String::from_utf8(response).unwrap();
            let (head, found) = response.split_once("\r\n\r\n").unwrap();
            assert_eq!(found, body);
            assert!(head.contains("x-wasmtime-test-method: PUT\r\nx-wasmtime-test-uri: /a?b\r\n"), "{head}");
            assert!(head.contains(&fields.trim().to_lowercase()), "{head}");
        }
    }

    #[test]
    fn the_other_protocol_is_not_http_1() {
        let response = exchange(Protocol::Http2, "GET / HTTP/1.1\r\n\r\n");
        assert!(response.starts_with(&[0, 0, 0, 4]), "{response:?}");
    }
}
