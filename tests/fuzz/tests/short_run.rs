//! A short run of every target, with the same inputs each time.

use std::collections::BTreeSet;
use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use wasmstone_fuzz::targets::NAMES;

/// How long the short run of a target may take. The slowest target takes a twentieth of it on a slow machine.
const LIMIT: Duration = Duration::from_secs(300);

/// The stack size of libFuzzer's own thread.
const STACK: usize = 8 << 20;

/// Pseudo-random numbers, by splitmix64.
struct Numbers(u64);

impl Numbers {
    /// Numbers that depend on the name only.
    fn of(name: &str) -> Self {
        Self(
            name.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// An input. Most targets read it as a list of changes to a valid sample; a short list leaves most of the sample
    /// unchanged, and reaches the code behind the first checks.
    fn input(&mut self) -> Vec<u8> {
        let length = match self.next() % 8 {
            0 => 0,
            1..4 => 2 + 5 * (self.next() % 3) as usize,
            4..7 => (self.next() % 100) as usize,
            _ => (self.next() % 2000) as usize,
        };
        self.bytes(length)
    }
}

/// Shows the input that a target panics with.
struct Shown<'a>(&'a str, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let input: String = self.1.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("the target {} panics with the input {input}", self.0);
        }
    }
}

fn check(name: &'static str, target: fn(&[u8]), inputs: usize) {
    let (sender, receiver) = channel();
    let run = move || {
        let mut numbers = Numbers::of(name);
        for _ in 0..inputs {
            let input = numbers.input();
            let shown = Shown(name, &input);
            target(&input);
            drop(shown);
        }
        sender.send(()).expect("the test waits");
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread");
    match receiver.recv_timeout(LIMIT) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("the short run of {name} did not end within {LIMIT:?}"),
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().expect_err("the target panicked")),
    }
}

macro_rules! tests {
    ($($name:ident: $inputs:literal,)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), wasmstone_fuzz::targets::$name::run, $inputs);
        })*
    };
}

wasmstone_fuzz::targets!(tests);

/// The names of the files of targets in a directory of this crate.
fn files(directory: &str) -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_has_a_short_run() {
    let listed: BTreeSet<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(files("src/targets"), listed, "name every target in src/targets.rs");
    assert_eq!(files("libfuzzer/fuzz_targets"), listed, "give every target a program for libFuzzer");
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer/Cargo.toml")).unwrap();
    for name in listed {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
