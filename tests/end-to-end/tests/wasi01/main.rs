//! Core modules for WASI 0.1: programs of a few instructions, each about one class of behaviour. They check themselves,
//! and run in a simulated enclave with both engines and, where Wasmtime's own WASI 0.1 does what is expected, under it.

mod bad_input;
mod files;
mod memory;
mod process;

use std::fs;
use std::path::Path;
use tempfile::TempDir;
use wasmstone_peer::{Dir, End, RunConfig};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines, build};

/// Every function of WASI 0.1 that a program may import, by the end of its line in [`program`].
const IMPORTS: &[(&str, &str)] = &[
    ("args_get", "(param i32 i32) (result i32)"),
    ("args_sizes_get", "(param i32 i32) (result i32)"),
    ("clock_time_get", "(param i32 i64 i32) (result i32)"),
    ("environ_sizes_get", "(param i32 i32) (result i32)"),
    ("environ_get", "(param i32 i32) (result i32)"),
    ("fd_close", "(param i32) (result i32)"),
    ("fd_fdstat_get", "(param i32 i32) (result i32)"),
    ("fd_fdstat_set_flags", "(param i32 i32) (result i32)"),
    ("fd_filestat_get", "(param i32 i32) (result i32)"),
    ("fd_filestat_set_times", "(param i32 i64 i64 i32) (result i32)"),
    ("fd_pread", "(param i32 i32 i32 i64 i32) (result i32)"),
    ("fd_pwrite", "(param i32 i32 i32 i64 i32) (result i32)"),
    ("fd_read", "(param i32 i32 i32 i32) (result i32)"),
    ("fd_readdir", "(param i32 i32 i32 i64 i32) (result i32)"),
    ("fd_renumber", "(param i32 i32) (result i32)"),
    ("fd_seek", "(param i32 i64 i32 i32) (result i32)"),
    ("fd_tell", "(param i32 i32) (result i32)"),
    ("fd_write", "(param i32 i32 i32 i32) (result i32)"),
    ("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"),
    ("path_filestat_get", "(param i32 i32 i32 i32 i32) (result i32)"),
    ("path_unlink_file", "(param i32 i32 i32) (result i32)"),
    ("poll_oneoff", "(param i32 i32 i32 i32) (result i32)"),
    ("proc_exit", "(param i32)"),
    ("random_get", "(param i32 i32) (result i32)"),
    ("sched_yield", "(result i32)"),
    ("sock_accept", "(param i32 i32 i32) (result i32)"),
    ("sock_recv", "(param i32 i32 i32 i32 i32 i32) (result i32)"),
    ("sock_send", "(param i32 i32 i32 i32 i32) (result i32)"),
    ("sock_shutdown", "(param i32 i32) (result i32)"),
];

/// Imports of those of [`IMPORTS`] that `text` calls, from the module `from`.
fn imports(from: &str, text: &str) -> String {
    let called = IMPORTS.iter().filter(|(name, _)| text.contains(&format!("${name}")));
    called.map(|(name, ty)| format!("(import \"{from}\" \"{name}\" (func ${name} {ty}))\n")).collect()
}

/// A module that runs `body`, with a memory of ten pages. `$is` traps unless two numbers are equal, and `$is64` unless
/// two long ones are. `$open` opens a path of some bytes in the first granted directory, with `oflags` and `fdflags`,
/// and `$put` writes some bytes of the memory to standard output.
fn program(body: &str) -> String {
    program_from("wasi_snapshot_preview1", body, "")
}

