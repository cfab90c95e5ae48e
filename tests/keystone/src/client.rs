//! HTTP/1.1, as far as the suite speaks it: exactly the bytes of a test, on the connection of its choice.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// How the content of an answer is delimited.
#[derive(Clone, Copy)]
enum Framing {
    Chunked,
    Length(u64),
    UntilClose,
}

/// An answer, whose content may not have arrived yet.
pub struct Answer {
    pub status: u16,
    framing: Framing,
    pub content: Vec<u8>,
}

impl Client {
    /// # Errors
    /// If no server listens at the address.
    pub fn new(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("nobody listens at {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a request, and waits for the answer.
    ///
    /// # Errors
    /// If no answer arrives.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask(path)?;
        self.answer()
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn ask(&mut self, path: &str) -> Result<()> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: suite\r\n\r\n").as_bytes())
    }

    /// Begins a request whose content comes in chunks.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn begin(&mut self, path: &str) -> Result<()> {
        self.send(format!("POST {path} HTTP/1.1\r\nHost: suite\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes())
    }

    /// Sends a chunk; an empty one is the last.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn chunk(&mut self, content: &[u8]) -> Result<()> {
        self.send(&[format!("{:x}\r\n", content.len()).as_bytes(), content, b"\r\n"].concat())
    }

    /// The same connection, to send on while another thread receives.
    ///
    /// # Errors
    /// If the system has no more handles.
    pub fn again(&self) -> Result<Self> {
        Ok(Self { stream: BufReader::new(self.stream.get_ref().try_clone()?) })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(bytes).context("the server takes no more")
    }

    /// Waits for an answer with its content.
    ///
    /// # Errors
    /// If the connection ends early, or the answer is not HTTP.
    pub fn answer(&mut self) -> Result<Answer> {
        let mut answer = self.head()?;
        match answer.framing {
            Framing::Chunked => loop {
                let chunk = self.next_chunk()?;
                if chunk.is_empty() {
                    break;
                }
                answer.content.extend(chunk);
            },
            Framing::Length(length) => answer.content = self.exactly(length)?,
            Framing::UntilClose => {
                self.stream.read_to_end(&mut answer.content).context("the answer breaks off")?;
            }
        }
        Ok(answer)
    }

    /// Waits for an answer without its content.
    ///
    /// # Errors
    /// If no answer arrives, or it is not HTTP.
    pub fn head(&mut self) -> Result<Answer> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.with_context(|| format!("an answer begins with {line:?}"))?;
        let mut framing = Framing::UntilClose;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("transfer-encoding", "chunked")) => framing = Framing::Chunked,
                Some(("content-length", length)) => {
                    framing = Framing::Length(length.parse().context("a length is no number")?);
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(Answer { status, framing, content: Vec::new() })
    }

    /// The content of the next chunk. An empty chunk is the last one, and ends the answer.
    ///
    /// # Errors
    /// If the connection ends before the chunk, or the bytes are not a chunk.
    pub fn next_chunk(&mut self) -> Result<Vec<u8>> {
        let line = self.line()?;
        let length = u64::from_str_radix(&line, 16).with_context(|| format!("a chunk's size is {line:?}"))?;
        let content = self.exactly(length)?;
        ensure!(self.line()?.is_empty(), "a chunk is longer than its size, or trailers follow");
        Ok(content)
    }

    fn exactly(&mut self, length: u64) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.stream.by_ref().take(length).read_to_end(&mut content).context("the answer breaks off")?;
        ensure!(content.len() as u64 == length, "the answer breaks off");
        Ok(content)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).context("no answer")?;
        let line = line.strip_suffix("\r\n").context("the connection ended before the answer")?;
        Ok(line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Client;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    /// A client of a server that sends this to the first connection, whatever it receives, and closes it.
    fn client_of(answers: &'static str) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(&listener.local_addr().unwrap().to_string()).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
            stream.write_all(answers.as_bytes()).unwrap();
        });
        client
    }

    #[test]
    fn answers_of_every_framing_are_taken() {
        let mut client = client_of(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\nb\r\n on and on\n\r\n0\r\n\r\n\
             HTTP/1.1 500 Fault\r\ncontent-length:  4\r\n\r\nsome\
             HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nall the rest",
        );
        client.ask("/").unwrap();
        for (status, content) in [(200, "Hello on and on\n"), (500, "some"), (404, "all the rest")] {
            let answer = client.answer().unwrap();
            assert_eq!((answer.status, &answer.content[..]), (status, content.as_bytes()));
        }
        assert!(client.answer().is_err());
    }

    #[test]
    fn what_breaks_off_is_an_error() {
        for answers in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello and more\r\n0\r\n\r\n",
            "SSH-2.0-server\r\n",
        ] {
            assert!(client_of(answers).get("/").is_err(), "{answers:?}");
        }
    }
}
