//! Connects to each of its arguments, `HOST:PORT`, sends a word and prints the answer.

use guests_wasip2::sockets::{connect, datagrams, lookup, loopback, outcome};
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::ShutdownType;
use wasip2::sockets::udp::OutgoingDatagram;

fn with_port(address: IpAddress, port: u16) -> IpSocketAddress {
    match address {
        IpAddress::Ipv4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }),
        IpAddress::Ipv6(address) => {
            IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
        }
    }
}

/// The answer, if one came, or the name of the last error.
fn dial(host: &str, port: u16) -> Result<String, ErrorCode> {
    let mut result = Err(ErrorCode::NameUnresolvable);
    for address in lookup(host)? {
        match connect(with_port(address, port)) {
            Ok(connection) => {
                connection.write_all(b"hello").unwrap();
                connection.socket.shutdown(ShutdownType::Send).unwrap();
                return Ok(String::from_utf8(connection.read_to_end().unwrap()).unwrap());
            }
            Err(error) => result = Err(error),
        }
    }
    result
}

fn datagram(port: u16) -> Result<u64, ErrorCode> {
    let socket = datagrams(loopback(IpAddressFamily::Ipv4, 0))?;
    let (_, outgoing) = socket.stream(None)?;
    outgoing.check_send()?;
    let remote_address = Some(loopback(IpAddressFamily::Ipv4, port));
    outgoing.send(&[OutgoingDatagram { data: b"hello".to_vec(), remote_address }])
}

fn main() {
    for argument in std::env::args().skip(1) {
        let (host, port) = argument.rsplit_once(':').expect("HOST:PORT");
        let port = port.parse().expect("a port");
        match dial(host, port) {
            Ok(answer) => println!("{host} answered {answer}"),
            Err(error) => println!("{host}: {}", error.name()),
        }
        println!("a datagram: {}", outcome(datagram(port)));
    }
}
