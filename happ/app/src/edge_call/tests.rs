use super::*;
use crate::edge_server::{Config, Directory, Input, Output};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use wasmstone_edge_protocol::frame::{self, request_head};
use wasmstone_edge_protocol::types::{HandleRequest, ReadRequest};
use wasmstone_edge_protocol::{OPERATIONS, Operation, Status, handle, io};
use wasmstone_policy::Access;

/// A buffer in memory of its own, which is never given back.
fn buffer(size: usize) -> SharedBuffer {
    let memory = Box::leak(vec![0xa5u8; size].into_boxed_slice());
    // SAFETY: leaked, so valid for ever; nobody has the reference any more.
    unsafe { SharedBuffer::new(NonNull::from(memory).cast(), size) }
}

fn all(buffer: &SharedBuffer) -> Vec<u8> {
    let mut bytes = vec![0; buffer.size];
    buffer.read(0, &mut bytes).unwrap();
    bytes
}

fn request<O: Operation>(body: &O::Request, payload: &[u8], room: u32) -> Vec<u8> {
    let mut frame = Vec::new();
    request_head::<O>(1, payload.len() as u32, room, body, |bytes| frame.extend_from_slice(bytes));
    frame.extend_from_slice(payload);
    frame
}

fn header(call: u64, offset: u64, size: u64) -> Header {
    let (argument_offset, argument_size) = (offset.into(), size.into());
    Header { call: call.into(), argument_offset, argument_size, ..Header::default() }
}

fn status(buffer: &SharedBuffer) -> u64 {
    buffer.read_header().unwrap().status.get()
}

fn reply(buffer: &SharedBuffer) -> Vec<u8> {
    let header = buffer.read_header().unwrap();
    let mut reply = Vec::new();
    buffer.read_range(header.return_offset, header.return_size, &mut reply).unwrap();
    reply
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(48), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_what_lies_inside_is_copied(offset in prop_oneof![0..200usize, any::<usize>()], length in 0..200usize) {
        let buffer = buffer(128);
        let inside = offset.checked_add(length).is_some_and(|end| end <= 128);
        let mut into = vec![0; length];
        prop_assert_eq!(buffer.read(offset, &mut into).is_some(), inside);
        prop_assert_eq!(into, vec![if inside { 0xa5 } else { 0 }; length]);
        prop_assert_eq!(buffer.write(offset, &vec![1; length]).is_some(), inside);
        let written = all(&buffer).iter().filter(|byte| **byte == 1).count();
        prop_assert_eq!(written, if inside { length } else { 0 });
    }

    #[test]
    fn only_a_range_behind_the_header_is_read(
        offset in prop_oneof![0..200u64, any::<u64>()],
        size in prop_oneof![0..200u64, any::<u64>()],
    ) {
        let inside = offset >= HEADER as u64 && offset.checked_add(size).is_some_and(|end| end <= 128);
        let mut into = vec![9; 3];
        prop_assert_eq!(buffer(128).read_range(offset.into(), size.into(), &mut into).is_some(), inside);
        prop_assert_eq!(into.len() as u64, if inside { size } else { 3 });
    }
}

#[test]
fn a_request_elsewhere_is_refused() {
    let mut server = Server::new(Config::default()).unwrap();
    let mut dispatcher = Dispatcher::default();
    let frame = request::<io::Read>(&ReadRequest::default(), &[], 8);
    let (size, all) = (frame.len() as u64, 4096);
    for (offset, size) in
        [(0, size), (47, size), (all - size + 1, size), (u64::MAX, size), (48, all - 47), (48, u64::MAX), (u64::MAX, 1)]
    {
        let buffer = buffer(4096);
        buffer.write(HEADER, &frame).unwrap();
        buffer.write(0, header(io::Read::CALL.into(), offset, size).as_bytes()).unwrap();
        dispatcher.dispatch(&buffer, &mut server);
        let answered = buffer.read_header().unwrap();
        assert_eq!((answered.status.get(), answered.return_size.get()), (STATUS_BAD_OFFSET, 0), "{offset} {size}");
    }
    assert!(server.counts().is_empty());
}

