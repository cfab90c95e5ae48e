//! wasi:sockets refuses cleanly: each use fails with an error code at some step, never with a trap.

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

const ADDRESSES: [(IpAddressFamily, IpSocketAddress); 2] = [
    (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 9, address: (127, 0, 0, 1) })),
    (
        IpAddressFamily::Ipv6,
        IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: 9,
            flow_info: 0,
            address: (0, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 0,
        }),
    ),
];

fn tcp_connect(family: IpAddressFamily, address: IpSocketAddress) -> Result<(), ErrorCode> {
    let socket = create_tcp_socket(family)?;
    socket.start_connect(&instance_network(), address)?;
    socket.subscribe().block();
    socket.finish_connect().map(drop)
}

fn tcp_bind(family: IpAddressFamily, address: IpSocketAddress) -> Result<(), ErrorCode> {
    let socket = create_tcp_socket(family)?;
    socket.start_bind(&instance_network(), address)?;
    socket.subscribe().block();
    socket.finish_bind()
}

fn udp_bind(family: IpAddressFamily, address: IpSocketAddress) -> Result<(), ErrorCode> {
    let socket = create_udp_socket(family)?;
    socket.start_bind(&instance_network(), address)?;
    socket.subscribe().block();
    socket.finish_bind()
}

fn lookup(name: &str) -> Result<(), ErrorCode> {
    let stream = resolve_addresses(&instance_network(), name)?;
    stream.subscribe().block();
    stream.resolve_next_address().map(drop)
}

fn main() {
    for (family, address) in ADDRESSES {
        println!("{family:?} connect: {}", tcp_connect(family, address).is_err());
        println!("{family:?} bind: {}", tcp_bind(family, address).is_err());
        println!("{family:?} datagrams: {}", udp_bind(family, address).is_err());
    }
    println!("localhost: {}", lookup("localhost").is_err());
    println!("nonsense: {}", lookup("..").is_err());
}
