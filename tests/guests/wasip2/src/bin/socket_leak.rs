//! Sockets that are never dropped reach a limit, with an error of its own; dropping some helps.

use guests_wasip2::sockets::{FAMILIES, outcome};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

fn main() {
    let mut leaked = Vec::new();
    let error = loop {
        match create_tcp_socket(FAMILIES[0]) {
            Ok(socket) => leaked.push(socket),
            Err(error) => break error,
        }
    };
    assert!(leaked.len() <= 4096 && leaked.len() >= 500, "{}", leaked.len());
    assert_eq!(error.name(), "new-socket-limit");
    assert_eq!(outcome(create_udp_socket(FAMILIES[1])), "new-socket-limit");
    leaked.truncate(10);
    assert_eq!(outcome(create_udp_socket(FAMILIES[1])), "ok");
}
