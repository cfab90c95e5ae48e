//! A connection with a host that takes and gives bytes as a test says: no byte is lost or doubled, and no wait is too
//! long.

use super::{Connection, Exchange, Filled, Part, STALL};
use crate::bindings::wasi::http::types::ErrorCode;
use crate::channel::Channel;
use crate::clock::Clock;
use crate::exchange::body::{Body, End};
use crate::host::Host;
use crate::http1::decode::Decoder;
use crate::http1::encode::{Asked, CONTINUE, Encoder};
use crate::http1::field::Fields;
use crate::http1::head::Search;
use crate::http1::length::Length;
use crate::net::transport::Transport;
use crate::platform::Platform;
use core::num::NonZeroU32;
use spinning_top::Spinlock;
use std::boxed::Box;
use std::collections::VecDeque;
use std::string::String;
use std::sync::{Arc, Mutex};
use std::vec::Vec;
use std::{format, vec};
use wasmstone_edge_protocol::frame::{HEADER, RequestHeader, reply_header};
use wasmstone_edge_protocol::types::{ReadReply, SendReply};
use wasmstone_edge_protocol::value::Interest;
use wasmstone_edge_protocol::{OperationInfo, SOCKET_PAYLOAD_MAX, Status, Violation};
use wasmstone_policy::{Network, Reach};
use zerocopy::{FromBytes, IntoBytes};

const HANDLE: u32 = 100;

/// The host's state of its one socket.
#[derive(Default)]
struct Wire {
    sent: Vec<u8>,
    sends: usize,
    /// It takes what is sent, and then is not ready for more until this is over.
    is_pending: bool,
    /// Whether it is so after each send.
    is_slow: bool,
    /// The bytes that it gives, read by read; after the end of the list it has none yet.
    gives: VecDeque<Option<Vec<u8>>>,
    is_closed: bool,
    now: u64,
}

#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Wire>>);

impl Platform for Scripted {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let mut wire = self.0.lock().unwrap();
        let (header, rest) = RequestHeader::read_from_prefix(request).unwrap();
        let row = OperationInfo::find(call, header.function).unwrap();
        let payload = &rest[row.request..];
        let (body, given) = match row.name {
            "network.send" => {
                assert!(!wire.is_closed && (payload.is_empty() || !wire.is_pending), "sent while it could not be");
                wire.sent.extend_from_slice(payload);
                wire.sends += 1;
                wire.is_pending |= wire.is_slow && !payload.is_empty();
                (SendReply { pending: u32::from(wire.is_pending).into() }.as_bytes().to_vec(), Vec::new())
            }
            "io.read" => match wire.gives.pop_front() {
                Some(Some(bytes)) => (ReadReply { end: 0.into() }.as_bytes().to_vec(), bytes),
                Some(None) => (ReadReply { end: 1.into() }.as_bytes().to_vec(), Vec::new()),
                None => (ReadReply { end: 0.into() }.as_bytes().to_vec(), Vec::new()),
            },
            "io.close" => {
                wire.is_closed = true;
                (Vec::new(), Vec::new())
            }
            other => panic!("{other}"),
        };
        let header = reply_header(header.request_id.get(), Status::Ok, body.len() as u32, given.len() as u32);
        reply[..HEADER].copy_from_slice(header.as_bytes());
        reply[HEADER..][..body.len()].copy_from_slice(&body);
        reply[HEADER + body.len()..][..given.len()].copy_from_slice(&given);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        self.0.lock().unwrap().now
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(1);
    }
}

/// A connection to a client, long after the enclave's start.
fn connection() -> (Connection, Host, Arc<Mutex<Wire>>) {
    let scripted = Scripted::default();
    let wire = scripted.0.clone();
    wire.lock().unwrap().now = 1000 * STALL;
    let clock = Clock::new(0, NonZeroU32::new(1_000_000_000).unwrap(), (0, 0));
    let mut host = Host::new(Channel::new(Box::new(scripted)), clock, Reach::new(Network::Any));
    let mut connection = Connection::new(Transport::new(HANDLE));
    wire.lock().unwrap().gives.push_back(Some(b"a head".to_vec()));
    assert_eq!(connection.fill(&mut host).unwrap(), Filled::Some);
    connection.input.clear();
    connection.begin(Decoder::default(), false);
    connection.wake_input();
    (connection, host, wire)
}

