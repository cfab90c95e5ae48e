//! The host, called by an enclave that sends arbitrary requests.

use arbitrary::{Arbitrary, Unstructured};
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use wasmstone_edge_protocol::frame::{FRAME_MAX, HEADER, RequestHeader};
use wasmstone_edge_protocol::{OPERATIONS, Operation, VERSION, io::Poll};
use wasmstone_happ::edge_server::{Config, Directory, Input, Server};
use wasmstone_policy::Access;
use zerocopy::IntoBytes;

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    /// Requests in the protocol's form.
    Formed { operation: u8, body: [Word; 10], payload: Payload<'a>, room: u32 },
    /// Arbitrary bytes.
    Raw { call: u64, frame: &'a [u8] },
}

#[derive(Debug)]
struct Word(u32);

impl Arbitrary<'_> for Word {
    fn arbitrary(data: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        // Numbers with a meaning: flags, the standard streams, the granted directories, files.
        let known = [0, 1, 2, 3, 4, 8, 16, 17, 18, 128, 129, 130, 131, u32::MAX];
        Ok(Self(if data.ratio(9u8, 10u8)? { *data.choose(&known)? } else { data.arbitrary()? }))
    }
}

#[derive(Arbitrary, Debug)]
enum Payload<'a> {
    Path(Name),
    Paths(Name, Name),
    Other(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Name {
    A,
    B,
    Directory,
    InDirectory,
    Link,
    ThroughLink,
    Parent,
    Outside,
    Absolute,
    Zero,
}

impl Name {
    fn text(&self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::Directory => "directory",
            Self::InDirectory => "directory/a",
            Self::Link => "link",
            Self::ThroughLink => "link/secret",
            Self::Parent => "..",
            Self::Outside => "directory/../../outside/secret",
            Self::Absolute => "/etc/passwd",
            Self::Zero => "a\0b",
        }
    }
}

fn frame(operation: u8, body: &[Word; 10], payload: &Payload<'_>, room: u32, request_id: u64) -> (u64, Vec<u8>) {
    let row = OPERATIONS[usize::from(operation) % OPERATIONS.len()];
    let mut body: Vec<u8> = body.iter().cycle().flat_map(|word| word.0.to_le_bytes()).take(row.request).collect();
    if row.name == Poll::NAME {
        // A timeout of microseconds.
        body[2..8].fill(0);
    }
    let payload = match payload {
        Payload::Path(name) => name.text().as_bytes().to_vec(),
        Payload::Paths(old, new) => [old.text(), new.text()].concat().into_bytes(),
        Payload::Other(bytes) => bytes.to_vec(),
    };
    let header = RequestHeader {
        version: VERSION.into(),
        function: row.function,
        reserved: 0,
        body_length: (row.request as u32).into(),
        payload_length: (payload.len() as u32).into(),
        reply_payload_max: (room % (row.reply_payload_max as u32 + 1)).into(),
        request_id: request_id.into(),
    };
    (row.call.into(), [header.as_bytes(), &body, &payload].concat())
}

/// Whether a frame of arbitrary bytes could make the host wait for long.
fn waits(call: u64, frame: &[u8]) -> bool {
    call == u64::from(Poll::CALL) && frame.get(2) == Some(&Poll::FUNCTION)
}

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Ok(calls) = <Vec<Call<'_>>>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let root = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| root.path().join(name);
    for name in ["outside", "writable", "readable", "writable/directory", "readable/directory"] {
        fs::create_dir(path(name)).expect("a directory");
    }
    fs::write(path("outside/secret"), "secret").expect("a file");
    fs::write(path("readable/a"), "hello").expect("a file");
    for name in ["writable/link", "readable/link"] {
        symlink("../outside", path(name)).expect("a link");
    }
    let grant = |name: &str, access| Directory::open(&path(name), name, access).expect("a grant");
    let config = Config {
        directories: vec![grant("writable", Access::ReadWrite), grant("readable", Access::ReadOnly)],
        stdin: Input::Bytes(Cursor::new(vec![7; 1000])),
        program: vec![1; 100].into(),
        ..Config::default()
    };
    let mut server = Server::new(config).expect("grants that fit");
    let mut reply = Vec::new();
    for (index, call) in calls.iter().take(50).enumerate() {
        let (number, request) = match call {
            Call::Formed { operation, body, payload, room } => frame(*operation, body, payload, *room, index as u64),
            Call::Raw { call, frame } => (*call % 16, frame.to_vec()),
        };
        if matches!(call, Call::Raw { .. }) && waits(number, &request) {
            continue;
        }
        server.answer(number, &request, &mut reply);
        assert!((HEADER..=FRAME_MAX).contains(&reply.len()), "{}", reply.len());
    }
    assert_eq!(fs::read(path("outside/secret")).expect("the secret"), b"secret");
    assert_eq!(fs::read(path("readable/a")).expect("the file"), b"hello");
    assert_eq!(fs::read_dir(path("outside")).expect("a directory").count(), 1);
    assert_eq!(fs::read_dir(path("readable")).expect("a directory").count(), 3);
}
