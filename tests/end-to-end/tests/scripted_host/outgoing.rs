//! Requests that a service sends, with peers and a host that are part of the test.

use crate::client::{Act, Client};
use crate::host::{Lie, SECOND, Served, run};
use crate::lies::{body, failing, header, payload};
use wasmstone_edge_protocol::types::{AddressReply, AddressesReply, ReadReply, SendReply, SocketAddress};
use wasmstone_edge_protocol::{Coded, ExitStatus, Status};

const ADDRESS: &str = "127.0.0.1:9";
const NAME: &str = "somewhere.example:9";

fn asking(to: &str, more: &str) -> Client {
    Client::sending(&format!("GET /forward?to={to}/path{more} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
}

fn answering() -> Client {
    let head = Act::Sends(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n".to_vec());
    Client::new(&[head, Act::Waits(SECOND), Act::Sends(b"there".to_vec())])
}

fn served(to: &str, peer: Client, lie: Option<(&'static str, usize, Lie)>) -> Served {
    run(vec![asking(to, "")], vec![peer], lie)
}

#[test]
fn an_honest_host_leads_to_the_peer() {
    for to in [ADDRESS, NAME] {
        let served = served(to, answering(), None);
        assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
        let text = served.clients[0].text();
        assert!(text.starts_with("HTTP/1.1 201 ") && text.contains("there"), "{text}");
        let request = served.peers[0].text();
        assert!(request.starts_with(&format!("GET /path HTTP/1.1\r\nhost: {to}\r\n")), "{request}");
        assert!(served.peers[0].closed.is_some(), "the connection is given back");
    }
}

#[track_caller]
fn is_violation(about: &'static str, after: usize, lie: Lie) {
    let served = served(NAME, answering(), Some((about, after, lie)));
    assert_eq!(served.ended.status, ExitStatus::Violation, "{about}: {}", served.world.said);
    assert_eq!(served.world.asked.last(), Some(&about), "nothing more was asked");
    assert_eq!(served.world.said, "", "and nothing said");
}

#[test]
fn lies_about_a_peer_end_the_enclave() {
    // The first `io.read` is for the client, so one honest answer comes before the lie.
    let operations = [
        ("network.lookup", 0),
        ("network.addresses", 0),
        ("network.connect", 0),
        ("network.connected", 0),
        ("io.read", 1),
    ];
    for (about, after) in operations {
        is_violation(about, after, header(|header| header.request_id = 12_345.into()));
        is_violation(about, after, header(|header| header.status = 999.into()));
        is_violation(about, after, header(|header| header.payload_length = u32::MAX.into()));
        is_violation(about, after, Box::new(Vec::clear));
    }
    let strange = || SocketAddress { family: Coded::raw(7), ..SocketAddress::default() };
    is_violation("network.connected", 0, body(move |reply: &mut AddressReply| reply.local = strange()));
    is_violation("network.addresses", 0, body(|reply: &mut AddressesReply| reply.count = 2.into()));
    is_violation("network.addresses", 0, body(|reply: &mut AddressesReply| reply.count = u32::MAX.into()));
    is_violation("network.addresses", 0, payload(4, |addresses| addresses.truncate(31)));
    is_violation("network.addresses", 0, payload(4, |addresses| addresses[0] = 9));
    is_violation("network.send", 0, body(|reply: &mut SendReply| reply.pending = 2.into()));
    is_violation("io.read", 1, body(|reply: &mut ReadReply| reply.end = 2.into()));
}

/// Errors are reported to the service, which answers with them.
#[test]
fn failures_are_told() {
    for (about, status, told) in [
        ("network.lookup", Status::NameUnresolvable, "DnsError"),
        ("network.lookup", Status::Access, "HttpRequestDenied"),
        ("network.addresses", Status::NameUnresolvable, "DnsError"),
        ("network.addresses", Status::TimedOut, "DnsTimeout"),
        ("network.socket", Status::NewSocketLimit, "ConnectionLimitReached"),
        ("network.connect", Status::Access, "HttpRequestDenied"),
        ("network.connect", Status::RemoteUnreachable, "DestinationIpUnroutable"),
        ("network.connected", Status::ConnectionRefused, "ConnectionRefused"),
        ("network.connected", Status::TimedOut, "ConnectionTimeout"),
    ] {
        // The service's listening socket is the first.
        let after = usize::from(about == "network.socket");
        let served = served(NAME, answering(), Some((about, after, failing(status))));
        assert_eq!(served.ended.status, ExitStatus::Guest(0), "{about}: {}", served.world.said);
        let text = served.clients[0].text();
        assert!(text.starts_with("HTTP/1.1 502 ") && text.contains(told), "{about}, {status:?}: {text}");
    }
}

/// The service says how long to wait for a peer that answers nothing, or stops.
#[test]
fn peers_have_their_time() {
    for (peer, status) in [
        (Client::new(&[]), "502"),
        (Client::sending("HTTP/1.1 200 O"), "502"),
        (Client::sending("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), "200"),
    ] {
        for (more, from, to) in [("&milliseconds=5000", 5, 70), ("", 600, 700)] {
            let served = run(vec![asking(ADDRESS, more)], vec![peer.clone()], None);
            assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
            let text = served.clients[0].text();
            assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
            assert!(!text.ends_with("0\r\n\r\n"), "what was cut off does not look whole: {text}");
            let closed = served.peers[0].closed.expect("the connection is given back");
            assert!((from * SECOND..to * SECOND).contains(&closed), "after {} s", closed as f64 / SECOND as f64);
        }
    }
}
