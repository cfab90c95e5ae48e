//! What is started, with which arguments, and how it ends; clocks and polls.

use super::{agrees, bundle, inside, program, program_from, refused};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{ENGINES, Enclave};

/// A module whose functions print their name; `exports` is a list of these.
fn printing(exports: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func $print (param i32)
                (i32.store8 (i32.const 16) (local.get 0))
                (i32.store (i32.const 8) (i32.const 16))
                (i32.store (i32.const 12) (i32.const 1))
                (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)) (then unreachable)))
            (func $begin (call $print (i32.const 98)))
            {exports})"#
    )
}

#[test]
fn what_wasmtime_starts_is_started() {
    const START: &str = r#"(func (export "_start") (call $print (i32.const 115)))"#;
    const INITIALIZE: &str = r#"(func (export "_initialize") (call $print (i32.const 105)))"#;
    const EMPTY: &str = r#"(func (export "") (call $print (i32.const 101)))"#;
    for (exports, stdout) in [
        (START.to_owned(), "s"),
        (format!("(start $begin) {START}"), "bs"),
        (format!("{INITIALIZE} {EMPTY}"), "ie"),
        (EMPTY.to_owned(), "e"),
        (format!("{START} {EMPTY}"), "e"),
        (INITIALIZE.to_owned(), "i"),
        ("(start $begin)".to_owned(), "b"),
    ] {
        agrees(&printing(&exports), 0, stdout);
    }
    // A result is not the exit code.
    agrees(&printing(r#"(func (export "") (result i32) (call $print (i32.const 114)) (i32.const 7))"#), 0, "r");
    let both = refused(&printing(&format!("{START} {INITIALIZE}")));
    assert!(both.contains("\"_start\" of a command and \"_initialize\" of a reactor"), "{both}");
    let parameters = refused(&printing(r#"(func (export "_start") (param i32))"#));
    assert!(parameters.contains("\"_start\" is no function without parameters"), "{parameters}");
}

#[test]
fn exit_codes_are_whole() {
    let exit = |code: u32| program(&format!("(call $proc_exit (i32.const {code}))"));
    for code in [0, 1, 2, 125] {
        agrees(&exit(code), code as i32, "");
    }
    // Wasmtime knows none above 125.
    for (code, ended) in [(126, 126), (134, 134), (255, 255), (256, 134), (u32::MAX, 134)] {
        let ran = inside(&bundle(&exit(code), &[]), &[], |_| {}, |_| {});
        assert_eq!(ran.map(|ran| ran.code), [ended; 2], "{code}");
    }
}

#[test]
fn as_many_arguments_and_variables_as_documented() {
    let text = program_from(
        "wasi_snapshot_preview1",
        r#"(call $is (call $args_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
        (call $is (memory.grow (i32.const 80)) (i32.const 10))
        (call $is (call $args_get (i32.const 655360) (i32.const 1048576)) (i32.const 0))
        (local.set $n (i32.load (i32.const 0)))
        ;; The last argument is "last".
        (call $is (i32.load (i32.load (i32.add (i32.const 655356) (i32.mul (local.get $n) (i32.const 4)))))
            (i32.const 0x7473616c))
        (call $is (call $environ_sizes_get (i32.const 8) (i32.const 12)) (i32.const 0))
        (call $is (call $environ_get (i32.const 655360) (i32.const 1048576)) (i32.const 0))
        (call $is (i32.load (i32.load (i32.const 655360))) (i32.const 0x783d45))
        (call $put (i32.const 0) (i32.const 16))"#,
        "",
    );
    let bundled = bundle(&text, &[]);
    let many: Vec<&str> = std::iter::repeat_n("x", 16_381).chain(["last"]).collect();
    let long = format!("E=x{}", "y".repeat(100_000));
    for engine in ENGINES {
        let mut enclave = Enclave::new(&bundled);
        enclave.option("--engine", engine).option("--env", "E=x").option("--env", &long.replace('E', "F"));
        let output = enclave.command(&many).output_in_time();
        assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
        let numbers: Vec<u32> =
            output.stdout.chunks(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect();
        let name = bundled.program().launch.name.len() as u32 + 1;
        assert_eq!(numbers, [16_383, name + 2 * 16_381 + 5, 2, 4 + 4 + 100_000], "{engine}");
    }
}

/// A subscription to a clock, at address 0, in the layout of `wasi_snapshot_preview1`.
fn wait(clock: u32, timeout: &str, flags: u32) -> String {
    format!(
        r#"(i64.store (i32.const 0) (i64.const 77)) (i32.store8 (i32.const 8) (i32.const 0))
        (i32.store (i32.const 16) (i32.const {clock})) (i64.store (i32.const 24) {timeout})
        (i64.store (i32.const 32) (i64.const 0)) (i32.store16 (i32.const 40) (i32.const {flags}))"#
    )
}

#[test]
fn a_time_that_is_over_is_no_wait() {
    let now = r#"(call $is (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 200)) (i32.const 0))"#;
    for timeout in ["(i64.const 0)", "(i64.const 1)", "(i64.sub (i64.load (i32.const 200)) (i64.const 1000000000))"] {
        for clock in [0, 1] {
            let body = format!(
                r#"{now} {}
                (call $is (call $poll_oneoff (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 160)) (i32.const 0))
                (call $is (i32.load (i32.const 160)) (i32.const 1))
                (call $is64 (i64.load (i32.const 104)) (i64.const 77))
                (call $is64 (i64.load32_u (i32.const 112)) (i64.const 0))"#,
                // What lies a second back on one clock may be far ahead on the other.
                wait(clock, if clock == 1 { "(i64.const 0)" } else { timeout }, 1)
            );
            agrees(&program(&body), 0, "");
        }
    }
}

#[test]
fn a_wait_takes_its_time() {
    let body = format!(
        r#"(call $is (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 200)) (i32.const 0)) {}
        (call $is (call $poll_oneoff (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 160)) (i32.const 0))
        (call $is (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 208)) (i32.const 0))
        (if (i64.lt_u (i64.sub (i64.load (i32.const 208)) (i64.load (i32.const 200))) (i64.const 20000000))
            (then unreachable))"#,
        wait(1, "(i64.const 20000000)", 0)
    );
    agrees(&program(&body), 0, "");
    // No event, a clock that does not exist, one of processor time, a flag that does not exist, a type of event.
    agrees(
        &program(
            "(call $is (call $poll_oneoff (i32.const 0) (i32.const 104) (i32.const 0) (i32.const 160)) (i32.const 28))",
        ),
        0,
        "",
    );
    for wrong in [wait(7, "(i64.const 0)", 0), wait(1, "(i64.const 0)", 2), wait(2, "(i64.const 0)", 1)] {
        let body = format!(
            "{wrong} (call $is (call $poll_oneoff (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 160)) (i32.const 28))"
        );
        agrees(&program(&body), 0, "");
    }
}

#[test]
fn the_first_snapshot_has_its_own_layouts() {
    // Whence is current, end, start; descriptions of files and subscriptions have 56 bytes.
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $vector (i32.const 0) (i32.const 64000) (i32.const 4))
        (call $is (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 0))
        (call $is (call $fd_seek (local.get $fd) (i64.const -1) (i32.const 0) (i32.const 16)) (i32.const 0))
        (call $is64 (i64.load (i32.const 16)) (i64.const 3))
        (call $is (call $fd_seek (local.get $fd) (i64.const 2) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is64 (i64.load (i32.const 16)) (i64.const 6))
        (call $is (call $fd_seek (local.get $fd) (i64.const 1) (i32.const 2) (i32.const 16)) (i32.const 0))
        (call $is64 (i64.load (i32.const 16)) (i64.const 1))
        (i64.store (i32.const 160) (i64.const 0x1234))
        (call $is (call $fd_filestat_get (local.get $fd) (i32.const 104)) (i32.const 0))
        (call $is (i32.load8_u (i32.const 120)) (i32.const 4))
        (call $is (i32.load (i32.const 124)) (i32.const 1))
        (call $is64 (i64.load (i32.const 128)) (i64.const 4))
        (call $is64 (i64.load (i32.const 160)) (i64.const 0x1234))"#;
    agrees(&program_from("wasi_unstable", body, ""), 0, "");
    let subscribe = r#"
        (i64.store (i32.const 256) (i64.const 5)) (i32.store8 (i32.const 264) (i32.const 0))
        (i32.store (i32.const 280) (i32.const 1)) (i64.store (i32.const 288) (i64.const 1))
        (i64.store (i32.const 312) (i64.const 6)) (i32.store8 (i32.const 320) (i32.const 2))
        (i32.store (i32.const 328) (i32.const 1))"#;
    let poll = |count: u32| {
        format!(
            r#"{subscribe}
            (call $is (call $poll_oneoff (i32.const 256) (i32.const 400) (i32.const {count}) (i32.const 496)) (i32.const 0))
            (local.set $n (i32.load (i32.const 496)))
            (call $is64 (i64.load (i32.add (i32.const 400) (i32.mul (i32.const 32)
                (i32.sub (local.get $n) (i32.const 1))))) (i64.const {}))"#,
            4 + count
        )
    };
    agrees(&program_from("wasi_unstable", &poll(1), ""), 0, "");
    // Wasmtime reads the second one from the wrong place.
    let two = inside(&bundle(&program_from("wasi_unstable", &poll(2), ""), &[]), &[], |_| {}, |_| {});
    assert_eq!(two.map(|ran| ran.code), [0; 2]);
    let accept = r#"(module (import "wasi_unstable" "sock_accept" (func (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (func (export "_start")))"#;
    assert!(refused(accept).contains("wasi_unstable.sock_accept"));
}

#[test]
fn nothing_is_a_socket() {
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $is (call $sock_accept (local.get $fd) (i32.const 0) (i32.const 0)) (i32.const 57))
        (call $is (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 0)) (i32.const 57))
        (call $is (call $sock_accept (i32.const 1) (i32.const 0) (i32.const 0)) (i32.const 57))
        (call $is (call $sock_accept (i32.const 77) (i32.const 0) (i32.const 0)) (i32.const 8))
        (call $is (call $sock_recv (local.get $fd) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 57))
        (call $is (call $sock_send (local.get $fd) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 57))
        (call $is (call $sock_shutdown (local.get $fd) (i32.const 3)) (i32.const 57))
        (call $is (call $sock_shutdown (i32.const -1) (i32.const 3)) (i32.const 8))"#;
    agrees(&program(body), 0, "");
}

#[test]
fn a_backtrace_names_the_functions_of_the_module() {
    let text =
        r#"(module (func $inner unreachable) (func $outer (call $inner)) (func (export "_start") (call $outer)))"#;
    let bundled = bundle(text, &[]);
    for engine in ENGINES {
        let output = Enclave::new(&bundled).option("--engine", engine).command(&[]).output_in_time();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(134), "{stderr}");
        assert!(stderr.contains("inner") && stderr.contains("outer"), "{stderr}");
    }
}
