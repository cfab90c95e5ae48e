//! A host that lies to an enclave that serves: if the host breaks the contract, the enclave ends and makes no more
//! requests; if the host is only unhelpful, clients are served as far as possible.

use crate::client::{Act, Client};
use crate::host::{Lie, Served, serve, serve_lying};
use wasmstone_edge_protocol::frame::{HEADER, ReplyHeader};
use wasmstone_edge_protocol::types::{AcceptReply, ReadReply, SendReply, SocketAddress, StartReply};
use wasmstone_edge_protocol::{Coded, ExitStatus, Status};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

fn clients() -> Vec<Client> {
    let upload = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let parts = [Act::Sends(upload.into()), Act::Waits(1000), Act::Sends(b"0\r\n\r\n".to_vec()), Act::Ends];
    vec![Client::sending(HELLO), Client::new(&parts), Client::sending(&HELLO.repeat(3))]
}

fn is_served(served: &Served) {
    assert_eq!(served.ended.status, ExitStatus::Guest(0), "{}", served.world.said);
    let counts: Vec<_> = served.clients.iter().map(|client| client.text().matches("HTTP/1.1 200 ").count()).collect();
    assert_eq!(counts, [1, 1, 3], "{:?}", served.clients);
    assert!(served.clients[1].text().ends_with("\r\nhello\r\n0\r\n\r\n"), "{:?}", served.clients[1].text());
}

#[test]
fn an_honest_host_has_its_clients_served() {
    is_served(&serve(clients()));
    let nobody = serve(Vec::new());
    assert_eq!(nobody.ended.status, ExitStatus::Guest(0), "{}", nobody.world.said);
}

/// Changes the header.
pub fn header(change: impl Fn(&mut ReplyHeader) + Send + 'static) -> Lie {
    Box::new(move |frame| {
        let (mut header, _) = ReplyHeader::read_from_prefix(frame).unwrap();
        change(&mut header);
        frame[..HEADER].copy_from_slice(header.as_bytes());
    })
}

/// Changes the struct.
pub fn body<T: FromBytes + IntoBytes + KnownLayout + Immutable>(change: impl Fn(&mut T) + Send + 'static) -> Lie {
    Box::new(move |frame| {
        let end = HEADER + size_of::<T>();
        let mut body = T::read_from_bytes(&frame[HEADER..end]).unwrap();
        change(&mut body);
        frame[HEADER..end].copy_from_slice(body.as_bytes());
    })
}

/// Replaces the payload.
pub fn payload(length: usize, change: impl Fn(&mut Vec<u8>) + Send + 'static) -> Lie {
    Box::new(move |frame| {
        let mut payload = frame.split_off(HEADER + length);
        change(&mut payload);
        let (mut header, _) = ReplyHeader::read_from_prefix(&frame[..]).unwrap();
        header.payload_length = (payload.len() as u32).into();
        frame[..HEADER].copy_from_slice(header.as_bytes());
        frame.extend(payload);
    })
}

#[track_caller]
fn is_violation(about: &'static str, after: usize, lie: Lie) {
    let served = serve_lying(clients(), about, after, lie);
    assert_eq!(served.ended.status, ExitStatus::Violation, "{about}: {}", served.world.said);
    assert!(served.ended.violation.is_some());
    assert_eq!(served.world.asked.last(), Some(&about), "nothing more was asked");
    assert_eq!(served.world.said, "", "and nothing said");
}

#[test]
fn every_answer_has_to_be_of_the_protocol() {
    for (about, after) in [
        ("network.socket", 0),
        ("network.bind", 0),
        ("network.listen", 0),
        ("network.accept", 0),
        ("network.accept", 2),
        ("network.send", 0),
        ("network.send", 3),
        ("io.poll", 0),
        ("io.poll", 3),
        ("io.read", 0),
        ("io.read", 2),
        ("io.close", 0),
    ] {
        is_violation(about, after, header(|header| header.request_id = 12_345.into()));
        is_violation(about, after, header(|header| header.version = 77.into()));
        is_violation(about, after, header(|header| header.status = 999.into()));
        is_violation(about, after, header(|header| header.payload_length = u32::MAX.into()));
        is_violation(about, after, header(|header| header.body_length = 77.into()));
        is_violation(about, after, Box::new(Vec::clear));
    }
}

