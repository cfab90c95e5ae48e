//! Running, without compiled guests: grants, ends, banners.

use crate::support::{COUNT, HELLO, LOOP, NOTHING, SLEEP, Sandbox, TRANSFER_NOTHING, TRAP};
use std::path::Path;
use wasmstone_test_support::keystone_files::keystone_files;

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
