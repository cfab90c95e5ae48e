//! Running, without compiled guests: grants, ends, banners.

use crate::support::{COUNT, HELLO, LOOP, NOTHING, SLEEP, Sandbox, TRANSFER_NOTHING, TRAP};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use wasmstone_test_support::keystone_files::keystone_files;
use wasmstone_test_support::processes::InTime;

#[test]
fn the_program_has_standard_output_for_itself() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HELLO);
    for arguments in [&["run", "app.wsb"][..], &["app.wsb"], &["./app.wsb"]] {
        let ran = sandbox.wasmstone(arguments).succeeds();
        assert_eq!(ran.stdout, "hello\n");
        assert_eq!(ran.stderr, "wasmstone: simulated enclave, nothing is protected\n");
    }
}

#[test]
fn exit_codes_pass_through() {
    let sandbox = Sandbox::new();
    sandbox.bundle(COUNT);
    let code = |arguments: &[&str]| sandbox.wasmstone(arguments).code;
    assert_eq!(code(&["app.wsb"]), Some(1));
    assert_eq!(code(&["app.wsb", "--", "a", "--dir", "c"]), Some(4));
    assert_eq!(code(&["app.wsb", "--env", "A=1", "--env", "B=", "--", "a"]), Some(22));
    assert_eq!(code(&["app.wsb", "--env", "A=1", "--env", "A=2"]), Some(11));
    assert_eq!(code(&["app.wsb", "--env", "PATH"]), Some(11));
}

#[test]
fn no_buffer_makes_no_descriptor() {
    let sandbox = Sandbox::new();
    sandbox.bundle(TRANSFER_NOTHING);
    assert_eq!(sandbox.wasmstone(["app.wsb"]).code, Some(31));
}

#[test]
fn a_trap_is_explained() {
    let sandbox = Sandbox::new();
    sandbox.bundle(TRAP);
    sandbox.wasmstone(["app.wsb"]).fails(134, &["the program trapped", "unreachable"]);
}

#[test]
fn a_program_is_stopped_in_time() {
    let sandbox = Sandbox::new();
    for program in [SLEEP, LOOP] {
        sandbox.bundle(program);
        sandbox.wasmstone(["app.wsb", "--timeout", "100ms"]).fails(107, &["--timeout"]);
    }
    sandbox.wasmstone(["app.wsb", "--timeout", "100"]).fails(2, &["30s"]);
}

#[test]
fn grants_must_make_sense() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.write("file", "");
    for (options, words) in [
        (&["--dir", "nowhere"][..], &["cannot grant the directory nowhere", "No such file"][..]),
        (&["--read-only-dir", "file"], &["cannot grant the directory file", "Not a directory"]),
        (&["--dir", "::/data"], &["does not name a directory"]),
        (&["--dir", ".::"], &["does not name a directory"]),
        (&["--env", "NOT_SET_HERE"], &["NOT_SET_HERE is not set here"]),
        (&["--env", "=x"], &["the name is missing"]),
        (&["--env", ""], &["the name is missing"]),
        (&["--dir", ".::/d", "--read-only-dir", "..::/d"], &["two directories are granted as /d"]),
        (&["--dir", ".", "--dir", "."], &["two directories are granted as ."]),
    ] {
        sandbox.wasmstone([&["run", "app.wsb"], options].concat()).fails(109, words);
    }
    let many = (0..65).flat_map(|number| ["--dir".to_owned(), format!(".::/{number}")]);
    sandbox.wasmstone(["run".to_owned(), "app.wsb".to_owned()].into_iter().chain(many)).fails(109, &["65 directories"]);
}

#[test]
fn grants_are_held_against_the_policy() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "wasmstone.toml",
        "[environment]\nset = { MODE = \"fast\" }\nallow = [\"TZ\"]\n[[directory]]\nguest = \"/data\"\naccess = \"read-only\"\n",
    );
    sandbox.bundle(COUNT);
    for (options, words) in [
        (&["--", "a"][..], "allows no arguments"),
        (&["--env", "MODE=slow"], "fixes the environment variable MODE"),
        (&["--env", "LANG=C"], "does not allow the environment variable LANG"),
        (&["--dir", "."], "does not allow the directory ."),
        (&["--dir", ".::/data"], "for reading only"),
    ] {
        sandbox
            .wasmstone([&["run", "app.wsb"], options].concat())
            .fails(109, &["more was granted", "leave the option out", words]);
    }
    let ran = sandbox.wasmstone(["run", "app.wsb", "--env", "TZ=UTC", "--read-only-dir", ".::/data"]);
    assert_eq!(ran.code, Some(21), "{ran:?}");
}

