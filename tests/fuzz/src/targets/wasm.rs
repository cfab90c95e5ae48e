//! Building a bundle from arbitrary bytes that claim to be WebAssembly: all checks before compiling.

use std::sync::LazyLock;
use wasmstone_builder::{MemorySize, Request, build};
use wasmstone_bundle::Platform;
use wasmstone_policy::Policy;

const MODULE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 20) (table 10 funcref) (global (mut i32) (i32.const 0))
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (elem (i32.const 0) $write)
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

const COMPONENT: &str = r#"(component
    (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
    (core func $number (canon lower (func $random "get-random-u64")))
    (core module $main
        (import "host" "number" (func $number (result i64)))
        (memory 20)
        (func (export "run") (result i32) (i32.wrap_i64 (i64.and (call $number) (i64.const 1)))))
    (core instance $main (instantiate $main (with "host" (instance (export "number" (func $number))))))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))"#;

static VALID: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [MODULE, COMPONENT].map(|text| wat::parse_str(text).expect("a program")));

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let platform = Platform::sim();
    let wasm = crate::edited(&VALID[usize::from(which % 2)], rest);
    let request = Request {
        // Too small for the programs above: compiling takes long and reads only what was checked before, so it is
        // left to the few programs that lost their memory.
        max_memory: MemorySize::from_bytes(1 << 20).expect("a size"),
        policy: Policy::closed(),
        ..Request::new(&wasm, "fuzz", &platform)
    };
    let _ = build(&request, |_| {});
}
