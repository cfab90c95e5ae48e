//! A module's memory is its own: what it sees of it is what any runtime shows.

use super::{Ran, agrees, bundle, inside, program_from};

/// Grows, and checks every answer and every new byte.
const GROW: &str = r#"
    (call $is (memory.size) (i32.const 10))
    (call $is (memory.grow (i32.const 0)) (i32.const 10))
    (call $is (call $random_get (i32.const 0) (i32.const 16)) (i32.const 0))
    (call $is (memory.grow (i32.const 3)) (i32.const 10))
    (call $is (memory.size) (i32.const 13))
    (call $is (call $sched_yield) (i32.const 0))
    (call $is (memory.grow (i32.const 1)) (i32.const 13))
    (local.set $i (i32.const 655360))
    (loop
        (call $is64 (i64.load (local.get $i)) (i64.const 0))
        (i64.store (local.get $i) (i64.const -1))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if 0 (i32.lt_u (local.get $i) (i32.const 917504))))
    (call $is (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0))
    (local.set $i (i32.const 655360))
    (loop
        (call $is64 (i64.load (local.get $i)) (i64.const -1))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if 0 (i32.lt_u (local.get $i) (i32.const 917504))))"#;

#[test]
fn it_grows_as_the_module_alone_decides() {
    // Neither the number of globals nor their use matters.
    for globals in [
        "",
        "(global $stack (mut i32) (i32.const 65536))",
        "(global (mut i32) (i32.const 1)) (global (mut i64) (i64.const 2))",
    ] {
        agrees(&program_from("wasi_snapshot_preview1", GROW, globals), 0, "");
    }
}

#[test]
fn its_maximum_is_the_modules() {
    for (maximum, grown) in [(1, -1), (2, 1), (3, 1)] {
        let text = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1 {maximum})
                (data (i32.const 8) "\10\00\00\00\03\00\00\00ok\0a")
                (func (export "_start")
                    (if (i32.ne (memory.grow (i32.const 1)) (i32.const {grown})) (then unreachable))
                    (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)) (then unreachable))
                    (call $exit (memory.size))))"#
        );
        agrees(&text, if maximum == 1 { 1 } else { 2 }, "ok\n");
    }
}

#[test]
fn the_cap_is_for_the_module_alone() {
    let text = r#"(module (memory (export "memory") 1) (func (export "_start")
        (if (i32.ne (memory.grow (i32.const 15)) (i32.const 1)) (then unreachable))
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))"#;
    let ran = inside(&bundle(text, &["--max-memory", "1M"]), &[], |_| {}, |_| {});
    assert_eq!(ran, [(); 2].map(|()| Ran { code: 0, stdout: Vec::new() }));
}

#[test]
fn of_several_memories_the_exported_one_is_used() {
    agrees(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory $other 1)
            (memory $own (export "memory") 1)
            (data (memory $own) (i32.const 8) "\10\00\00\00\04\00\00\00own\0a")
            (func (export "_start")
                (if (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)) (then unreachable))
                (if (i32.load $other (i32.const 0)) (then unreachable))
                (if (i32.ne (i32.load $own (i32.const 0)) (i32.const 4)) (then unreachable))))"#,
        0,
        "own\n",
    );
}
