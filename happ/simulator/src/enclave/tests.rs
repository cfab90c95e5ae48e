use super::*;
use crate::doorbell::{self, Turn};
use crate::tests::in_time;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use wasmstone_bundle::Measurement;
use wasmstone_eapp::channel::Channel;
use wasmstone_edge_protocol::frame::{self, reply_header};
use wasmstone_edge_protocol::types::{ReadReply, ReadRequest};
use wasmstone_edge_protocol::{BUFFER_SIZE, Status, io};

/// The same memory, mapped for each side, as the two processes have it.
fn sides() -> (Arc<Shared>, Arc<Shared>) {
    let memory = doorbell::create().unwrap();
    (Arc::new(Shared::map(&memory).unwrap()), Arc::new(Shared::map(&memory).unwrap()))
}

fn platform(shared: &Arc<Shared>) -> Simulated {
    Simulated { shared: shared.clone(), start: Instant::now(), entropy: [0; 64], keys: Keys(Measurement([0; 64])) }
}

fn header(offset: u64, size: u64, status: u64) -> Header {
    Header { return_offset: offset.into(), return_size: size.into(), status: status.into(), ..Header::default() }
}

/// Makes the host write `payload`, then `header`, and returns what the enclave makes of them.
fn answered(payload: &[u8], header: Header, room: usize) -> std::result::Result<Vec<u8>, Violation> {
    let (host, enclave) = sides();
    let mut reply = vec![0; room];
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(host.wait_for_enclave(), Turn::Host);
            host.buffer().write(HEADER, payload).unwrap();
            host.buffer().write(0, header.as_bytes()).unwrap();
            host.resume();
        });
        platform(&enclave).edge_call(1, b"request", &mut reply)
    });
    result.map(|()| reply)
}

#[test]
fn an_answer_is_copied_and_the_rest_is_zero() {
    in_time("every call is answered", || {
        assert_eq!(answered(b"abcd", header(48, 3, STATUS_OK), 5), Ok(b"abc\0\0".to_vec()));
        assert_eq!(answered(b"abcd", header(50, 2, STATUS_OK), 2), Ok(b"cd".to_vec()));
        assert_eq!(answered(b"", header(BUFFER_SIZE as u64, 0, STATUS_OK), 2), Ok(vec![0; 2]));
    });
}

#[test]
fn an_answer_that_is_not_where_it_says_is_a_violation() {
    in_time("every call is answered", || {
        let end = BUFFER_SIZE as u64;
        for (offset, size, status) in [
            (48, 6, STATUS_OK),
            (48, end, STATUS_OK),
            (48, u64::MAX, STATUS_OK),
            (end, 1, STATUS_OK),
            (end - 4, 5, STATUS_OK),
            (u64::MAX, 1, STATUS_OK),
            (u64::MAX - 3, 4, STATUS_OK),
            (48, 3, 1),
            (48, 3, 2),
            (48, 3, u64::MAX),
        ] {
            assert!(answered(b"abcd", header(offset, size, status), 5).is_err(), "{offset} {size} {status}");
        }
    });
}

#[test]
fn a_request_that_does_not_fit_is_not_sent() {
    let (_, enclave) = sides();
    // Otherwise no side would answer it.
    assert!(platform(&enclave).edge_call(1, &vec![0; BUFFER_SIZE - HEADER + 1], &mut []).is_err());
}

/// A host that changes its answer while the enclave reads it: the result is an answer or a violation.
#[test]
fn an_answer_that_changes_while_it_is_read_does_no_harm() {
    in_time("every call is answered", || {
        const ROOM: usize = 4096;
        let (host, enclave) = sides();
        let (turns, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let frame_size = frame::HEADER + size_of::<ReadReply>() + ROOM;
        thread::scope(|scope| {
            // Answers at once, whatever the buffer holds by then.
            let answering = scope.spawn(|| {
                while host.wait_for_enclave() == Turn::Host {
                    host.resume()
                }
            });
            scope.spawn(|| {
                let sizes = [frame_size as u64, frame_size as u64, frame::HEADER as u64, 0, u64::MAX, 1 << 32];
                let offsets = [48, 48, 48, BUFFER_SIZE as u64 - 100, u64::MAX, 0];
                let lengths = [0, 1, ROOM as u32, ROOM as u32 + 1, u32::MAX];
                let mut turn = 0usize;
                while !stop.load(Ordering::Relaxed) {
                    let status = if turn.is_multiple_of(11) { Status::Io } else { Status::Ok };
                    let body = if turn.is_multiple_of(13) { 9 } else { size_of::<ReadReply>() as u32 };
                    let id = 1 + u64::from(turn.is_multiple_of(17));
                    let frame = reply_header(id, status, body, lengths[turn % lengths.len()]);
                    host.buffer().write(HEADER, frame.as_bytes()).unwrap();
                    host.buffer().write(HEADER + frame::HEADER, &vec![turn as u8; ROOM]).unwrap();
                    let (offset, size) = (offsets[turn / 3 % offsets.len()], sizes[turn / 7 % sizes.len()]);
                    host.buffer()
                        .write(0, header(offset, size, u64::from(turn.is_multiple_of(19))).as_bytes())
                        .unwrap();
                    turn = turns.fetch_add(1, Ordering::Relaxed) + 1;
                }
            });
            let (mut answers, mut violations) = (0, 0);
            for _ in 0..1_000 {
                let before = turns.load(Ordering::Relaxed);
                while turns.load(Ordering::Relaxed) == before {
                    thread::yield_now();
                }
                // Each has a channel of its own: a channel that saw a violation makes no more calls.
                let mut channel = Channel::new(Box::new(platform(&enclave)));
                match channel.call::<io::Read>(&ReadRequest::default(), &[], ROOM) {
                    Ok(Ok((_, payload))) => {
                        assert!(payload.len() <= ROOM);
                        answers += 1;
                    }
                    Ok(Err(status)) => assert_eq!(status, Status::Io),
                    Err(_) => violations += 1,
                }
            }
            stop.store(true, Ordering::Relaxed);
            enclave.exit(0);
            answering.join().unwrap();
            assert!(answers > 0 && violations > 0, "{answers} answers, {violations} violations: nothing was tested");
        });
    });
}

mod images {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(48), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_no_image_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(load(&bytes, &File::open("/dev/null")?).is_err());
        }
    }
}
