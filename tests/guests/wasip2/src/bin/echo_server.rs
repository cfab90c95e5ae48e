//! Echoes on every connection at once, in one loop around one poll, until standard input ends. Listens at the port of
//! the argument, or at any. The end of each connection is printed.

use guests_wasip2::sockets::{Connection, FAMILIES, listen, loopback, port};
use wasip2::cli::stdin::get_stdin;
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;
use wasip2::sockets::network::ErrorCode;
use wasip2::sockets::tcp::ShutdownType;

/// A connection, and the bytes that were read from it and not written yet.
struct Echo {
    connection: Connection,
    unwritten: Vec<u8>,
    ended: bool,
}

impl Echo {
    /// Reads and writes as much as possible; returns how the connection ended, if it did.
    fn go(&mut self) -> Option<&'static str> {
        if self.unwritten.is_empty() && !self.ended {
            match self.connection.input.read(65536) {
                Ok(bytes) => self.unwritten = bytes,
                Err(StreamError::Closed) => self.ended = true,
                Err(StreamError::LastOperationFailed(_)) => return Some("reading failed"),
            }
        }
        if !self.unwritten.is_empty() {
            let output = &self.connection.output;
            let permit = match output.check_write() {
                Ok(permit) => self.unwritten.len().min(permit as usize),
                Err(_) => return Some("writing failed"),
            };
            let later = self.unwritten.split_off(permit);
            if permit > 0 && output.write(&self.unwritten).is_err() {
                return Some("writing failed");
            }
            self.unwritten = later;
        }
        if self.ended && self.unwritten.is_empty() {
            let _ = self.connection.socket.shutdown(ShutdownType::Send);
            return Some("ended");
        }
        None
    }
}

fn main() {
    let wanted = std::env::args().nth(1).map_or(0, |text| text.parse().expect("a port"));
    let listener = match listen(loopback(FAMILIES[0], wanted)) {
        Ok(listener) => listener,
        Err(error) => return println!("cannot listen: {}", error.name()),
    };
    println!("port {}", port(listener.local_address().unwrap()) != 0);
    eprintln!("{}", port(listener.local_address().unwrap()));
    let stdin = get_stdin();
    let (input, arrivals) = (stdin.subscribe(), listener.subscribe());
    let mut echoes: Vec<Echo> = Vec::new();
    loop {
        // What is waited for on each connection: to be readable, or to be writable.
        let waits: Vec<_> = echoes
            .iter()
            .map(|echo| match echo.unwritten.is_empty() {
                true => echo.connection.input.subscribe(),
                false => echo.connection.output.subscribe(),
            })
            .collect();
        let mut all = vec![&input, &arrivals];
        all.extend(&waits);
        let ready = poll(&all);
        drop(waits);
        for index in ready.iter().rev().filter(|index| **index >= 2) {
            if let Some(end) = echoes[*index as usize - 2].go() {
                println!("{end}");
                echoes.remove(*index as usize - 2);
            }
        }
        if ready.contains(&1) {
            loop {
                match listener.accept() {
                    Ok((socket, input, output)) => echoes.push(Echo {
                        connection: Connection { input, output, socket },
                        unwritten: Vec::new(),
                        ended: false,
                    }),
                    Err(ErrorCode::WouldBlock) => break,
                    Err(error) => {
                        println!("accepting: {}", error.name());
                        break;
                    }
                }
            }
        }
        if ready.contains(&0) && matches!(stdin.read(100), Err(StreamError::Closed)) {
            break;
        }
    }
    println!("open at the end: {}", echoes.len());
}
