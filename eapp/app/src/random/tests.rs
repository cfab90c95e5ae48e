//! Generators: what they depend on, and what they keep of the bytes that they gave out.

use super::*;
use alloc::boxed::Box;
use alloc::{vec, vec::Vec};
use std::sync::{Arc, Mutex};
use wasmstone_edge_protocol::frame::{HEADER, RequestHeader, reply_header};
use wasmstone_edge_protocol::types::EntropyReply;
use wasmstone_edge_protocol::{OperationInfo, Status};
use zerocopy::{FromBytes, IntoBytes};

/// A machine and its host.
#[derive(Clone, Copy)]
struct Machine {
    /// The machine's own entropy.
    private: u8,
    now: u64,
    /// The host's answer when it is asked for entropy.
    host: Result<u8, Status>,
}

const MACHINE: Machine = Machine { private: 1, now: 0, host: Ok(7) };

struct Running {
    machine: Machine,
    asked: Arc<Mutex<usize>>,
}

impl Platform for Running {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let (header, _) = RequestHeader::read_from_prefix(request).unwrap();
        assert_eq!(OperationInfo::find(call, header.function).unwrap().name, "launch.entropy");
        *self.asked.lock().unwrap() += 1;
        let (status, body) = match self.machine.host {
            Ok(byte) => (Status::Ok, EntropyReply { entropy: [byte; 32] }.as_bytes().to_vec()),
            Err(status) => (status, Vec::new()),
        };
        reply[..HEADER].copy_from_slice(reply_header(header.request_id.get(), status, body.len() as u32, 0).as_bytes());
        reply[HEADER..][..body.len()].copy_from_slice(&body);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        self.machine.now += 1;
        self.machine.now
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(self.machine.private);
    }
}

impl Machine {
    fn start(self) -> (Channel, Arc<Mutex<usize>>) {
        let asked = Arc::default();
        (Channel::new(Box::new(Running { machine: self, asked: Arc::clone(&asked) })), asked)
    }

    fn generator(self, host: u8) -> Generator {
        Generator::new(self.start().0.platform(), &[host; 32])
    }
}

fn bytes(generator: &mut Generator, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    generator.fill(&mut bytes);
    bytes
}

#[test]
fn a_stream_depends_on_the_machine_and_on_the_host() {
    let stream = |private, host| bytes(&mut Machine { private, ..MACHINE }.generator(host), 64);
    assert_eq!(stream(1, 7), stream(1, 7));
    // A host that repeats its entropy, or all its answers of another run.
    assert_ne!(stream(1, 7), stream(2, 7));
    // A machine that was reset.
    assert_ne!(stream(1, 7), stream(1, 8));
}

#[test]
fn bytes_are_the_ciphers_and_each_key_comes_before_them() {
    let mut extract = HkdfExtract::<Sha256>::new(Some(&[7; 32]));
    extract.input_ikm(&[b"wasmstone random v1", &[1; 64][..]].concat());
    let mut key: [u8; 32] = extract.finalize().0.into();
    let mut blocks = || {
        let mut stream = ChaCha20Rng::from_seed(key);
        stream.fill_bytes(&mut key);
        stream
    };
    let mut expected = vec![0; 2 * AHEAD];
    expected.chunks_mut(AHEAD).for_each(|chunk| blocks().fill_bytes(chunk));
    let mut large = vec![0; 1000];
    blocks().fill_bytes(&mut large);

    for size in [1, 7, 32, AHEAD - 1, AHEAD] {
        let mut generator = MACHINE.generator(7);
        let mut all = vec![0; 2 * AHEAD];
        all.chunks_mut(size).for_each(|chunk| generator.fill(chunk));
        assert_eq!(all, expected, "{size} at a time");
        assert_eq!(bytes(&mut generator, 1000), large);
    }
    assert_eq!(bytes(&mut MACHINE.generator(7), 0), []);
}

/// All state of a generator.
fn state(generator: &Generator) -> Vec<u8> {
    [&generator.key[..], &generator.ahead[..]].concat()
}

fn holds(state: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(8).any(|part| state.windows(8).any(|held| held == part))
}

