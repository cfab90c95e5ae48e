//! Sends pictures of digits to a server like `examples/digits`, and checks the answers.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::Agent;

/// Longer than an interpreter in an emulator needs for one picture, or this machine for many at once.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A picture.
pub struct Picture {
    file: Vec<u8>,
    /// The digit that it shows.
    pub digit: u64,
}

/// The example's own pictures: each is named after its digit.
///
/// # Errors
/// If a picture is missing.
pub fn pictures() -> Result<Vec<Picture>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/pictures");
    let mut pictures = Vec::new();
    for digit in 0..10 {
        let named = ["png", "pgm"].map(|kind| directory.join(format!("{digit}.{kind}")));
        let file = named.iter().find_map(|path| fs::read(path).ok());
        let file = file.with_context(|| format!("{} has no picture of a {digit}", directory.display()))?;
        pictures.push(Picture { file, digit });
    }
    Ok(pictures)
}

/// A client that sends one picture after the other.
pub struct Client {
    agent: Agent,
    address: SocketAddr,
    keep_alive: bool,
}

impl Client {
    /// Sends to `address`, all pictures on one connection or each picture on a connection of its own.
    pub fn new(address: SocketAddr, keep_alive: bool) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
        let agent = config.max_idle_connections(usize::from(keep_alive)).build().new_agent();
        Self { agent, address, keep_alive }
    }

    /// Sends a picture and checks the answer.
    ///
    /// # Errors
    /// If no answer arrives, or it is not the picture's digit.
    pub fn send(&self, picture: &Picture) -> Result<()> {
        let mut request = self.agent.post(format!("http://{}/classify", self.address));
        if !self.keep_alive {
            request = request.header("Connection", "close");
        }
        let response = request.send(&picture.file[..]);
        let mut response = response.with_context(|| format!("{} does not answer", self.address))?;
        let status = response.status();
        let body = response.body_mut().read_to_string().context("the answer breaks off")?;
        ensure!(status == 200, "the server answers {status}: {body}");
        let answer: Value = serde_json::from_str(&body).with_context(|| format!("the answer is {body:?}"))?;
        ensure!(answer["digit"] == picture.digit, "a {} was taken for something else: {body}", picture.digit);
        Ok(())
    }

    /// Sends `count` pictures, these again and again, and returns how many seconds that took.
    ///
    /// # Errors
    /// The errors of [`Self::send`].
    pub fn round(&self, pictures: &[Picture], count: usize) -> Result<f64> {
        let start = Instant::now();
        for picture in pictures.iter().cycle().take(count) {
            self.send(picture)?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
pub mod tests {
    use super::{Client, pictures};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread::{JoinHandle, spawn};
    use wasmstone_test_support::connections::accept;

    /// A server that answers every request with this body, for this number of connections, and counts the requests.
    pub fn answering(connections: usize, body: &'static str) -> (SocketAddr, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move || {
            let served: Vec<_> = (0..connections)
                .map(|_| {
                    let stream = accept(&listener);
                    spawn(move || answer(stream, body))
                })
                .collect();
            served.into_iter().map(|requests| requests.join().unwrap()).sum()
        };
        (address, spawn(serve))
    }

    fn answer(stream: TcpStream, body: &str) -> usize {
        let mut reader = BufReader::new(stream);
        let mut requests = 0;
        loop {
            let (mut line, mut length, mut last) = (String::new(), 0, false);
            while reader.read_line(&mut line).unwrap() > 2 {
                let field = line.to_lowercase();
                if let Some(value) = field.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                last |= field.starts_with("connection: close");
                line.clear();
            }
            if length == 0 {
                return requests;
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            reader.get_mut().write_all(reply.as_bytes()).unwrap();
            requests += 1;
            if last {
                return requests;
            }
        }
    }

    #[test]
    fn a_wrong_answer_is_an_error() {
        let (address, server) = answering(1, r#"{"digit": 7}"#);
        let error = Client::new(address, false).round(&pictures().unwrap(), 1).unwrap_err();
        assert!(error.to_string().contains("taken for something else"), "{error:#}");
        assert_eq!(server.join().unwrap(), 1);
    }
}
