//! What the programs for `wasi:sockets` share.

use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp::UdpSocket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

/// Both families.
pub const FAMILIES: [IpAddressFamily; 2] = [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6];

/// A connection's socket and streams. The socket has to be dropped last, but Rust drops tuples in another order; a
/// struct is dropped in the order of its fields.
pub struct Connection {
    /// The stream that it receives from.
    pub input: InputStream,
    /// The stream that it sends to.
    pub output: OutputStream,
    /// The socket.
    pub socket: TcpSocket,
}

/// `ok`, or the name of the error.
pub fn outcome<T>(result: Result<T, ErrorCode>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(code) => code.name(),
    }
}

/// `ok`, `closed` or `failed`.
pub fn stream_outcome<T>(result: Result<T, StreamError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(StreamError::Closed) => "closed",
        Err(StreamError::LastOperationFailed(_)) => "failed",
    }
}

/// This machine's own address.
pub fn loopback(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) }),
        IpAddressFamily::Ipv6 => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port,
            flow_info: 0,
            address: (0, 0, 0, 0, 0, 0, 0, 1),
            scope_id: 0,
        }),
    }
}

/// Whether two addresses are the same.
pub fn same(one: IpSocketAddress, other: IpSocketAddress) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

/// The port of an address.
pub fn port(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(address) => address.port,
        IpSocketAddress::Ipv6(address) => address.port,
    }
}

fn family(address: &IpSocketAddress) -> IpAddressFamily {
    match address {
        IpSocketAddress::Ipv4(_) => IpAddressFamily::Ipv4,
        IpSocketAddress::Ipv6(_) => IpAddressFamily::Ipv6,
    }
}

/// Every address of a name.
pub fn lookup(name: &str) -> Result<Vec<IpAddress>, ErrorCode> {
    let stream = resolve_addresses(&instance_network(), name)?;
    let mut found = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Ok(Some(address)) => found.push(address),
            Ok(None) => return Ok(found),
            Err(ErrorCode::WouldBlock) => stream.subscribe().block(),
            Err(error) => return Err(error),
        }
    }
}

/// Binds a TCP socket.
pub fn bind(socket: &TcpSocket, address: IpSocketAddress) -> Result<(), ErrorCode> {
    socket.start_bind(&instance_network(), address)?;
    socket.subscribe().block();
    socket.finish_bind()
}

/// A listening socket.
pub fn listen(address: IpSocketAddress) -> Result<TcpSocket, ErrorCode> {
    let socket = create_tcp_socket(family(&address))?;
    bind(&socket, address)?;
    socket.start_listen()?;
    socket.subscribe().block();
    socket.finish_listen()?;
    Ok(socket)
}

/// Connects a socket.
pub fn connect_with(socket: TcpSocket, address: IpSocketAddress) -> Result<Connection, ErrorCode> {
    socket.start_connect(&instance_network(), address)?;
    loop {
        socket.subscribe().block();
        match socket.finish_connect() {
            Err(ErrorCode::WouldBlock) => {}
            result => return result.map(|(input, output)| Connection { input, output, socket }),
        }
    }
}

/// A connection.
pub fn connect(address: IpSocketAddress) -> Result<Connection, ErrorCode> {
    connect_with(create_tcp_socket(family(&address))?, address)
}

/// Waits for a connection.
pub fn accept(listener: &TcpSocket) -> Result<Connection, ErrorCode> {
    loop {
        match listener.accept() {
            Err(ErrorCode::WouldBlock) => listener.subscribe().block(),
            result => return result.map(|(socket, input, output)| Connection { input, output, socket }),
        }
    }
}

/// Both ends of a connection, from a listener that is dropped afterwards.
pub fn pair(family: IpAddressFamily) -> (Connection, Connection) {
    let listener = listen(loopback(family, 0)).unwrap();
    let client = connect(listener.local_address().unwrap()).unwrap();
    (client, accept(&listener).unwrap())
}

/// A bound UDP socket.
pub fn datagrams(address: IpSocketAddress) -> Result<UdpSocket, ErrorCode> {
    let socket = create_udp_socket(family(&address))?;
    socket.start_bind(&instance_network(), address)?;
    socket.subscribe().block();
    socket.finish_bind()?;
    Ok(socket)
}

impl Connection {
    /// Writes everything, however little each permit allows.
    pub fn write_all(&self, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            let permit = self.output.check_write()?;
            if permit == 0 {
                self.output.subscribe().block();
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(permit as usize));
            self.output.write(now)?;
            bytes = later;
        }
        Ok(())
    }

    /// Reads exactly this many bytes.
    pub fn read_exactly(&self, length: usize) -> Result<Vec<u8>, StreamError> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            bytes.extend(self.input.blocking_read((length - bytes.len()) as u64)?);
        }
        Ok(bytes)
    }

    /// Reads to the end.
    pub fn read_to_end(&self) -> Result<Vec<u8>, StreamError> {
        let mut bytes = Vec::new();
        loop {
            match self.input.blocking_read(1 << 20) {
                Ok(more) => bytes.extend(more),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(error) => return Err(error),
            }
        }
    }
}