/// Begins a response with a body of no known length, and more of a head than it needs.
fn respond(connection: &mut Connection, filler: usize, list: &[(&str, &str)]) -> Arc<Spinlock<Body>> {
    let mut fields = Fields::default();
    fields.append("filler", &vec![b'f'; filler]).unwrap();
    list.iter().for_each(|(name, value)| fields.append(name, value.as_bytes()).unwrap());
    let body = Arc::new(Spinlock::new(Body::new(false, None)));
    let mut head = Vec::new();
    let asked = Asked { head: false, is_1_0: false, trailers: true, keep_alive: true };
    let encoder = Encoder::response(&mut head, 200, &fields, true, asked, 0);
    connection.begin_message(encoder, head, Some(body.clone()));
    body
}

/// The content that was sent, and whether it is complete.
fn content(sent: &[u8]) -> (Vec<u8>, bool) {
    let at = sent.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let (mut decoder, mut rest, mut content) = (Decoder::new(Length::Chunked), &sent[at..], Vec::new());
    loop {
        let step = decoder.step(rest, usize::MAX).unwrap();
        content.extend_from_slice(&rest[step.skip..][..step.data]);
        rest = &rest[step.skip + step.data..];
        if step.data == 0 {
            assert!(rest.is_empty() || !decoder.is_done());
            return (content, decoder.is_done());
        }
    }
}

#[test]
fn one_send_for_all_that_is_small() {
    let (mut connection, mut host, wire) = connection();
    let body = respond(&mut connection, 10, &[]);
    body.lock().bytes.extend_from_slice(b"Hello");
    body.lock().end = Some(End::Finished(None));
    assert_eq!(connection.end_exchange(&mut host).unwrap(), Exchange::Complete);
    let wire = wire.lock().unwrap();
    assert_eq!((wire.sends, content(&wire.sent)), (1, (b"Hello".to_vec(), true)));
    assert!(!wire.is_closed);
}

#[test]
fn much_goes_out_as_the_client_takes_it() {
    // Heads with room for all of it behind them, for some, and for nothing.
    for filler in [10, 40_000, SOCKET_PAYLOAD_MAX - 150, SOCKET_PAYLOAD_MAX, 100_000] {
        let (mut connection, mut host, wire) = connection();
        wire.lock().unwrap().is_slow = true;
        let names: Vec<_> = (0..60).map(|number| format!("t{number}")).collect();
        let body = respond(&mut connection, filler, &[("trailer", &names.join(","))]);
        let data: Vec<_> = (0..150_000u32).map(|number| (number % 251) as u8).collect();
        let mut trailers = Fields::default();
        names.iter().for_each(|name| trailers.append(name, &[b't'; 200]).unwrap());
        let mut rounds = 0;
        for piece in data.chunks(50_000) {
            body.lock().bytes.extend_from_slice(piece);
            while !body.lock().bytes.is_empty() {
                connection.pump(&mut host).unwrap();
                // It continues only when the host reports more.
                let sends = wire.lock().unwrap().sends;
                connection.pump(&mut host).unwrap();
                assert_eq!(wire.lock().unwrap().sends, sends);
                wire.lock().unwrap().is_pending = false;
                connection.wake_output();
                rounds += 1;
                assert!(rounds < 20);
            }
        }
        body.lock().end = Some(End::Finished(Some(Arc::new(trailers.clone()))));
        while connection.end_exchange(&mut host).unwrap() == Exchange::Sending {
            wire.lock().unwrap().is_pending = false;
            connection.wake_output();
            rounds += 1;
            assert!(rounds < 20);
        }
        assert_eq!(connection.end_exchange(&mut host).unwrap(), Exchange::Complete);
        let wire = wire.lock().unwrap();
        assert!(content(&wire.sent) == (data, true), "{filler}");
    }
}

#[test]
fn what_has_no_end_is_cut_off() {
    for end in [None, Some(End::Aborted)] {
        let (mut connection, mut host, wire) = connection();
        let body = respond(&mut connection, 10, &[]);
        body.lock().bytes.extend_from_slice(b"half");
        body.lock().end = end;
        assert_eq!(connection.end_exchange(&mut host).unwrap(), Exchange::Broken);
        assert!(body.lock().is_lost);
        assert_eq!(content(&wire.lock().unwrap().sent), (b"half".to_vec(), false));
    }
}

