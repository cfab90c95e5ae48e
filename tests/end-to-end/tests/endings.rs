//! How a program ends that asks for more than it can have: always with the right exit code, and never hung.

use std::fs;
use tempfile::TempDir;
use wasmstone_peer::RunConfig;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines, build, guest};

/// How a run ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A run with each engine.
fn run(bundled: &Bundled) -> [Ran; 2] {
    ENGINES.map(|engine| {
        let output = Enclave::new(bundled).option("--engine", engine).command(&[]).output_in_time();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    })
}

trait Ends {
    fn ends(self, code: i32, words: &[&str]);
}

impl Ends for [Ran; 2] {
    #[track_caller]
    fn ends(self, code: i32, words: &[&str]) {
        for (ran, engine) in self.into_iter().zip(ENGINES) {
            assert_eq!(ran.code, Some(code), "{engine}: {ran:?}");
            for word in words {
                assert!(ran.stderr.contains(word), "{engine}: {word:?} is not in {ran:?}");
            }
        }
    }
}

fn program(text: &str, flags: &[&str]) -> Bundled {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("program.wasm");
    fs::write(&wasm, wat::parse_str(text).unwrap()).unwrap();
    build(&wasm, &[&[both_engines().as_str()], flags].concat())
}

/// A component that runs `body`. In it, `$subscribe` makes a pollable, `$drop` drops one, `$poll` waits for a list of
/// them, `$random` asks for random bytes, `$open` opens standard output once more, and `$write` writes to it.
fn component(body: &str) -> String {
    format!(
        r#"(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $pollable (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $error (type $outer))
    (export "error" (type $error (eq $outer)))
    (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.write"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $stream (type $outer))
    (export "output-stream" (type $stream (eq $outer)))
    (export "get-stdout" (func (result (own $stream))))))
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))

  (core module $memory
    (memory (export "memory") 64)
    (global $next (mut i32) (i32.const 2097152))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $m (instantiate $memory))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $open (canon lower (func $stdout "get-stdout")))
  (core func $write-bytes (canon lower (func $streams "[method]output-stream.write")
    (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
  (core func $drop (canon resource.drop $pollable))
  (core func $poll-list (canon lower (func $poll "poll")
    (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
  (core func $random-bytes (canon lower (func $random "get-random-bytes")
    (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))

  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "host" "open" (func $open (result i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "poll" (func $poll (param i32 i32 i32)))
    (import "host" "random" (func $random (param i64 i32)))
    (func (export "run") (result i32) (local $i i32) (local $one i32)
      {body}
      (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance
    (export "memory" (memory $m "memory"))
    (export "subscribe" (func $subscribe))
    (export "open" (func $open))
    (export "write" (func $write-bytes))
    (export "drop" (func $drop))
    (export "poll" (func $poll-list))
    (export "random" (func $random-bytes))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $exported (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    )
}

/// Runs `body` this many times.
fn times(count: u32, body: &str) -> String {
    format!(
        "(local.set $i (i32.const 0))
        (loop {body}
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if 0 (i32.lt_u (local.get $i) (i32.const {count}))))"
    )
}

const OUT_OF_MEMORY: &[&str] = &["error: the enclave ran out of memory"];

#[test]
fn a_component_like_those_below_works() {
    let body = format!(
        "{} (call $poll (i32.const 0) (i32.const 10) (i32.const 1024)) (call $random (i64.const 1024) (i32.const 0))",
        times(10, "(i32.store (i32.mul (local.get $i) (i32.const 4)) (call $subscribe (i64.const 0)))")
    );
    run(&program(&component(&body), &[])).ends(0, &[]);
}

#[test]
fn more_random_bytes_than_there_is_memory() {
    let body = format!("(call $random (i64.const {}) (i32.const 0))", 64 << 20);
    run(&program(&component(&body), &[])).ends(105, OUT_OF_MEMORY);
}

#[test]
fn resources_that_are_never_given_back() {
    for make in ["(call $subscribe (i64.const 0))", "(call $open)"] {
        let leak = |count| component(&times(count, &format!("(drop {make})")));
        run(&program(&leak(100_000), &[])).ends(0, &[]);
        run(&program(&leak(100_000), &["--max-memory", "4M"])).ends(105, OUT_OF_MEMORY);
        // The engine has a limit too.
        run(&program(&leak(10_000_000), &["--max-memory", "512M"])).ends(134, &["handle limit"]);
    }
}

#[test]
fn resources_that_are_given_back() {
    let body = times(100_000, "(call $drop (call $subscribe (i64.const 0)))");
    run(&program(&component(&body), &[])).ends(0, &[]);
}

#[test]
fn a_poll_of_many() {
    // Handles to the same pollable, as many as Wasmtime lends, and more.
    for (count, code) in [(5000, 0), (100_000, 134)] {
        let body = format!(
            "(local.set $one (call $subscribe (i64.const 0))) {}
            (call $poll (i32.const 0) (i32.const {count}) (i32.const 1048576))",
            times(count, "(i32.store (i32.mul (local.get $i) (i32.const 4)) (local.get $one))")
        );
        let bundled = program(&component(&body), &[]);
        assert_eq!(bundled.run_outside(RunConfig::default()).end.code(), code);
        run(&bundled).ends(code, &[]);
    }
}

#[test]
fn a_list_that_is_larger_than_the_memory_of_the_enclave_itself() {
    let grow = "(drop (memory.grow (i32.const 1024)))";
    let write = |size: u32| format!("(call $write (call $open) (i32.const 0) (i32.const {size}) (i32.const 0))");
    run(&program(&component(&format!("{grow} {}", write(64 << 10))), &[])).ends(0, &[]);
    run(&program(&component(&format!("{grow} {}", write(64 << 20))), &[]))
        .ends(134, &["too much data is being copied"]);
}

#[test]
fn a_table_that_grows_too_large() {
    // Growing it returns −1, as WebAssembly defines.
    let text = r#"(module (memory (export "memory") 1) (table $t 0 funcref)
        (func (export "_start")
            (if (i32.ne (table.grow $t (ref.null func) (i32.const 100000)) (i32.const 0)) (then unreachable))
            (if (i32.ne (table.grow $t (ref.null func) (i32.const 4000000)) (i32.const -1)) (then unreachable))
            (if (i32.ne (table.size $t) (i32.const 100000)) (then unreachable))))"#;
    run(&program(text, &[])).ends(0, &[]);
}

#[test]
fn many_tables_that_are_just_not_too_large() {
    let tables = "(table 262144 funcref)".repeat(50);
    let text = format!(r#"(module (memory (export "memory") 1) {tables} (func (export "_start")))"#);
    run(&program(&text, &[])).ends(105, OUT_OF_MEMORY);
}

#[test]
fn memory_grows_to_the_cap_and_not_a_page_further() {
    // The memory begins with 64 pages; the cap is 96 pages.
    let body = "(if (i32.ne (memory.grow (i32.const 32)) (i32.const 64)) (then unreachable))
        (i32.store (i32.const 6291452) (i32.const 7))
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
        (if (i32.ne (memory.size) (i32.const 96)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 6291452)) (i32.const 7)) (then unreachable))";
    run(&program(&component(body), &["--max-memory", "6M"])).ends(0, &[]);
    let beyond = "(drop (memory.grow (i32.const 32))) (i32.store (i32.const 6291453) (i32.const 7))";
    run(&program(&component(beyond), &["--max-memory", "6M"])).ends(134, &["out of bounds"]);
}

#[test]
fn traps() {
    for (program, output) in [("recurse", "before the recursion\n"), ("trap", ""), ("abort", "")] {
        let ran = run(&build(&guest(program, "wasm32-wasip2"), &[&both_engines()]));
        assert!(ran.iter().all(|ran| ran.stdout.starts_with(output)), "{ran:?}");
        ran.ends(134, &["error: the program trapped"]);
    }
}

#[test]
fn each_trap_has_the_same_words_on_both_engines() {
    for (start, words) in [
        ("unreachable", "unreachable"),
        ("i32.const 1 i32.const 0 i32.div_s drop", "integer divide by zero"),
        ("i64.const 1 i64.const 0 i64.rem_u drop", "integer divide by zero"),
        ("i32.const 0x80000000 i32.const -1 i32.div_s drop", "integer overflow"),
        ("f64.const 1e300 i32.trunc_f64_s drop", "integer overflow"),
        ("f32.const nan i64.trunc_f32_u drop", "invalid conversion to integer"),
        ("i32.const 65536 i32.load8_u drop", "out of bounds memory access"),
        ("i32.const 65533 i32.const 0 i32.store", "out of bounds memory access"),
        ("i32.const -1 i64.load offset=4294967295 drop", "out of bounds memory access"),
        ("i32.const 65528 i32.const 0 i32.const 9 memory.copy", "out of bounds memory access"),
        ("i32.const 65528 i32.const 0 i32.const 9 memory.fill", "out of bounds memory access"),
        ("i32.const 0 i32.const 0 i32.const 9 memory.init $data", "out of bounds memory access"),
        ("i32.const 9 call_indirect", "undefined element: out of bounds table access"),
        ("i32.const 1 call_indirect", "uninitialized element"),
        ("i32.const 0 call_indirect (result i32) drop", "indirect call type mismatch"),
        ("i32.const 9 table.get $table drop", "out of bounds table access"),
        ("call $deep", "call stack exhausted"),
    ] {
        let text = format!(
            r#"(module (memory (export "memory") 1 3) (data $data "12345678")
                (table $table 2 funcref) (elem (i32.const 0) $start)
                (func $deep call $deep call $deep)
                (func $start (export "_start") {start}))"#
        );
        run(&program(&text, &[])).ends(134, &["error: the program trapped", words]);
    }
}

#[test]
fn lowered_conversions_fail_in_the_engines_own_words() {
    let told = |start: &str, float: &str| {
        let text = format!(r#"(module (memory (export "memory") 1) (func (export "_start") {start} drop))"#);
        run(&program(&text, &["--float", float])).map(|ran| {
            assert_eq!(ran.code, Some(134), "{ran:?}");
            // The lines above name the place, which differs: the lowered program has more functions.
            let (_, why) = ran.stderr.split_once("Caused by:").expect("a reason");
            why.trim().to_owned()
        })
    };
    for (start, why) in [
        ("f64.const nan i32.trunc_f64_s", "invalid conversion to integer"),
        ("f64.const -nan:0x1 i64.trunc_f64_u", "invalid conversion to integer"),
        ("f32.const nan i32.trunc_f32_s", "invalid conversion to integer"),
        ("f64.const 1e10 i32.trunc_f64_s", "integer overflow"),
        ("f64.const -1 i32.trunc_f64_u", "integer overflow"),
        ("f32.const inf i64.trunc_f32_s", "integer overflow"),
    ] {
        let lowered = told(start, "lowered");
        assert_eq!(lowered, told(start, "hardware"), "{start}");
        assert_eq!(lowered, [(); 2].map(|()| format!("wasm trap: {why}")), "{start}");
    }
}

#[test]
fn no_program_ends_by_a_name() {
    // The function in which lowered programs end that fail at a conversion.
    let text = r#"(module (memory (export "memory") 1)
        (func $wasmstone:invalid-conversion-to-integer unreachable)
        (func (export "_start") (drop (f64.add (f64.const 1) (f64.const 2)))
            call $wasmstone:invalid-conversion-to-integer))"#;
    run(&program(text, &["--float", "lowered"])).ends(134, &["wasm `unreachable` instruction executed"]);
}

#[test]
fn several_memories_grow_beside_each_other() {
    let text = r#"(module (memory $a (export "memory") 1) (memory $b 1) (memory $c 0) (global (mut i32) (i32.const 0))
        (func $check (param $ok i32) (if (i32.eqz (local.get $ok)) (then unreachable)))
        (func (export "_start")
            (i32.store $a (i32.const 65532) (i32.const 1))
            (i32.store $b (i32.const 65532) (i32.const 2))
            (call $check (i32.eq (memory.grow $b (i32.const 3)) (i32.const 1)))
            (call $check (i32.eq (memory.grow $c (i32.const 5)) (i32.const 0)))
            (call $check (i32.eq (memory.grow $a (i32.const 4)) (i32.const 1)))
            (i32.store $c (i32.const 327676) (i32.const 3))
            (call $check (i32.eq (memory.grow $c (i32.const 1)) (i32.const 5)))
            (call $check (i32.eq (i32.load $a (i32.const 65532)) (i32.const 1)))
            (call $check (i32.eq (i32.load $b (i32.const 65532)) (i32.const 2)))
            (call $check (i32.eq (i32.load $c (i32.const 327676)) (i32.const 3)))
            (call $check (i32.eq (memory.grow $b (i32.const 100)) (i32.const -1)))))"#;
    run(&program(text, &["--max-memory", "3M"])).ends(0, &[]);
}

#[test]
fn a_program_that_spins_is_stopped() {
    let text = r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#;
    let bundled = program(text, &[]);
    let mut command = wasmstone_test_support::command();
    let output = command.arg("run").arg(bundled.path()).args(["--backend", "sim", "--timeout", "1s"]).output_in_time();
    assert_eq!(output.status.code(), Some(107));
}
