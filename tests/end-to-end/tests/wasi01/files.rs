//! Files: one offset for each descriptor, numbers, lists, errors that pass.

use super::{agrees_on, bundle, inside, program, program_from};
use std::fs;

#[test]
fn a_descriptor_has_one_offset() {
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 0)))
        (call $vector (i32.const 0) (i32.const 100) (i32.const 3))
        (call $vector (i32.const 8) (i32.const 64005) (i32.const 2))
        ;; Read 3, write 2, read 3, write 2.
        (call $is (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $vector (i32.const 0) (i32.const 103) (i32.const 3))
        (call $is (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_tell (local.get $fd) (i32.const 24)) (i32.const 0))
        (call $is64 (i64.load (i32.const 24)) (i64.const 10))
        ;; Reading and writing elsewhere does not move it.
        (call $vector (i32.const 0) (i32.const 106) (i32.const 2))
        (call $is (call $fd_pread (local.get $fd) (i32.const 0) (i32.const 1) (i64.const 3) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_tell (local.get $fd) (i32.const 24)) (i32.const 0))
        (call $is64 (i64.load (i32.const 24)) (i64.const 10))
        (call $put (i32.const 100) (i32.const 8))"#;
    let prepare = |data: &std::path::Path| fs::write(data.join("file"), "0123456789abcdef").unwrap();
    let left = |data: &std::path::Path| {
        assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "no2no567noabcdef");
    };
    agrees_on(&program(body), 0, "012567no", prepare, left);
}

#[test]
fn after_appending_the_offset_is_the_end() {
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 1)))
        (call $vector (i32.const 0) (i32.const 100) (i32.const 2))
        (call $vector (i32.const 8) (i32.const 64005) (i32.const 4))
        (call $is (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_tell (local.get $fd) (i32.const 24)) (i32.const 0))
        (call $is64 (i64.load (i32.const 24)) (i64.const 8))
        (call $is (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 0))
        ;; A position is ignored, as on Linux.
        (call $is (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_fdstat_get (local.get $fd) (i32.const 32)) (i32.const 0))
        (call $is (i32.load16_u (i32.const 34)) (i32.const 1))
        (call $is (call $fd_fdstat_set_flags (local.get $fd) (i32.const 0)) (i32.const 0))
        (call $is (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 24)) (i32.const 0))
        (call $is (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (call $fd_fdstat_set_flags (local.get $fd) (i32.const 2)) (i32.const 28))"#;
    let prepare = |data: &std::path::Path| fs::write(data.join("file"), "wxyz").unwrap();
    let left = |data: &std::path::Path| assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "nonenonenone");
    agrees_on(&program(body), 0, "", prepare, left);
}

#[test]
fn an_error_passes() {
    // No file ends at 2⁶³, and the next write is one like any other.
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $vector (i32.const 8) (i32.const 64005) (i32.const 4))
        (if (i32.eqz (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0x7ffffffffffffffe) (i32.const 16)))
            (then unreachable))
        (call $is (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 4))"#;
    let left = |data: &std::path::Path| assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "none");
    agrees_on(&program(body), 0, "", |_| {}, left);
}

