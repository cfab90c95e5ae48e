//! The result of every call on a TCP socket, in every state.

use guests_wasip2::sockets::{
    FAMILIES, accept, bind, connect, connect_with, listen, loopback, outcome, pair, stream_outcome,
};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

/// Every call that changes no state, or does not change the states in which it is called here.
fn questions(state: &str, socket: &TcpSocket) {
    let answers = [
        ("local-address", outcome(socket.local_address())),
        ("remote-address", outcome(socket.remote_address())),
        ("keep-alive-enabled", outcome(socket.keep_alive_enabled())),
        ("set-keep-alive-enabled", outcome(socket.set_keep_alive_enabled(true))),
        ("keep-alive-idle-time", outcome(socket.keep_alive_idle_time())),
        ("set-keep-alive-idle-time", outcome(socket.set_keep_alive_idle_time(1))),
        ("set-keep-alive-idle-time 0", outcome(socket.set_keep_alive_idle_time(0))),
        ("keep-alive-interval", outcome(socket.keep_alive_interval())),
        ("set-keep-alive-interval", outcome(socket.set_keep_alive_interval(u64::MAX))),
        ("set-keep-alive-interval 0", outcome(socket.set_keep_alive_interval(0))),
        ("keep-alive-count", outcome(socket.keep_alive_count())),
        ("set-keep-alive-count", outcome(socket.set_keep_alive_count(5))),
        ("set-keep-alive-count 0", outcome(socket.set_keep_alive_count(0))),
        ("hop-limit", outcome(socket.hop_limit())),
        ("set-hop-limit", outcome(socket.set_hop_limit(9))),
        ("receive-buffer-size", outcome(socket.receive_buffer_size())),
        ("set-receive-buffer-size", outcome(socket.set_receive_buffer_size(u64::MAX))),
        ("send-buffer-size", outcome(socket.send_buffer_size())),
        ("set-send-buffer-size", outcome(socket.set_send_buffer_size(1 << 20))),
        ("finish-bind", outcome(socket.finish_bind())),
        ("finish-listen", outcome(socket.finish_listen())),
        ("shutdown", outcome(socket.shutdown(ShutdownType::Both))),
    ];
    for (call, answer) in answers {
        println!("{state} {call}: {answer}");
    }
    println!("{state} is-listening: {}", socket.is_listening());
    println!("{state} address-family: {:?}", socket.address_family());
}

fn values(socket: &TcpSocket) {
    println!("keep-alive: {:?}", socket.keep_alive_enabled());
    println!("idle time: {:?}", socket.keep_alive_idle_time());
    println!("interval: {:?}", socket.keep_alive_interval());
    println!("count: {:?}", socket.keep_alive_count());
    println!("hop limit: {:?}", socket.hop_limit());
    println!("receive buffer: {:?}", socket.receive_buffer_size());
    println!("send buffer: {:?}", socket.send_buffer_size());
}

fn states(family: IpAddressFamily) {
    let network = instance_network();
    let somewhere = loopback(family, 0);

    let fresh = create_tcp_socket(family).unwrap();
    values(&fresh);
    questions("fresh", &fresh);
    values(&fresh);
    println!("fresh backlog: {}", outcome(fresh.set_listen_backlog_size(u64::MAX)));
    println!("fresh backlog 0: {}", outcome(fresh.set_listen_backlog_size(0)));
    println!("fresh start-listen: {}", outcome(fresh.start_listen()));
    println!("fresh accept: {}", outcome(fresh.accept().map(drop)));
    println!("fresh finish-connect: {}", outcome(fresh.finish_connect().map(drop)));

    println!("binding: {}", outcome(fresh.start_bind(&network, somewhere)));
    println!("binding start-bind: {}", outcome(fresh.start_bind(&network, somewhere)));
    println!("binding start-connect: {}", outcome(fresh.start_connect(&network, loopback(family, 9))));
    println!("binding start-listen: {}", outcome(fresh.start_listen()));
    println!("binding local-address: {}", outcome(fresh.local_address()));
    println!("bound: {}", outcome(fresh.finish_bind()));
    questions("bound", &fresh);
    println!("bound start-bind: {}", outcome(fresh.start_bind(&network, somewhere)));

    println!("listening: {}", outcome(fresh.start_listen()));
    println!("listening start-listen: {}", outcome(fresh.start_listen()));
    println!("listening start-connect: {}", outcome(fresh.start_connect(&network, loopback(family, 9))));
    println!("listening accept: {}", outcome(fresh.accept().map(drop)));
    println!("listens: {}", outcome(fresh.finish_listen()));
    questions("listens", &fresh);
    println!("listens start-bind: {}", outcome(fresh.start_bind(&network, somewhere)));
    println!("listens start-connect: {}", outcome(fresh.start_connect(&network, loopback(family, 9))));
    println!("listens start-listen: {}", outcome(fresh.start_listen()));
    println!("listens backlog: {}", outcome(fresh.set_listen_backlog_size(5)));

    let target = fresh.local_address().unwrap();
    let client = create_tcp_socket(family).unwrap();
    println!("connecting: {}", outcome(client.start_connect(&network, target)));
    println!("connecting start-connect: {}", outcome(client.start_connect(&network, target)));
    questions("connecting", &client);
    println!("connecting backlog: {}", outcome(client.set_listen_backlog_size(5)));
    client.subscribe().block();
    let (input, output) = client.finish_connect().unwrap();
    println!("connected finish-connect: {}", outcome(client.finish_connect().map(drop)));
    println!("connected start-bind: {}", outcome(client.start_bind(&network, somewhere)));
    println!("connected start-connect: {}", outcome(client.start_connect(&network, target)));
    println!("connected start-listen: {}", outcome(client.start_listen()));
    println!("connected accept: {}", outcome(client.accept().map(drop)));
    println!("connected backlog: {}", outcome(client.set_listen_backlog_size(5)));
    questions("connected", &client);
    println!("shut down: {} {}", stream_outcome(input.read(1)), stream_outcome(output.check_write()));
    drop((input, output));

    let server = accept(&fresh).unwrap();
    questions("accepted", &server.socket);
    drop(server);
    drop(fresh);

    let failed = create_tcp_socket(family).unwrap();
    failed.start_connect(&network, target).unwrap();
    failed.subscribe().block();
    println!("failed: {}", outcome(failed.finish_connect().map(drop)));
    println!("failed finish-connect: {}", outcome(failed.finish_connect().map(drop)));
    println!("failed start-connect: {}", outcome(failed.start_connect(&network, target)));
    println!("failed start-bind: {}", outcome(failed.start_bind(&network, somewhere)));
    println!("failed start-listen: {}", outcome(failed.start_listen()));
    println!("failed backlog: {}", outcome(failed.set_listen_backlog_size(5)));
    questions("failed", &failed);
}

