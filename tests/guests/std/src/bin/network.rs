//! The network, through the standard library, is refused with an error.

use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

fn main() {
    println!("connect refused: {}", TcpStream::connect("127.0.0.1:9").is_err());
    println!("listen refused: {}", TcpListener::bind("127.0.0.1:0").is_err());
    println!("datagrams refused: {}", UdpSocket::bind("127.0.0.1:0").is_err());
    println!("lookup refused: {}", ("example.org", 80).to_socket_addrs().is_err());
}
