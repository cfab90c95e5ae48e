//! Sends bytes to a server that echoes, while it reads them back.

use anyhow::{Context, Result, anyhow, ensure};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

/// The bytes that are sent again and again. No power of two divides their length, so that lost or repeated bytes are
/// noticed.
fn piece() -> Vec<u8> {
    (0..65_537_u32).map(|index| (index % 251) as u8).collect()
}

/// The seconds until `length` bytes are back. All of them are compared.
///
/// # Errors
/// If the connection fails, or other bytes come back.
pub fn seconds(address: SocketAddr, length: u64) -> Result<f64> {
    let piece = piece();
    let mut reading = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    let writing = reading.try_clone().context("cannot use the connection twice")?;
    let start = Instant::now();
    thread::scope(|scope| {
        let sent = scope.spawn(|| send(writing, &piece, length));
        let received = receive(&mut reading, &piece, length);
        sent.join().map_err(|_| anyhow!("the sender panicked"))?.context("cannot send")?;
        received
    })?;
    Ok(start.elapsed().as_secs_f64())
}

fn send(mut writing: TcpStream, piece: &[u8], mut length: u64) -> std::io::Result<()> {
    while length > 0 {
        let now = usize::try_from(length).unwrap_or(usize::MAX).min(piece.len());
        writing.write_all(&piece[..now])?;
        length -= now as u64;
    }
    writing.shutdown(Shutdown::Write)
}

fn receive(reading: &mut TcpStream, piece: &[u8], length: u64) -> Result<()> {
    let mut buffer = vec![0; 1 << 16];
    let (mut received, mut expected) = (0, piece);
    loop {
        // Reads up to the end of a piece, so that one comparison is enough.
        let most = buffer.len().min(expected.len());
        let count = match reading.read(&mut buffer[..most]).context("cannot receive")? {
            0 => break,
            count => count,
        };
        let (now, later) = expected.split_at(count);
        ensure!(buffer[..count] == *now, "something else came back, {received} bytes from the beginning");
        expected = if later.is_empty() { piece } else { later };
        received += count as u64;
    }
    ensure!(received == length, "{received} of {length} bytes came back");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread::{JoinHandle, spawn};
    use wasmstone_test_support::connections::accept;

    /// Echoes one connection, with all bytes after this number changed.
    fn echoing(right: usize) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move || {
            let mut connection = accept(&listener);
            let (mut buffer, mut all) = ([0; 1000], 0);
            loop {
                let count = connection.read(&mut buffer).unwrap();
                for byte in buffer.iter_mut().take(count).skip(right.saturating_sub(all)) {
                    *byte ^= 1;
                }
                all += count;
                // The other side may have closed the connection after an error.
                if count == 0 || connection.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        };
        (address, spawn(serve))
    }

    #[test]
    fn what_comes_back_is_compared() {
        let (address, server) = echoing(usize::MAX);
        assert!(seconds(address, 1_000_000).unwrap() > 0.0);
        server.join().unwrap();
        let (address, _) = echoing(70_000);
        let error = seconds(address, 100_000).unwrap_err().to_string();
        assert!(error.contains("something else came back"), "{error}");
    }
}