fn v4(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
}

fn v6(address: (u16, u16, u16, u16, u16, u16, u16, u16), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 })
}

fn addresses(family: IpAddressFamily) {
    for (what, address) in [
        ("broadcast", v4((255, 255, 255, 255), 80)),
        ("multicast", v4((224, 0, 0, 1), 80)),
        ("unspecified", v4((0, 0, 0, 0), 0)),
        ("documentation", v4((192, 0, 2, 1), 0)),
        ("multicast", v6((0xff02, 0, 0, 0, 0, 0, 0, 1), 80)),
        ("unspecified", v6((0, 0, 0, 0, 0, 0, 0, 0), 0)),
        ("mapped", v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 0)),
        ("compatible", v6((0, 0, 0, 0, 0, 0, 0x7f00, 1), 0)),
        ("documentation", v6((0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 0)),
    ] {
        let socket = create_tcp_socket(family).unwrap();
        println!("bind to {what}: {}", outcome(bind(&socket, address)));
    }
    for (what, address) in [
        ("broadcast", v4((255, 255, 255, 255), 80)),
        ("multicast", v4((224, 0, 0, 1), 80)),
        ("unspecified", v4((0, 0, 0, 0), 80)),
        ("port 0", v4((127, 0, 0, 1), 0)),
        ("multicast", v6((0xff02, 0, 0, 0, 0, 0, 0, 1), 80)),
        ("unspecified", v6((0, 0, 0, 0, 0, 0, 0, 0), 80)),
        ("port 0", v6((0, 0, 0, 0, 0, 0, 0, 1), 0)),
        ("mapped", v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 80)),
        ("compatible", v6((0, 0, 0, 0, 0, 0, 0x7f00, 1), 80)),
    ] {
        let socket = create_tcp_socket(family).unwrap();
        println!("connect to {what}: {}", outcome(connect_with(socket, address)));
    }
}

/// Accepted sockets inherit options.
fn inherited(family: IpAddressFamily) {
    let listener = listen(loopback(family, 0)).unwrap();
    listener.set_keep_alive_enabled(true).unwrap();
    listener.set_keep_alive_idle_time(42_000_000_000).unwrap();
    listener.set_keep_alive_interval(43_000_000_000).unwrap();
    listener.set_keep_alive_count(44).unwrap();
    listener.set_hop_limit(45).unwrap();
    let client = connect(listener.local_address().unwrap()).unwrap();
    let server = accept(&listener).unwrap();
    println!("inherited {:?}", server.socket.keep_alive_enabled());
    println!("inherited {:?}", server.socket.keep_alive_idle_time());
    println!("inherited {:?}", server.socket.keep_alive_interval());
    println!("inherited {:?}", server.socket.keep_alive_count());
    println!("inherited {:?}", server.socket.hop_limit());
    drop(client);
}

fn main() {
    for family in FAMILIES {
        states(family);
        addresses(family);
        inherited(family);
        let (client, server) = pair(family);
        drop(server.input);
        println!("without its input: {}", stream_outcome(client.write_all(b"x")));
    }
}