#[test]
fn large_writes_and_reads() {
    // 36 MiB of a's, behind the first page.
    let body = r#"
        (call $is (memory.grow (i32.const 600)) (i32.const 10))
        (memory.fill (i32.const 655360) (i32.const 97) (i32.const 37748736))
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)))
        (call $vector (i32.const 8) (i32.const 655360) (i32.const 37748736))
        (call $is (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 5) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 37748736))
        (call $is (call $fd_read (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
        (if (i32.eqz (i32.load (i32.const 16))) (then unreachable))
        (call $is (i32.load8_u (i32.const 655364)) (i32.const 0))
        (call $is (i32.load8_u (i32.const 655365)) (i32.const 97))"#;
    let left = |data: &std::path::Path| assert_eq!(fs::metadata(data.join("file")).unwrap().len(), (36 << 20) + 5);
    agrees_on(&program(body), 0, "", |_| {}, left);
}

/// Lists the directory with a buffer of `size` bytes, and prints the names that fit into it, each with a slash.
fn list(size: u32) -> String {
    let body = format!(
        r#"(block $end (loop $next
            (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const {size}) (local.get $t) (i32.const 16)) (i32.const 0))
            (br_if $end (i32.lt_u (i32.load (i32.const 16)) (i32.const 24)))
            (local.set $n (i32.load (i32.const 1016)))
            (br_if $end (i32.gt_u (i32.add (i32.const 24) (local.get $n)) (i32.load (i32.const 16))))
            (i32.store8 (i32.add (i32.const 1024) (local.get $n)) (i32.const 47))
            (call $put (i32.const 1024) (i32.add (local.get $n) (i32.const 1)))
            (if (i64.ne (i64.load (i32.const 1000)) (i64.add (local.get $t) (i64.const 1))) (then unreachable))
            (local.set $t (i64.load (i32.const 1000)))
            (br $next)))"#
    );
    program(&body)
}

#[test]
fn each_name_is_listed_once_whatever_the_buffer() {
    let prepare = |data: &std::path::Path| {
        for name in 0..70 {
            fs::write(data.join(format!("{name:02}")), "").unwrap();
        }
    };
    let mut expected: Vec<String> = (0..70).map(|name| format!("{name:02}")).collect();
    expected.extend([".".to_owned(), "..".to_owned()]);
    expected.sort();
    for size in [26, 27, 28, 50, 51, 52, 75, 4096] {
        for ran in inside(&bundle(&list(size), &[]), &[], prepare, |_| {}) {
            let text = String::from_utf8(ran.stdout).unwrap();
            let mut names: Vec<_> = text.split_terminator('/').map(str::to_owned).collect();
            assert_eq!((ran.code, names[0].as_str(), names[1].as_str()), (0, ".", ".."), "{size}");
            names.sort();
            assert_eq!(names, expected, "{size}");
        }
    }
}

#[test]
fn a_list_begins_again_at_its_beginning() {
    // What was made since is in it; a place far behind the end has nothing.
    let body = r#"
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const 0) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 51))
        (call $is (call $fd_close (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0))) (i32.const 0))
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const 0) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 79))
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const 2) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 28))
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const 1) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 54))
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const 99) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 0))
        (call $is (call $fd_readdir (i32.const 3) (i32.const 1000) (i32.const 4096) (i64.const -1) (i32.const 16)) (i32.const 0))
        (call $is (i32.load (i32.const 16)) (i32.const 0))
        (call $is (call $fd_readdir (i32.const 1) (i32.const 1000) (i32.const 4096) (i64.const 0) (i32.const 16)) (i32.const 8))"#;
    agrees_on(&program(body), 0, "", |_| {}, |_| {});
}

#[test]
fn times_of_a_directory_are_set() {
    let set = |directory: &str| {
        format!(
            r#"(local.set $fd {directory})
            (call $is (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 1000000000) (i32.const 6))
                (i32.const 0))
            (call $is (call $fd_filestat_get (local.get $fd) (i32.const 0)) (i32.const 0))
            (call $is64 (i64.load (i32.const 48)) (i64.const 1000000000))
            (call $is (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 3))
                (i32.const 28))
            (call $is (call $fd_filestat_set_times (i32.const 1) (i64.const 0) (i64.const 0) (i32.const 2))
                (i32.const 8))"#
        )
    };
    let opened = r#"(block (result i32)
        (i32.store8 (i32.const 900) (i32.const 46))
        (call $is (call $path_open (i32.const 3) (i32.const 0) (i32.const 900) (i32.const 1) (i32.const 2)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 904)) (i32.const 0))
        (i32.load (i32.const 904)))"#;
    agrees_on(&program(&set(opened)), 0, "", |_| {}, |_| {});
    // Wasmtime has granted directories open as places for paths only.
    let granted = inside(&bundle(&program(&set("(i32.const 3)")), &[]), &[], |_| {}, |_| {});
    assert_eq!(granted.map(|ran| ran.code), [0; 2]);
}

