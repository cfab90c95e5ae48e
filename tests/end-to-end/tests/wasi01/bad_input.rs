//! Modules and calls that no compiler makes.

use super::{agrees, bundle, inside, program, refused};

#[test]
fn imports_that_are_not_wasis_are_named() {
    let module = |import: &str| format!(r#"(module {import} (memory (export "memory") 1) (func (export "_start")))"#);
    for (import, words) in [
        (
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))"#,
            "wasi_snapshot_preview1.fd_write",
        ),
        (
            r#"(import "wasi_snapshot_preview1" "fd_tell" (func (param i32 i64) (result i32)))"#,
            "wasi_snapshot_preview1.fd_tell",
        ),
        (r#"(import "wasi_unstable" "fd_seek" (func (param i32 i64 i32 i32) (result i64)))"#, "wasi_unstable.fd_seek"),
        (
            r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32) (result i32)))"#,
            "wasi_snapshot_preview1.proc_exit",
        ),
        (r#"(import "wasi_snapshot_preview1" "sched_yield" (func))"#, "wasi_snapshot_preview1.sched_yield"),
    ] {
        let stderr = refused(&module(import));
        assert!(stderr.contains(words) && stderr.contains("another type"), "{stderr}");
    }
    for (import, words) in [
        (
            r#"(import "wasi_snapshot_preview1" "fd_dup" (func (param i32) (result i32)))"#,
            "wasi_snapshot_preview1.fd_dup",
        ),
        (r#"(import "env" "frob" (func))"#, "env.frob"),
        (r#"(import "env" "memory" (memory 1))"#, "--import-memory"),
    ] {
        let stderr = refused(&module(import));
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn a_module_needs_a_memory_that_wasi_can_use() {
    const YIELD: &str = r#"(import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))"#;
    let module = |memory: &str| format!(r#"(module {YIELD} {memory} (func (export "_start") (drop (call $yield))))"#);
    for (memory, words) in [
        ("", "exports no memory"),
        ("(memory 1)", "exports no memory"),
        (r#"(memory (export "heap") 1)"#, "exports no memory"),
        (r#"(memory (export "memory") i64 1)"#, "memory64"),
        (r#"(memory (export "memory") 1 1 shared)"#, "threads"),
    ] {
        let stderr = refused(&module(memory));
        assert!(stderr.contains(words), "{memory}: {stderr}");
    }
    // Without functions of WASI it needs none.
    agrees(r#"(module (func (export "_start")))"#, 0, "");
}

#[test]
fn what_leads_out_of_the_memory_traps() {
    // The memory ends at 655360.
    for body in [
        "(drop (call $random_get (i32.const 655360) (i32.const 1)))",
        "(drop (call $random_get (i32.const 655359) (i32.const 2)))",
        "(drop (call $random_get (i32.const -1) (i32.const -1)))",
        "(drop (call $random_get (i32.const 0) (i32.const -1)))",
        "(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 655356)))",
        "(drop (call $fd_write (i32.const 1) (i32.const 655356) (i32.const 1) (i32.const 0)))",
        "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))",
        "(call $vector (i32.const 0) (i32.const 655359) (i32.const 2))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))",
        "(call $vector (i32.const 0) (i32.const -1) (i32.const 2))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))",
        "(drop (call $path_unlink_file (i32.const 3) (i32.const 655359) (i32.const 2)))",
        "(drop (call $poll_oneoff (i32.const 655350) (i32.const 0) (i32.const 1) (i32.const 0)))",
        "(drop (call $args_get (i32.const 655360) (i32.const 0)))",
        "(drop (call $args_get (i32.const 0) (i32.const 655355)))",
    ] {
        agrees(&program(body), 134, "");
    }
}

#[test]
fn what_ends_with_the_memory_is_in_it() {
    let body = r#"
        (call $is (call $random_get (i32.const 655359) (i32.const 1)) (i32.const 0))
        (call $is (call $random_get (i32.const 655360) (i32.const 0)) (i32.const 0))
        (call $is (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 655352)) (i32.const 0))
        (i32.store8 (i32.const 655359) (i32.const 33))
        (call $put (i32.const 655359) (i32.const 1))
        (call $put (i32.const 655360) (i32.const 0))"#;
    agrees(&program(body), 0, "!");
}

#[test]
fn lists_of_buffers_may_be_odd() {
    // Overlapping buffers, a list within its own buffer, a result over the list, empty buffers before the first, and
    // more buffers than fit into an address space.
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $vector (i32.const 0) (i32.const 0) (i32.const 16))
        (call $vector (i32.const 8) (i32.const 4) (i32.const 16))
        (call $is (call $fd_pwrite (local.get $fd) (i32.const 0) (i32.const 2) (i64.const 0) (i32.const 100)) (i32.const 0))
        (call $is (call $fd_pread (local.get $fd) (i32.const 0) (i32.const 2) (i64.const 0) (i32.const 0)) (i32.const 0))
        (call $is (i32.load (i32.const 0)) (i32.const 16))
        (call $vector (i32.const 200) (i32.const 7) (i32.const 0))
        (call $vector (i32.const 208) (i32.const 64000) (i32.const 4))
        (call $is (call $fd_write (i32.const 1) (i32.const 200) (i32.const 2) (i32.const 100)) (i32.const 0))
        (call $is (i32.load (i32.const 100)) (i32.const 4))
        (call $is (call $fd_write (i32.const 1) (i32.const 208) (i32.const 0) (i32.const 100)) (i32.const 0))
        (call $is (i32.load (i32.const 100)) (i32.const 0))
        (call $is (call $fd_write (i32.const 77) (i32.const 208) (i32.const 0) (i32.const 100)) (i32.const 8))
        (call $is (call $fd_write (i32.const 1) (i32.const 208) (i32.const -1) (i32.const 100)) (i32.const 48))
        (call $is (call $fd_read (i32.const 0) (i32.const 208) (i32.const -1) (i32.const 100)) (i32.const 48))
        (call $is (call $poll_oneoff (i32.const 208) (i32.const 208) (i32.const -1) (i32.const 100)) (i32.const 48))"#;
    agrees(&program(body), 0, "file");
    // So many buffers are more than the memory holds.
    agrees(
        &program("(drop (call $fd_write (i32.const 1) (i32.const 131072) (i32.const 0x100000) (i32.const 100)))"),
        134,
        "",
    );
}

#[test]
fn paths_are_utf_8() {
    let body = r#"
        (i32.store (i32.const 0) (i32.const 0x80c0ff61))
        (call $is (call $path_unlink_file (i32.const 3) (i32.const 0) (i32.const 4)) (i32.const 25))
        (call $is (call $path_unlink_file (i32.const 1) (i32.const 0) (i32.const 1)) (i32.const 8))"#;
    agrees(&program(body), 0, "");
}

#[test]
fn flags_that_do_not_exist_are_refused() {
    // Wasmtime traps at them.
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $is (call $path_filestat_get (i32.const 3) (i32.const 2) (i32.const 64000) (i32.const 4) (i32.const 104))
            (i32.const 28))
        (call $is (call $path_open (i32.const 3) (i32.const 0) (i32.const 64000) (i32.const 4) (i32.const 16)
            (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 100)) (i32.const 28))
        (call $is (call $path_open (i32.const 3) (i32.const 0) (i32.const 64000) (i32.const 4) (i32.const 0)
            (i64.const 0x40000000) (i64.const 0) (i32.const 0) (i32.const 100)) (i32.const 28))
        (call $is (call $fd_fdstat_set_flags (local.get $fd) (i32.const 32)) (i32.const 28))
        (call $is (call $fd_seek (local.get $fd) (i64.const 1) (i32.const 3) (i32.const 16)) (i32.const 28))
        (call $is (call $fd_seek (local.get $fd) (i64.const 1) (i32.const -1) (i32.const 16)) (i32.const 28))
        (call $is (call $clock_time_get (i32.const 4) (i64.const 0) (i32.const 16)) (i32.const 28))"#;
    let ran = inside(&bundle(&program(body), &[]), &[], |_| {}, |_| {});
    assert_eq!(ran.map(|ran| ran.code), [0; 2]);
    // Synchronous writes are not supported, as there.
    let body = r#"(call $is (call $path_open (i32.const 3) (i32.const 0) (i32.const 64000) (i32.const 4) (i32.const 1)
        (i64.const 0) (i64.const 0) (i32.const 16) (i32.const 100)) (i32.const 58))"#;
    agrees(&program(body), 0, "");
}
