//! Whatever the enclave writes, the server answers as the protocol demands, and nothing outside the grants changes.

use crate::harness::{Host, WRITABLE};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use wasmstone_edge_protocol::frame::{FRAME_MAX, HEADER, RequestHeader, decode_reply};
use wasmstone_edge_protocol::{OPERATIONS, Operation, OperationInfo, Status, VERSION, Violation, io::Poll};
use wasmstone_happ::edge_server::{Config, Input, Server};
use zerocopy::IntoBytes;

/// One edge call.
#[derive(Clone, Debug)]
struct Call {
    operation: OperationInfo,
    body: Vec<u8>,
    payload: Vec<u8>,
    room: usize,
}

impl Call {
    fn frame(&self, request_id: u64) -> Vec<u8> {
        let header = RequestHeader {
            version: VERSION.into(),
            function: self.operation.function,
            reserved: 0,
            body_length: (self.body.len() as u32).into(),
            payload_length: (self.payload.len() as u32).into(),
            reply_payload_max: (self.room as u32).into(),
            request_id: request_id.into(),
        };
        [header.as_bytes(), &self.body, &self.payload].concat()
    }
}

/// Numbers with a meaning in many places, and any others.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        6 => select(vec![0, 1, 2, 3, 4, 8, 9]),
        6 => select(vec![WRITABLE, WRITABLE + 1, WRITABLE + 2, 128, 129, 130, 131, 132]),
        1 => select(vec![0x7fff_ffff, 0x8000_0000, u32::MAX]),
        1 => any::<u32>(),
    ]
}

fn payload(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let names = [
        "a",
        "b",
        "c",
        "dir",
        "dir/a",
        "dir/b",
        "dir/",
        "link",
        "link/secret",
        ".",
        "..",
        "../outside",
        "../outside/secret",
        "dir/../../outside/secret",
        "/",
        "/etc/passwd",
        "",
        "a\0b",
        "ä",
    ];
    let name = select(names.to_vec()).prop_map(|name| name.as_bytes().to_vec());
    let two = (name.clone(), name.clone()).prop_map(|(old, new)| [old, new].concat());
    let entries = prop::collection::vec(word(), 0..10).prop_map(bytes);
    prop_oneof![5 => name, 2 => two, 2 => entries, 2 => prop::collection::vec(any::<u8>(), 0..200)].prop_map(
        move |mut payload| {
            payload.truncate(most);
            payload
        },
    )
}

fn bytes(words: Vec<u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn call() -> impl Strategy<Value = Call> {
    select(OPERATIONS).prop_flat_map(|operation| {
        let body = prop::collection::vec(word(), operation.request / 4).prop_map(bytes);
        let most = operation.reply_payload_max;
        let room = prop_oneof![3 => Just(most), 1 => 0..=most, 1 => 0..=most.min(20)];
        (body, payload(operation.request_payload_max), room).prop_map(move |(mut body, payload, room)| {
            if operation.name == Poll::NAME {
                // A timeout of microseconds; the rest is as arbitrary as before.
                body[2..8].fill(0);
            }
            Call { operation, body, payload, room }
        })
    })
}

/// Reads a reply as the enclave does.
fn decode(operation: &OperationInfo, reply: &[u8], request_id: u64, room: usize) -> Result<(), Violation> {
    macro_rules! decoder {
        ($(
            #[doc = $interface_doc:literal]
            $call:literal $interface:ident {
                $(
                    #[doc = $doc:literal]
                    $function:literal $name:ident $method:ident: $request:ident + $request_max:expr => $reply:ident + $reply_max:expr;
                )*
            }
        )*) => {
            match (operation.call, operation.function) {
                $($(($call, $function) => {
                    decode_reply::<wasmstone_edge_protocol::$interface::$name>(reply, request_id, room as u32).map(drop)
                })*)*
                _ => Err(Violation("no such operation")),
            }
        };
    }
    wasmstone_edge_protocol::operations!(decoder)
}

fn status(reply: &[u8]) -> Option<Status> {
    let number = reply.get(2..4)?.try_into().ok().map(u16::from_le_bytes)?;
    Status::try_from(u32::from(number)).ok()
}

fn host() -> Host {
    let host = Host::new();
    host.write("writable/a", b"hello");
    host.write("readable/a", b"hello");
    for grant in ["writable", "readable"] {
        std::fs::create_dir(host.path(grant).join("dir")).expect("a directory");
        symlink("../outside", host.path(grant).join("link")).expect("a link");
    }
    host
}

fn server(host: &Host) -> Server {
    let config = Config {
        arguments: vec!["argument".into()],
        stdin: Input::Bytes(Cursor::new(vec![7; 1000])),
        program: vec![1; 100].into(),
        ..host.config()
    };
    Server::new(config).expect("a config that fits")
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(48), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn every_request_of_the_table_is_answered_by_the_contract(calls in prop::collection::vec(call(), 1..60)) {
        let host = host();
        let mut server = server(&host);
        let mut reply = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            let request_id = index as u64;
            server.answer(call.operation.call.into(), &call.frame(request_id), &mut reply);
            prop_assert!(reply.len() <= FRAME_MAX);
            if status(&reply) == Some(Status::Malformed) {
                prop_assert_eq!(reply.len(), HEADER);
            } else {
                prop_assert_eq!(decode(&call.operation, &reply, request_id, call.room), Ok(()), "{:?}", call);
            }
        }
        prop_assert_eq!(server.counts().values().sum::<u64>(), calls.len() as u64);
        host.assert_outside_untouched();
        prop_assert_eq!(host.read("readable/a"), b"hello");
        prop_assert_eq!(std::fs::read_dir(host.path("readable")).expect("a directory").count(), 3);
    }

    #[test]
    fn damaged_requests_are_malformed_or_answered(
        call in call(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        prop_assume!(call.operation.name != Poll::NAME);
        let host = host();
        let mut server = server(&host);
        let mut frame = call.frame(9);
        for (index, byte) in &damage {
            // The function is not changed, so that the call does not become a wait.
            let place = index.index(frame.len());
            if place != 2 {
                frame[place] = *byte;
            }
        }
        if damage.len() == 3 {
            frame.truncate(cut.index(frame.len()));
        }
        let mut reply = Vec::new();
        server.answer(call.operation.call.into(), &frame, &mut reply);
        prop_assert!(reply.len() >= HEADER && reply.len() <= FRAME_MAX);
        prop_assert!(status(&reply).is_some());
        host.assert_outside_untouched();
    }

    #[test]
    fn arbitrary_bytes_are_malformed(call in any::<u64>(), frame in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut server = Server::new(Config::default()).expect("a config that fits");
        let mut reply = Vec::new();
        server.answer(call, &frame, &mut reply);
        prop_assert_eq!(status(&reply), Some(Status::Malformed));
        prop_assert_eq!(reply.len(), HEADER);
        prop_assert!(server.counts().is_empty());
    }
}

#[test]
fn frames_that_are_cut_at_any_byte_are_malformed() {
    let host = host();
    for &operation in OPERATIONS {
        let payload = vec![b'a'; operation.request_payload_max.min(8)];
        let call = Call { operation, body: vec![1; operation.request], payload, room: 0 };
        let frame = call.frame(5);
        for length in 0..frame.len() {
            let mut reply = Vec::new();
            server(&host).answer(operation.call.into(), &frame[..length], &mut reply);
            assert_eq!(status(&reply), Some(Status::Malformed), "{} cut to {length} bytes", operation.name);
            assert_eq!(reply.len(), HEADER);
        }
    }
    host.assert_outside_untouched();
}