#[test]
fn descriptors_are_numbered_as_under_wasmtime() {
    let body = r#"
        (call $is (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 0)) (i32.const 4))
        (call $is (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 0)) (i32.const 5))
        (call $is (call $fd_close (i32.const 4)) (i32.const 0))
        (call $is (call $fd_close (i32.const 4)) (i32.const 8))
        (call $is (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 0)) (i32.const 4))
        (call $is (call $fd_renumber (i32.const 5) (i32.const 0)) (i32.const 0))
        (call $is (call $fd_renumber (i32.const 5) (i32.const 0)) (i32.const 8))
        (call $is (call $fd_renumber (i32.const 4) (i32.const 4)) (i32.const 0))
        (call $is (call $fd_renumber (i32.const 4) (i32.const 9)) (i32.const 8))
        (call $is (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 0)) (i32.const 5))
        (call $is (call $fd_close (i32.const 4)) (i32.const 0))
        (call $is (call $fd_close (i32.const 5)) (i32.const 0))
        (call $is (call $open (i32.const 64000) (i32.const 4) (i32.const 0) (i32.const 0)) (i32.const 5))
        (call $vector (i32.const 0) (i32.const 64005) (i32.const 4))
        (call $is (call $fd_write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 0))
        (call $is (call $fd_close (i32.const 2)) (i32.const 0))
        (call $is (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 8))"#;
    let left = |data: &std::path::Path| assert_eq!(fs::read_to_string(data.join("file")).unwrap(), "none");
    agrees_on(&program(body), 0, "", |_| {}, left);
}

#[test]
fn as_many_files_are_open_as_documented() {
    let open = r#"(func $more (result i32) (call $path_open (i32.const 3) (i32.const 1) (i32.const 64000) (i32.const 4)
        (i32.const 1) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 65000)))"#;
    let body = r#"
        (loop
            (local.set $n (call $more))
            (local.set $i (i32.add (local.get $i) (i32.eqz (local.get $n))))
            (br_if 0 (i32.eqz (local.get $n))))
        (call $is (local.get $n) (i32.const 48))
        (call $is (local.get $i) (i32.const 4096))
        (call $is (call $fd_close (i32.const 1000)) (i32.const 0))
        (call $is (call $more) (i32.const 0))
        (call $is (i32.load (i32.const 65000)) (i32.const 1000))"#;
    let bundled = bundle(&program_from("wasi_snapshot_preview1", body, open), &[]);
    assert_eq!(inside(&bundled, &[], |_| {}, |_| {}).map(|ran| ran.code), [0; 2]);
}

#[test]
fn rights_are_those_of_wasmtime() {
    let body = r#"
        (local.set $fd (call $open (i32.const 64000) (i32.const 4) (i32.const 1) (i32.const 4)))
        (call $is (call $fd_fdstat_get (i32.const 0) (i32.const 0)) (i32.const 0))
        (call $is (call $fd_fdstat_get (i32.const 1) (i32.const 24)) (i32.const 0))
        (call $is (call $fd_fdstat_get (i32.const 3) (i32.const 48)) (i32.const 0))
        (call $is (call $fd_fdstat_get (local.get $fd) (i32.const 72)) (i32.const 0))
        (call $is (call $path_open (i32.const 3) (i32.const 0) (i32.const 64001) (i32.const 0) (i32.const 0)
            (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 200)) (i32.const 44))
        (call $is (call $fd_fdstat_get (i32.const 77) (i32.const 96)) (i32.const 8))
        (call $put (i32.const 0) (i32.const 96))"#;
    let bundled = bundle(&program(body), &[]);
    let outside = super::outside(&bundled, |_| {}, |_| {});
    assert_eq!((outside.code, outside.stdout.len()), (0, 96));
    for ran in inside(&bundled, &[], |_| {}, |_| {}) {
        assert_eq!(ran, outside);
    }
}
