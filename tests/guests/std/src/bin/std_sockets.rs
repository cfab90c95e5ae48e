//! Sockets through the standard library, as far as it supports them for the target.

use std::io::{ErrorKind, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

fn datagrams() -> Result<String> {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    one.connect(other.local_addr()?)?;
    one.send(b"to the other")?;
    let mut buffer = [0; 100];
    let (length, from) = other.recv_from(&mut buffer)?;
    assert_eq!(from, one.local_addr()?);
    other.send_to(b"and back", from)?;
    let back = one.recv(&mut buffer[length..])?;
    Ok(String::from_utf8_lossy(&buffer[..length + back]).into_owned())
}

/// The result of `accept` depends on the release of the standard library.
fn connection() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut stream = TcpStream::connect(listener.local_addr()?)?;
    assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_millis(1)))?;
    stream.write_all(b"into the buffers of the system")?;
    stream.set_nonblocking(true)?;
    let read = stream.peek(&mut [0; 1]).map_err(|error| error.kind());
    assert!(matches!(read, Err(ErrorKind::WouldBlock | ErrorKind::Unsupported | ErrorKind::InvalidInput)), "{read:?}");
    stream.shutdown(Shutdown::Both)?;
    Ok("connected".to_owned())
}

fn refused() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    drop(listener);
    TcpStream::connect(address).map(|_| "somebody".to_owned())
}

fn lookup() -> Result<String> {
    let found = ("localhost", 80).to_socket_addrs()?;
    Ok(found.filter(|address| address.is_ipv4()).map(|address| address.to_string()).collect())
}

fn main() {
    for (what, result) in
        [("datagrams", datagrams()), ("connection", connection()), ("refused", refused()), ("lookup", lookup())]
    {
        println!("{what}: {:?}", result.map_err(|error| error.kind()));
    }
}