#[test]
fn who_takes_nothing_is_not_waited_for() {
    let (mut connection, mut host, wire) = connection();
    wire.lock().unwrap().is_slow = true;
    let body = respond(&mut connection, 10, &[]);
    body.lock().bytes.extend_from_slice(b"some");
    connection.pump(&mut host).unwrap();
    body.lock().bytes.extend_from_slice(b"more");
    connection.pump(&mut host).unwrap();
    let wait = connection.output_wait();
    let now = wire.lock().unwrap().now;
    assert_eq!((wait.interest, wait.deadline), (Some((HANDLE, Interest::Writing)), Some(now + STALL)));
    wire.lock().unwrap().now += STALL - 1;
    connection.pump(&mut host).unwrap();
    assert!(!connection.is_broken);
    wire.lock().unwrap().now += 1;
    connection.pump(&mut host).unwrap();
    assert!(connection.is_broken && body.lock().is_lost);
}

fn read(connection: &mut Connection, host: &mut Host) -> String {
    match connection.read_body(host, 100).unwrap() {
        Part::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
        Part::NothingYet => "not yet".into(),
        Part::End => "end".into(),
        Part::Failed(ErrorCode::ConnectionReadTimeout) => "late".into(),
        Part::Failed(ErrorCode::ConnectionTerminated) => "terminated".into(),
        Part::Failed(code) => format!("{code:?}"),
    }
}

#[test]
fn who_sends_nothing_is_not_waited_for() {
    let (mut connection, mut host, wire) = connection();
    connection.begin(Decoder::new(Length::Fixed(9)), false);
    let now = wire.lock().unwrap().now;
    wire.lock().unwrap().gives.push_back(Some(b"one".to_vec()));
    assert_eq!(["one", "not yet"].map(|_| read(&mut connection, &mut host)), ["one", "not yet"]);
    let wait = connection.body_wait();
    assert_eq!((wait.interest, wait.deadline), (Some((HANDLE, Interest::Reading)), Some(now + STALL)));
    // Bytes that came while the connection was not polled are not late.
    wire.lock().unwrap().now += 5 * STALL;
    wire.lock().unwrap().gives.push_back(Some(b"two".to_vec()));
    assert_eq!(read(&mut connection, &mut host), "two");
    assert_eq!(read(&mut connection, &mut host), "not yet");
    wire.lock().unwrap().now += STALL;
    assert_eq!(["late", "end", "end"].map(|_| read(&mut connection, &mut host)), ["late", "end", "end"]);
    assert!(connection.body_wait().interest.is_none());
}

#[test]
fn a_body_that_ends_early_has_failed() {
    let (mut connection, mut host, wire) = connection();
    connection.begin(Decoder::new(Length::Fixed(9)), false);
    wire.lock().unwrap().gives.extend([Some(b"one".to_vec()), None]);
    assert_eq!(["", ""].map(|_| read(&mut connection, &mut host)), ["one", "not yet"]);
    assert_eq!(["", ""].map(|_| read(&mut connection, &mut host)), ["terminated", "end"]);
}

#[test]
fn bytes_behind_a_body_are_of_the_next_message() {
    let (mut connection, mut host, wire) = connection();
    connection.begin(Decoder::new(Length::Chunked), false);
    wire.lock()
        .unwrap()
        .gives
        .push_back(Some(b"3\r\none\r\n0\r\nt: v\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()));
    assert_eq!(["", ""].map(|_| read(&mut connection, &mut host)), ["one", "end"]);
    assert!(connection.take_trailers().unwrap().has("t"));
    let (next, length) = Search::default().request(&connection.input).unwrap().unwrap();
    connection.input.skip(length);
    assert!(next.path == "/" && connection.input.is_empty());
}

#[test]
fn a_client_that_waits_for_a_word_gets_it_once() {
    for is_answered in [false, true] {
        let (mut connection, mut host, wire) = connection();
        connection.begin(Decoder::new(Length::Fixed(3)), true);
        if is_answered {
            respond(&mut connection, 10, &[]);
        }
        assert_eq!(["", ""].map(|_| read(&mut connection, &mut host)), ["not yet", "not yet"]);
        assert_eq!(wire.lock().unwrap().sent, if is_answered { &[] } else { CONTINUE });
    }
}
