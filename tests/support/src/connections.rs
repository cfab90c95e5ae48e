//! Connections that do not let a test wait for ever.

use crate::processes::{PATIENCE, wait_until};
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};

/// Connects. Reading and writing fail after [`PATIENCE`].
///
/// # Panics
/// If no server listens at the address.
#[track_caller]
pub fn connect(address: impl ToSocketAddrs) -> TcpStream {
    patient(TcpStream::connect(address).expect("somebody listens"))
}

/// Waits for a connection. Reading from it and writing to it fail after [`PATIENCE`].
///
/// # Panics
/// If no connection comes within that time.
#[track_caller]
pub fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let stream = wait_until("a connection to the listener", || match listener.accept() {
        Ok((stream, _)) => Some(stream),
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("cannot accept a connection: {error}"),
    });
    stream.set_nonblocking(false).unwrap();
    patient(stream)
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}
