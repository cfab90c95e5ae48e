//! What `build` writes, and when.

use crate::support::{HELLO, NOTHING, Sandbox, component};
use rustix::fs::{Mode, OFlags};
use std::io::Write;
use std::process::Stdio;
use wasmstone_test_support::processes::{InTime, wait_until};

#[test]
fn the_bundle_goes_to_the_current_directory() {
    let sandbox = Sandbox::new();
    sandbox.wasm("sub/app.wasm", NOTHING);
    let ran = sandbox.wasmstone(["build", "sub/app.wasm"]).succeeds();
    assert_eq!(ran.stdout, "");
    for word in ["built app.wsb", "core module", "memory cap   256M", "any that the run command grants", "measurement"]
    {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(sandbox.files(), ["app.wsb", "sub"]);
}

#[test]
fn the_key_is_made_once_and_said() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    assert!(sandbox.wasmstone(["build", "app.wasm"]).succeeds().stderr.contains("created the signing key \"default\""));
    assert!(!sandbox.wasmstone(["build", "app.wasm"]).succeeds().stderr.contains("created the signing key"));
}

#[test]
fn quiet_says_nothing() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.wasmstone(["key", "new", "default"]).succeeds();
    let ran = sandbox.wasmstone(["build", "app.wasm", "-q", "-o", "other.wsb"]).succeeds();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(sandbox.files(), ["app.wasm", "other.wsb"]);
}

#[test]
fn json_agrees_with_inspect_and_measure() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    let built = sandbox.wasmstone(["build", "app.wasm", "--json", "--max-memory", "8M"]).succeeds().json();
    let inspected = sandbox.wasmstone(["inspect", "app.wsb", "--json"]).succeeds().json();
    let program = &inspected["programs"][0];
    assert_eq!(built["schema"], 1);
    assert_eq!(built["programs"][0]["max_memory"], 8 << 20);
    assert_eq!(built["policy"]["arguments"], "any");
    assert_eq!(built["policy"], program["policy"]);
    for field in ["target", "size", "sha256", "cpu_features", "hardware_float", "heap", "measurement"] {
        assert_eq!(built["programs"][0][field], program[field], "{field}");
    }
    assert_eq!(built["key_id"], inspected["signatures"][0]["key_id"]);
    assert_eq!(built["bundle_size"], sandbox.read("app.wsb").len());
    let measured = sandbox.wasmstone(["measure", "app.wsb"]).succeeds().stdout;
    assert_eq!(built["programs"][0]["measurement"], measured.trim_end());
    assert_eq!(built["interfaces"], serde_json::json!(["wasi_snapshot_preview1"]));
}

#[test]
fn imported_interfaces_are_shown() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", &component(&["wasi:http/types@0.2.6", "wasi:cli/exit@0.2.6"], &["wasi:cli/run@0.2.6"]));
    let ran = sandbox.wasmstone(["build", "app.wasm", "--json"]).succeeds();
    assert!(ran.stderr.contains("imports      wasi:cli@0.2.6 (exit), wasi:http@0.2.6 (types)"), "{}", ran.stderr);
    assert_eq!(ran.json()["interfaces"], serde_json::json!(["wasi:cli/exit@0.2.6", "wasi:http/types@0.2.6"]));
}

#[test]
fn the_text_form_of_webassembly_is_built() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    sandbox.write("app.wat", format!(";; a comment\n(; and another ;)\n{HELLO}"));
    sandbox.write("part.wat", component(&[], &["wasi:cli/run@0.2.6"]));
    for program in ["app.wasm", "app.wat", "part.wat"] {
        sandbox.wasmstone(["build", program, "--name", "app", "-o", &format!("{program}.wsb")]).succeeds();
    }
    assert_eq!(sandbox.read("app.wat.wsb"), sandbox.read("app.wasm.wsb"));
    assert_eq!(sandbox.wasmstone(["run", "app.wat.wsb"]).succeeds().stdout, "hello\n");
    sandbox.wasmstone(["run", "part.wat.wsb"]).succeeds();
    sandbox.wasmstone(["build", "app.wat"]).succeeds();
    sandbox.wasmstone(["inspect", "app.wsb"]).succeeds();
    sandbox.write("bad.wat", "(module\n  (func (export \"_start\") (frobnicate)))");
    sandbox.wasmstone(["build", "bad.wat"]).fails(108, &["bad.wat:2", "frobnicate", "correct"]);
}