#[test]
fn polls_answer_for_what_was_asked_and_nothing_else() {
    for after in [0, 1, 4] {
        is_violation("io.poll", after, payload(0, |answers| answers.push(1)));
        is_violation("io.poll", after, payload(0, |answers| answers.truncate(answers.len() - 1)));
        is_violation("io.poll", after, payload(0, |answers| answers.extend([1; 5000])));
        is_violation("io.poll", after, payload(0, |answers| answers[0] = 2));
        is_violation("io.poll", after, payload(0, |answers| *answers.last_mut().unwrap() = 0xff));
    }
}

#[test]
fn numbers_have_their_limits() {
    let strange = || SocketAddress { family: Coded::raw(7), ..SocketAddress::default() };
    is_violation("network.accept", 0, body(|reply: &mut AcceptReply| reply.more = 2.into()));
    is_violation("network.send", 0, body(|reply: &mut SendReply| reply.pending = 2.into()));
    is_violation("network.send", 2, body(|reply: &mut SendReply| reply.pending = u32::MAX.into()));
    is_violation("io.read", 0, body(|reply: &mut ReadReply| reply.end = 2.into()));
    is_violation("io.read", 0, payload(4, |bytes| bytes.resize(1 << 20, 0)));
    is_violation("launch.start", 0, body(move |reply: &mut StartReply| reply.serve = strange()));
}

/// Fails an operation once.
pub fn failing(status: Status) -> Lie {
    let mut once = true;
    Box::new(move |frame| {
        if std::mem::take(&mut once) {
            let (header, _) = ReplyHeader::read_from_prefix(&frame[..]).unwrap();
            let header = ReplyHeader {
                status: (status as u16).into(),
                body_length: 0.into(),
                payload_length: 0.into(),
                ..header
            };
            *frame = header.as_bytes().to_vec();
        }
    })
}

#[test]
fn what_fails_for_one_client_is_no_end_for_the_others() {
    for (about, after, status) in [
        ("io.read", 0, Status::ConnectionReset),
        ("io.read", 1, Status::Io),
        ("network.send", 0, Status::Pipe),
        ("network.send", 0, Status::ConnectionReset),
        ("io.close", 0, Status::BadDescriptor),
    ] {
        let served = serve_lying(clients(), about, after, failing(status));
        assert_eq!(served.ended.status, ExitStatus::Guest(0), "{about}: {}", served.world.said);
        let whole = served.clients.iter().filter(|client| client.text().contains("HTTP/1.1 200 ")).count();
        assert!(whole >= 2, "{about}: {:?}", served.clients);
        assert!(served.clients.iter().all(|client| client.closed.is_some()), "{about}: {:?}", served.clients);
    }
    // A client that cannot be accepted at once is accepted later.
    for status in [Status::WouldBlock, Status::ConnectionAborted, Status::NewSocketLimit] {
        is_served(&serve_lying(clients(), "network.accept", 1, failing(status)));
    }
    is_served(&serve_lying(clients(), "io.poll", 2, failing(Status::InsufficientMemory)));
}

#[test]
fn where_it_cannot_listen_it_refuses() {
    for about in ["network.socket", "network.bind", "network.listen"] {
        for status in [Status::Access, Status::AddressInUse, Status::NewSocketLimit] {
            let served = serve_lying(clients(), about, 0, failing(status));
            assert_eq!(served.ended.status, ExitStatus::Refused, "{about}: {}", served.world.said);
            assert!(served.world.said.contains("127.0.0.1:8080"), "{about}: {}", served.world.said);
        }
    }
}

/// A host that says that everything is ready only makes the enclave look: only bytes that are there are received.
#[test]
fn readiness_is_looked_at() {
    let mut polls = 0;
    let all_but_the_end: Lie = payload(0, |_| {});
    let mut honest = all_but_the_end;
    let lie: Lie = Box::new(move |frame| {
        polls += 1;
        honest(frame);
        // The request to end is one of the questions; one lie in three is enough.
        if polls % 3 == 0 && frame.len() > HEADER + 1 {
            for answer in &mut frame[HEADER + 1..] {
                *answer = 1;
            }
        }
    });
    is_served(&serve_lying(clients(), "io.poll", 0, lie));
}