#[test]
fn keystone_is_never_replaced_by_the_simulator() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.wasmstone(["run", "app.wsb", "--backend", "keystone"]).fails(113, &["for the simulator", "--platform"]);
    sandbox.wasmstone(["run", "app.wsb", "--backend", "sim"]).succeeds();
    if Path::new("/dev/keystone_enclave").exists() {
        eprintln!("skipped: this machine has a Keystone device");
        return;
    }
    let (loader, runtime) = keystone_files();
    sandbox.write("loader.bin", loader);
    sandbox.write("eyrie-rt", runtime);
    let add = ["platform", "add", "board", "--loader", "loader.bin", "--runtime", "eyrie-rt"];
    sandbox.wasmstone(add).succeeds();
    sandbox.wasmstone(["build", "app.wasm", "--platform", "board", "-o", "board.wsb"]).succeeds();
    let words = ["no Keystone device /dev/keystone_enclave", "--backend sim"];
    sandbox.wasmstone(["run", "board.wsb", "--backend", "keystone"]).fails(121, &words);
}

#[test]
fn the_phases_of_the_start_are_timed() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    sandbox.wasmstone(["build", "app.wasm", "--engine", "pulley"]).succeeds();
    let ran = sandbox.wasmstone(["run", "app.wsb", "--timings"]).succeeds();
    let timings: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    for phase in ["verify", "create", "boot", "stream", "engine", "first_output"] {
        assert!(timings[format!("{phase}_ms")].as_f64().is_some_and(|time| time > 0.0), "{phase}: {timings}");
    }
    assert!(timings["finalize_ms"].is_null(), "{timings}");
}

#[test]
fn edge_calls_are_counted() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HELLO);
    let ran = sandbox.wasmstone(["run", "app.wsb", "--edge-calls"]).succeeds();
    let counts: serde_json::Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert!(
        counts.as_object().unwrap().values().all(|count| count.as_u64().is_some_and(|count| count > 0)),
        "{counts}"
    );
}

#[test]
fn what_was_counted_until_a_signal_or_the_end_of_the_time_is_printed() {
    let sandbox = Sandbox::new();
    // Prints a line, then waits for ever.
    sandbox.bundle(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\06\00\00\00")
        (data (i32.const 16) "hello\n")
        (data (i32.const 48) "\01")
        (data (i32.const 56) "\ff\ff\ff\ff\ff\ff\ff\ff")
        (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (drop (call $poll (i32.const 32) (i32.const 128) (i32.const 1) (i32.const 256)))))"#,
    );
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut run = sandbox.command(env!("CARGO_BIN_EXE_wasmstone"));
        run.args(["run", "app.wsb", "--edge-calls", "--timings"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = run.spawn_in_time();
        let mut line = String::new();
        BufReader::new(run.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "hello\n");
        kill_process(Pid::from_child(&run), signal).unwrap();
        let ended = run.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(signal.as_raw()));
        counted(&String::from_utf8(ended.stderr).unwrap());
    }
    let ran = sandbox.wasmstone(["run", "app.wsb", "--edge-calls", "--timings", "--timeout", "3s"]);
    assert_eq!(ran.code, Some(107), "{ran:?}");
    counted(&ran.stderr);
}

/// Checks the counts and the times that a run has printed after its notice.
fn counted(stderr: &str) {
    let lines: Vec<serde_json::Value> =
        stderr.lines().skip(1).take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    let [counts, timings] = &lines[..] else { panic!("{stderr}") };
    // Whether the program had come to its poll is a matter of time.
    for operation in ["launch.start", "io.write"] {
        assert!(counts[operation].as_u64().is_some_and(|count| count > 0), "{operation}: {counts}");
    }
    for phase in ["verify_ms", "create_ms", "boot_ms", "engine_ms", "first_output_ms"] {
        assert!(timings[phase].as_f64().is_some_and(|time| time > 0.0), "{phase}: {timings}");
    }
}

#[test]
fn a_file_beyond_the_limit_on_the_size_of_files_is_an_error_like_any_other() {
    let sandbox = Sandbox::new();
    // Opens a file in the granted directory, sets its size to a gigabyte, and exits with the error number.
    sandbox.bundle(
        r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $resize (param i32 i64) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "file")
        (func (export "_start")
            (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1)
                    (i64.const 0x400042) (i64.const 0) (i32.const 0) (i32.const 16))
                (then (call $exit (i32.const 99))))
            (call $exit (call $resize (i32.load (i32.const 16)) (i64.const 0x40000000)))))"#,
    );
    // In blocks of 512 bytes: enough for what the simulator sets aside. WASI's number for EFBIG is 22.
    let ran = sandbox.shell("ulimit -f 1000000; exec \"$WASMSTONE\" run app.wsb --dir .::/");
    assert_eq!(ran.code, Some(22), "{ran:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_said() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.wasmstone(["run", "app.wsb", "--log", "no/such/log"]).fails(111, &["cannot write the log no/such/log"]);
    sandbox.wasmstone(["run", "app.wsb", "--log", "log"]).succeeds();
    assert!(sandbox.files().contains(&"log".to_owned()));
}

#[test]
fn an_enclave_for_which_there_is_no_address_space_cannot_be_launched() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["build", "app.wasm", "--quiet", "--max-memory", "900M"]).succeeds();
    let ran = sandbox.shell("ulimit -v 900000; exec \"$WASMSTONE\" run app.wsb");
    let ran = ran.fails(106, &["simulated enclave", "address space", "ulimit -v", "--max-memory"]);
    assert!(!ran.stderr.contains("report it"), "{}", ran.stderr);
}