fn program_from(from: &str, body: &str, items: &str) -> String {
    const HELPERS: &str = r#"
        (func $is (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
        (func $is64 (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then unreachable)))
        (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $fdflags i32) (result i32)
            (call $is (call $path_open (i32.const 3) (i32.const 1) (local.get $path) (local.get $length)
                (local.get $oflags) (i64.const 0x42) (i64.const 0) (local.get $fdflags) (i32.const 65000)) (i32.const 0))
            (i32.load (i32.const 65000)))
        (func $vector (param $at i32) (param $address i32) (param $length i32)
            (i32.store (local.get $at) (local.get $address))
            (i32.store offset=4 (local.get $at) (local.get $length)))
        (func $put (param $address i32) (param $length i32)
            (call $vector (i32.const 65008) (local.get $address) (local.get $length))
            (call $is (call $fd_write (i32.const 1) (i32.const 65008) (i32.const 1) (i32.const 65016)) (i32.const 0)))"#;
    let functions = format!("{HELPERS} {items} {body}");
    format!(
        r#"(module {}
            (memory (export "memory") 10)
            (data (i32.const 64000) "file\00none")
            {HELPERS} {items}
            (func (export "_start") (local $fd i32) (local $i i32) (local $n i32) (local $t i64) {body}))"#,
        imports(from, &functions)
    )
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: i32,
    stdout: Vec<u8>,
}

/// Builds a bundle of a module.
fn bundle(text: &str, flags: &[&str]) -> Bundled {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("program.wasm");
    fs::write(&wasm, wat::parse_str(text).unwrap()).unwrap();
    build(&wasm, &[&[both_engines().as_str()], flags].concat())
}

/// Why no bundle is built of a module.
fn refused(text: &str) -> String {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("program.wasm");
    fs::write(&wasm, wat::parse_str(text).unwrap()).unwrap();
    let mut command = wasmstone_test_support::command();
    let output = command.arg("build").arg(&wasm).arg("-o").arg(directory.path().join("p.wsb")).output_in_time();
    assert!(!output.status.success(), "{text}");
    String::from_utf8(output.stderr).unwrap()
}

/// The runs inside, with each engine. `prepare` fills the granted directory, and `left` looks at it afterwards.
fn inside(bundled: &Bundled, arguments: &[&str], prepare: fn(&Path), left: fn(&Path)) -> [Ran; 2] {
    ENGINES.map(|engine| {
        let data = TempDir::new().unwrap();
        prepare(data.path());
        let mut enclave = Enclave::new(bundled);
        enclave.option("--engine", engine).option("--dir", &format!("{}::/data", data.path().display()));
        let output = enclave.command(arguments).output_in_time();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code().unwrap_or_else(|| panic!("{engine}: {stderr}"));
        assert!(code == 134 || !stderr.contains("trapped"), "{engine}: {stderr}");
        left(data.path());
        Ran { code, stdout: output.stdout }
    })
}

/// As [`inside`], under Wasmtime.
fn outside(bundled: &Bundled, prepare: fn(&Path), left: fn(&Path)) -> Ran {
    let data = TempDir::new().unwrap();
    prepare(data.path());
    let dir = Dir { host: data.path().to_owned(), guest: "/data".to_owned(), readonly: false };
    let config = RunConfig { args: vec!["program.wasm".to_owned()], dirs: vec![dir], ..RunConfig::default() };
    let outcome = bundled.run_outside(config);
    left(data.path());
    if let End::Trapped(reason) = &outcome.end {
        eprintln!("{reason}");
    }
    Ran { code: outcome.end.code(), stdout: outcome.stdout }
}

/// Runs a module, which has to end with this code and output, inside and under Wasmtime.
#[track_caller]
fn agrees(text: &str, code: i32, stdout: &str) {
    agrees_on(text, code, stdout, |_| {}, |_| {});
}

#[track_caller]
fn agrees_on(text: &str, code: i32, stdout: &str, prepare: fn(&Path), left: fn(&Path)) {
    let bundled = bundle(text, &[]);
    let [interpreted, native] = inside(&bundled, &[], prepare, left);
    let outside = outside(&bundled, prepare, left);
    for (ran, place) in [(interpreted, "interpreted"), (native, "native"), (outside, "under Wasmtime")] {
        assert_eq!((ran.code, String::from_utf8_lossy(&ran.stdout).as_ref()), (code, stdout), "{place}: {text}");
    }
}