#[test]
fn nothing_of_what_was_given_out_is_left() {
    let mut generator = MACHINE.generator(7);
    for size in [8, 100, AHEAD - 108, 8, AHEAD, AHEAD + 1, 100_000, 8] {
        let key = *generator.key;
        let given = bytes(&mut generator, size);
        assert!(!holds(&state(&generator), &given), "{size}");
        if size > AHEAD {
            assert!(!holds(&state(&generator), &key), "the key that it came from");
        }
    }
    let key = *generator.key;
    while *generator.key == key {
        bytes(&mut generator, 8);
    }
    assert!(!holds(&state(&generator), &key));
}

#[test]
fn forks_tell_nothing_of_each_other() {
    let mut root = MACHINE.generator(7);
    let mut forks = [&b"one"[..], b"other", b"one"].map(|label| root.fork(label));
    let mut streams: Vec<_> = forks.iter_mut().map(|fork| bytes(fork, 10_000)).collect();
    streams.push(bytes(&mut root, 10_000));
    for (index, stream) in streams.iter().enumerate() {
        let words: std::collections::HashSet<_> = stream.chunks(8).collect();
        assert_eq!(words.len(), 1250);
        assert!(streams[..index].iter().all(|other| other.chunks(8).all(|word| !words.contains(word))));
    }
    // The label alone makes a difference, and the bytes that a fork gives out do not affect its root.
    let [mut one, mut other] = [MACHINE.generator(7), MACHINE.generator(7)];
    let [mut fork, mut quiet] = [one.fork(b"one"), other.fork(b"other")];
    assert_ne!(bytes(&mut fork, 32), bytes(&mut quiet, 32));
    bytes(&mut fork, 3_000_000);
    assert_eq!(bytes(&mut one, 100), bytes(&mut other, 100));
}

#[test]
fn a_guest_has_three_streams() {
    let mut root = MACHINE.generator(7);
    let [mut one, mut other] = [Random::new(&mut root), Random::new(&mut root)];
    let mut all = vec![one.insecure_seed, other.insecure_seed];
    for generator in [&mut one.secure, &mut one.insecure, &mut other.secure, &mut other.insecure] {
        let bytes: [u8; 16] = bytes(generator, 16).try_into().unwrap();
        let number = u128::from_le_bytes(bytes);
        all.push((number as u64, (number >> 64) as u64));
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6, "{all:x?}");
}

/// The bytes of a generator that has given out `before` bytes, and how often the host was asked.
fn refreshed(machine: Machine, before: usize) -> (Vec<u8>, usize) {
    let (mut channel, asked) = machine.start();
    let mut generator = Generator::new(channel.platform(), &[7; 32]);
    bytes(&mut generator, before);
    generator.refresh(&mut channel).unwrap();
    generator.refresh(&mut channel).unwrap();
    let asked = *asked.lock().unwrap();
    (bytes(&mut generator, 32), asked)
}

#[test]
fn after_a_mebibyte_more_is_mixed_in() {
    assert_eq!(refreshed(MACHINE, 0).1, 0);
    assert_eq!(refreshed(MACHINE, (1 << 20) - 1).1, 0);
    assert_eq!(refreshed(MACHINE, 1 << 20).1, 1);
    assert_eq!(refreshed(MACHINE, 5 << 20).1, 1, "once, however much it was");

    let (fresh, _) = refreshed(MACHINE, 1 << 20);
    let mut stale = MACHINE.generator(7);
    bytes(&mut stale, 1 << 20);
    assert_ne!(bytes(&mut stale, 32), fresh);
    assert_eq!(refreshed(MACHINE, 1 << 20).0, fresh);
    for other in [
        Machine { private: 2, ..MACHINE },
        Machine { now: 1, ..MACHINE },
        Machine { host: Ok(8), ..MACHINE },
        Machine { host: Err(Status::Io), ..MACHINE },
    ] {
        assert_ne!(refreshed(other, 1 << 20).0, fresh);
    }
}

#[test]
fn a_host_without_entropy_takes_nothing_away() {
    let refusing = Machine { host: Err(Status::Unsupported), ..MACHINE };
    let (stream, asked) = refreshed(refusing, 1 << 20);
    assert_eq!(asked, 1, "not once more before the next mebibyte");
    assert_ne!(stream, refreshed(Machine { private: 2, ..refusing }, 1 << 20).0);
    assert_ne!(stream, refreshed(Machine { now: 9, ..refusing }, 1 << 20).0);
}