#[test]
fn the_same_bytes_from_everywhere() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    sandbox.wasm("deep/er/app.wasm", HELLO);
    sandbox.write("other/place/.keep", "");
    sandbox.wasmstone(["build", "app.wasm", "-o", "first.wsb"]).succeeds();
    let absolute = sandbox.path("deep/er/app.wasm").display().to_string();
    for line in [
        "umask 077; \"$WASMSTONE\" build app.wasm -o again.wsb".to_owned(),
        "cd deep/er; umask 000; TZ=Asia/Tokyo LANG=de_DE.UTF-8 \"$WASMSTONE\" build app.wasm -o ../../again.wsb"
            .to_owned(),
        format!(
            "touch -d 2001-01-01 '{absolute}'; cd other/place; \"$WASMSTONE\" build '{absolute}' -o ../../again.wsb"
        ),
    ] {
        sandbox.shell(&line).succeeds();
        assert!(sandbox.read("first.wsb") == sandbox.read("again.wsb"), "{line}");
    }
}

#[test]
fn other_inputs_give_other_measurements() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let mut found = Vec::new();
    for extra in [&[][..], &["--max-memory", "64M"], &["--name", "other"]] {
        let built = sandbox.wasmstone([&["build", "app.wasm", "--json"], extra].concat()).succeeds().json();
        found.push(built["programs"][0]["measurement"].to_string());
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 3);
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", HELLO);
    sandbox.wasmstone(["key", "new", "default"]).succeeds();
    sandbox.write("app.wsb", "what was there before");
    // A limit on the size of files replaces a full disk. The signal that comes with it does not end the build.
    let ran = sandbox.shell("ulimit -f 2; exec \"$WASMSTONE\" build app.wasm");
    ran.fails(111, &["cannot write app.wsb", "ulimit -f", "caused by", "File too large"]);
    assert_eq!(sandbox.read("app.wsb"), b"what was there before");
    assert_eq!(sandbox.files(), ["app.wasm", "app.wsb"]);
    sandbox.wasmstone(["build", "app.wasm", "-o", "/dev/full"]).fails(111, &["cannot write /dev/full"]);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let ran = sandbox.wasmstone(["build", "app.wasm", "-o", "no/such/app.wsb"]);
    let ran = ran.fails(111, &["cannot write no/such/app.wsb: create the directory no/such", "No such file"]);
    assert!(!ran.stderr.contains(".part"), "{}", ran.stderr);
    sandbox.wasmstone(["build", "app.wasm", "-o", "."]).fails(111, &["cannot write .: it is a directory"]);
    assert_eq!(sandbox.files(), ["app.wasm"]);
}

#[test]
fn the_program_is_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let before = sandbox.read("app.wasm");
    sandbox.wasmstone(["build", "app.wasm", "-o", "./app.wasm"]).fails(109, &["would overwrite the program"]);
    assert_eq!(sandbox.read("app.wasm"), before);
}

#[test]
fn a_killed_build_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("app.wsb", "what was there before");
    sandbox.shell("mkfifo app.wasm").succeeds();
    let mut build = sandbox.command(env!("CARGO_BIN_EXE_wasmstone"));
    let mut build = build.args(["build", "app.wasm"]).stderr(Stdio::null()).spawn_in_time();
    // Opening succeeds once there is a reader, so the build has begun; it then waits for more.
    let fifo = sandbox.path("app.wasm");
    let open = || rustix::fs::open(&fifo, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).ok();
    let mut pipe = std::fs::File::from(wait_until("the opening of the program by the build", open));
    pipe.write_all(b"\0asm").unwrap();
    build.kill().unwrap();
    assert_eq!(build.wait().unwrap().code(), None);
    assert_eq!(sandbox.read("app.wsb"), b"what was there before");
    assert_eq!(sandbox.files(), ["app.wasm", "app.wsb"]);
}

#[test]
fn links_at_the_output_stay() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.shell("mkdir below; ln -s below/new.wsb app.wsb; ln -s loop loop; ln -s no/such lost").succeeds();
    for _ in 0..2 {
        sandbox.wasmstone(["build", "app.wasm"]).succeeds();
        assert!(sandbox.path("app.wsb").is_symlink());
        sandbox.wasmstone(["inspect", "below/new.wsb"]).succeeds();
    }
    sandbox
        .wasmstone(["build", "app.wasm", "-o", "loop"])
        .fails(111, &["cannot write loop: repair the symbolic links"]);
    sandbox.wasmstone(["build", "app.wasm", "-o", "lost"]).fails(111, &["create the directory ./no"]);
    assert!(sandbox.path("loop").is_symlink() && sandbox.path("lost").is_symlink());
}