#[test]
fn a_request_may_lie_anywhere_behind_the_header() {
    let output = Arc::new(Mutex::new(Vec::new()));
    let mut server = Server::new(Config { stdout: Output::Memory(output.clone()), ..Config::default() }).unwrap();
    let frame = request::<io::Write>(&HandleRequest { handle: handle::STDOUT.into() }, b"x", 0);
    for offset in [48, 49, 4096 - frame.len()] {
        let buffer = buffer(4096);
        buffer.write(offset, &frame).unwrap();
        buffer.write(0, header(io::Write::CALL.into(), offset as u64, frame.len() as u64).as_bytes()).unwrap();
        Dispatcher::default().dispatch(&buffer, &mut server);
        assert_eq!(status(&buffer), STATUS_OK);
        let reply = reply(&buffer);
        assert!(
            matches!(frame::decode_reply::<io::Write>(&reply, 1, 0), Ok(Ok((body, []))) if body.written.opaque() == 1)
        );
    }
    assert_eq!(*output.lock().unwrap(), b"xxx");
}

#[test]
fn a_reply_without_room_is_refused() {
    let mut server =
        Server::new(Config { stdin: Input::Bytes(Cursor::new(vec![1; 4096])), ..Config::default() }).unwrap();
    let buffer = buffer(1024);
    let body = ReadRequest { handle: handle::STDIN.into(), length: 4096.into(), wait: 1.into() };
    let frame = request::<io::Read>(&body, &[], 4096);
    buffer.write(HEADER, &frame).unwrap();
    buffer.write(0, header(io::Read::CALL.into(), HEADER as u64, frame.len() as u64).as_bytes()).unwrap();
    Dispatcher::default().dispatch(&buffer, &mut server);
    assert_eq!((status(&buffer), reply(&buffer)), (STATUS_BAD_OFFSET, vec![]));
}

/// The enclave's side, on a thread of its own.
struct Enclave(SharedBuffer);

// SAFETY: the leaked memory of `buffer`, to which no reference exists.
unsafe impl Send for Enclave {}

impl Enclave {
    /// Writes requests, the larger part of them damaged, without ever waiting for an answer.
    fn rage(&self, rounds: &AtomicUsize, stop: &AtomicBool) {
        const SIZE: u64 = 1 << 14;
        // A poll could wait for ever; all others return.
        let rows: Vec<_> = OPERATIONS.iter().filter(|row| row.name != io::Poll::NAME).collect();
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        while !stop.load(Ordering::Relaxed) {
            let row = rows[random(rows.len())];
            let frame_size = (frame::HEADER + row.request) as u64;
            let offset = [HEADER as u64, HEADER as u64, HEADER as u64, SIZE - 1, u64::MAX, 0][random(6)];
            let size = [frame_size, frame_size + 1, random(SIZE as usize) as u64, 0, u64::MAX - 40, SIZE][random(6)];
            self.0.write(0, header(row.call.into(), offset, size).as_bytes()).unwrap();
            let head = frame::RequestHeader {
                version: wasmstone_edge_protocol::VERSION.into(),
                function: row.function,
                reserved: 0,
                body_length: (row.request as u32).into(),
                payload_length: [0, 0, 1, 16, u32::MAX][random(5)].into(),
                reply_payload_max: [0, 9, 4096, u32::MAX][random(4)].into(),
                request_id: (random(1 << 20) as u64).into(),
            };
            let body: Vec<u8> = (0..row.request + 16).map(|_| [0, 0, 1, 16, 128, 255, b'a', b'/'][random(8)]).collect();
            self.0.write(HEADER, head.as_bytes()).unwrap();
            self.0.write(HEADER + frame::HEADER, &body).unwrap();
            rounds.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_request_that_changes_while_it_is_read_does_no_harm() {
    let granted = tempfile::tempdir().unwrap();
    let directory = Directory::open(granted.path(), "/data", Access::ReadWrite).unwrap();
    let stdin = Input::Bytes(Cursor::new(vec![7; 1 << 16]));
    let mut server = Server::new(Config { directories: vec![directory], stdin, ..Config::default() }).unwrap();
    let mut dispatcher = Dispatcher::default();
    let buffer = buffer(1 << 14);
    let (enclave, rounds, stop) = (Enclave(buffer), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let enclave = enclave;
            enclave.rage(&rounds, &stop);
        });
        for _ in 0..5_000 {
            let before = rounds.load(Ordering::Relaxed);
            while rounds.load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
            dispatcher.dispatch(&buffer, &mut server);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(server.counts().len() > 5, "nothing was tested: {:?}", server.counts());

    // It serves on as if nothing had been.
    let frame = request::<io::Close>(&HandleRequest { handle: 77.into() }, &[], 0);
    buffer.write(HEADER, &frame).unwrap();
    buffer.write(0, header(io::Close::CALL.into(), HEADER as u64, frame.len() as u64).as_bytes()).unwrap();
    dispatcher.dispatch(&buffer, &mut server);
    let reply = reply(&buffer);
    assert!(matches!(frame::decode_reply::<io::Close>(&reply, 1, 0), Ok(Err(Status::BadDescriptor))));
}
