//! The enclave app, with a host that lies.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use std::ptr::NonNull;
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_builder::{Engine, MemorySize, Request, build};
use wasmstone_bundle::{Platform as BundlePlatform, verify::contents};
use wasmstone_eapp::{Platform, REPORT_BUFFER, Region};
use wasmstone_edge_protocol::{ExitStatus, Violation};
use wasmstone_happ::edge_server::{Config, Directory, Input, Server, Task};
use wasmstone_policy::Access;

const MEMORY: usize = 2 << 20;

/// A program that makes a request of every kind, whatever the answers are.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat_at (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_readlink" (func $readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 16) "a")
    (data (i32.const 17) "b")
    (data (i32.const 18) "link")
    ;; A buffer at 4096, of 1000 bytes.
    (data (i32.const 32) "\00\10\00\00\e8\03\00\00")
    ;; Standard input is readable, or a microsecond has passed.
    (data (i32.const 64) "\01\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
    (data (i32.const 112) "\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\e8\03\00\00\00\00\00\00")
    (func (export "_start") (local $file i32) (local $left i32)
        (drop (call $args_sizes (i32.const 200) (i32.const 204)))
        (drop (call $environ_sizes (i32.const 200) (i32.const 204)))
        (drop (call $time (i32.const 0) (i64.const 0) (i32.const 208)))
        ;; So much that the host is asked for more entropy.
        (local.set $left (i32.const 18))
        (loop $more
            (drop (call $random (i32.const 4096) (i32.const 61440)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $more (local.get $left)))
        (drop (call $prestat (i32.const 3) (i32.const 216)))
        (drop (call $open (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)
            (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 240)))
        (local.set $file (i32.load (i32.const 240)))
        (drop (call $read (local.get $file) (i32.const 32) (i32.const 1) (i32.const 244)))
        (drop (call $read (local.get $file) (i32.const 32) (i32.const 1) (i32.const 244)))
        (drop (call $pread (local.get $file) (i32.const 32) (i32.const 1) (i64.const 2) (i32.const 244)))
        (drop (call $stat (local.get $file) (i32.const 256)))
        (drop (call $stat_at (i32.const 3) (i32.const 0) (i32.const 18) (i32.const 4) (i32.const 256)))
        (drop (call $readlink (i32.const 3) (i32.const 18) (i32.const 4) (i32.const 4096) (i32.const 100) (i32.const 244)))
        (drop (call $readdir (i32.const 3) (i32.const 4096) (i32.const 1000) (i64.const 0) (i32.const 244)))
        (drop (call $open (i32.const 3) (i32.const 1) (i32.const 17) (i32.const 1) (i32.const 1)
            (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 240)))
        (drop (call $write (i32.load (i32.const 240)) (i32.const 32) (i32.const 1) (i32.const 244)))
        (drop (call $close (i32.load (i32.const 240))))
        (drop (call $rename (i32.const 3) (i32.const 17) (i32.const 1) (i32.const 3) (i32.const 16) (i32.const 1)))
        (drop (call $unlink (i32.const 3) (i32.const 16) (i32.const 1)))
        (drop (call $poll (i32.const 64) (i32.const 8192) (i32.const 2) (i32.const 244)))
        (drop (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 244)))
        (drop (call $write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 244)))))"#;

/// The launch segment and the program.
static BUILT: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let platform = BundlePlatform::sim();
    let wasm = wat::parse_str(PROGRAM).expect("a program");
    let request = Request {
        max_memory: MemorySize::from_bytes(MEMORY as u64).expect("a size"),
        // The host's answers are the same for every engine; this one has no machine code to map.
        engine: Engine::Pulley,
        ..Request::new(&wasm, "fuzz", &platform)
    };
    let built = build(&request, |_| {}).expect("a program that builds");
    let program = contents(&built.bundle).expect("what was built").programs.remove(0);
    (program.launch.encode().expect("a launch"), program.program)
});

/// The region of the guest's memory; every run leaves it zeroed.
static REGION: LazyLock<usize> =
    LazyLock::new(|| Box::leak(vec![0u8; MEMORY].into_boxed_slice()).as_mut_ptr().expose_provenance());

/// An honest host whose answers are changed on their way.
struct Liar {
    server: Server,
    lies: Vec<u8>,
    told: usize,
    now: u64,
}

impl Liar {
    fn next(&mut self) -> usize {
        self.told += 1;
        self.lies.get(self.told - 1).copied().unwrap_or(0).into()
    }
}

impl Platform for Liar {
    fn edge_call(&mut self, call: u8, request: &[u8], reply: &mut [u8]) -> Result<(), Violation> {
        let mut frame = Vec::new();
        self.server.answer(call.into(), request, &mut frame);
        // One byte gives the number of lies; each lie is a place and a byte. Most places are in the header, the
        // struct or the payload's beginning.
        for _ in 0..self.next() % 4 {
            let (place, value) = (self.next(), self.next());
            match frame.get_mut(place) {
                Some(byte) => *byte = value as u8,
                None if place < 250 => frame.push(value as u8),
                None => frame.truncate(value),
            }
        }
        let reply = reply.get_mut(..frame.len()).ok_or(Violation("too long"))?;
        reply.copy_from_slice(&frame);
        Ok(())
    }

    fn ticks(&mut self) -> u64 {
        self.now += 1_000_000;
        self.now
    }

    fn private_entropy(&mut self, seed: &mut [u8; 64]) {
        seed.fill(1);
    }

    fn sealing_key(&mut self, identifier: &[u8], key: &mut [u8; 32]) -> bool {
        key.fill(identifier.len() as u8);
        true
    }

    fn attest(&mut self, data: &[u8], report: &mut [u8; REPORT_BUFFER]) -> bool {
        report[72..][..data.len()].copy_from_slice(data);
        true
    }
}

fn granted() -> TempDir {
    let granted = tempfile::tempdir().expect("a temporary directory");
    fs::write(granted.path().join("a"), "hello").expect("a file");
    symlink("a", granted.path().join("link")).expect("a link");
    granted
}

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let granted = granted();
    // The first byte's parity decides the enclave's task.
    let task = match data.first() {
        Some(byte) if byte % 2 == 1 => Task::Report { nonce: b"a nonce!".to_vec() },
        _ => Task::Run,
    };
    let config = Config {
        task,
        arguments: vec!["argument".into()],
        environment: vec![("NAME".into(), "value".into())],
        directories: vec![Directory::open(granted.path(), "/data", Access::ReadWrite).expect("a grant")],
        stdin: Input::Bytes(Cursor::new(b"input".to_vec())),
        program: BUILT.1.clone().into(),
        ..Config::default()
    };
    let server = Server::new(config).expect("grants that fit");
    let host = Liar { server, lies: data.to_vec(), told: 0, now: 0 };
    let base = NonNull::new(std::ptr::with_exposed_provenance_mut(*REGION)).expect("memory");
    // SAFETY: leaked, zero after every run as is checked below, and used by one run at a time.
    let region = unsafe { Region::new(base, MEMORY) };
    let ended = wasmstone_eapp::run(Box::new(host), &BUILT.0, region, None);
    assert!(!matches!(ended.status, ExitStatus::Internal), "{ended:?}");
    // SAFETY: the same memory, which nothing uses between two runs.
    let left = unsafe { std::slice::from_raw_parts(base.as_ptr(), MEMORY) };
    assert!(left.iter().all(|byte| *byte == 0), "something is left of the guest");
    if data.is_empty() {
        assert_eq!(ended.status, ExitStatus::Guest(0), "an honest host is believed");
    }
}
