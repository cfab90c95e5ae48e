//! The program for a board, as `cargo xtask target` builds it: the static RISC-V executable, run under qemu-riscv64
//! beside the program of this machine. For simulated enclaves it is the program that is built with the simulator.
//!
//! An emulator of programs has no seccomp filters, and its child processes are not emulated: simulated enclaves run
//! unconfined here, and an environment variable names their emulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, build, command, guest, keystone_files, program, target_directory};

const EMULATOR: &str = "qemu-riscv64";

fn built(program: &str) -> PathBuf {
    let path = target_directory().join("riscv64gc-unknown-linux-gnu/small").join(program);
    assert!(path.exists(), "{} is missing: run `cargo xtask test`", path.display());
    path
}

/// The program with the simulator.
fn simulating() -> PathBuf {
    built("simulating/wasmstone")
}

/// The program for a board, with the configuration directory `home`.
fn target_side(home: &Path) -> Command {
    emulated(&built("wasmstone"), home)
}

fn emulated(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(EMULATOR);
    command.arg(program).env("WASMSTONE_HOME", home).env("WASMSTONE_SIM_RUNNER", EMULATOR);
    command
}

/// The configuration directory of the tests' own program.
fn home() -> PathBuf {
    let command = command();
    let (_, home) = command.get_envs().find(|(name, _)| *name == "WASMSTONE_HOME").expect("there is one");
    home.expect("it is set").into()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.output_in_time();
    assert_eq!(output.status.code(), Some(0), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn fails(command: &mut Command, code: i32, words: &[&str]) {
    let output = command.output_in_time();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{command:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr}");
    }
}

/// A run in an unconfined simulated enclave.
fn run_there(bundle: &Bundled, options: &[&str], arguments: &[&str]) -> Output {
    // A program that hangs fails its test in the end.
    let mut run = Command::new("timeout");
    run.args(["300", EMULATOR]).arg(simulating()).env("WASMSTONE_HOME", home()).env("WASMSTONE_SIM_RUNNER", EMULATOR);
    run.arg("run").arg(bundle.path()).arg("--insecure-no-lockdown").args(options);
    run.arg("--").args(arguments).output_in_time()
}

#[test]
fn needs_riscv64_builds_are_made_elsewhere() {
    let home = TempDir::new().unwrap();
    let help = succeeds(target_side(home.path()).arg("--help"));
    assert!(help.contains("Not available in this program") && help.contains("measure"), "{help}");
    for command in [&["build"][..], &["build", "app.wasm", "--max-memory", "1M"], &["build", "--help"], &["new", "app"]]
    {
        fails(target_side(home.path()).args(command), 2, &["target side", "copy the .wsb here"]);
    }
    assert!(succeeds(target_side(home.path()).args(["completion", "bash"])).contains("wasmstone"));
}

#[test]
fn needs_riscv64_both_programs_say_the_same_of_a_bundle() {
    let home = home();
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--targets", "pulley64,riscv64,x86_64"]);
    for arguments in [
        &["measure"][..],
        &["measure", "--json"],
        &["inspect"],
        &["inspect", "--json"],
        &["verify"],
        &["verify", "--json"],
    ] {
        let there = succeeds(target_side(&home).args(arguments).arg(bundle.path()));
        let here = succeeds(command().args(arguments).arg(bundle.path()));
        assert_eq!(there, here, "{arguments:?}");
    }
}

#[test]
fn needs_riscv64_keys_and_platforms_are_shared() {
    let home = TempDir::new().unwrap();
    let directory = TempDir::new().unwrap();
    let (loader, runtime) = keystone_files::keystone_files();
    for (name, content) in [("loader.bin", &loader), ("eyrie-rt", &runtime), ("fw_jump.bin", &vec![0x13; 5000])] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    succeeds(target_side(home.path()).args(["key", "new", "board"]));
    let add = ["platform", "add", "board", "--cpu-features", "zbb,zba", "--from"];
    succeeds(target_side(home.path()).args(add).arg(directory.path()));
    for arguments in [&["key", "list"][..], &["key", "show", "board"], &["platform", "show", "board", "--json"]] {
        let there = succeeds(target_side(home.path()).args(arguments));
        let here = succeeds(command().env("WASMSTONE_HOME", home.path()).args(arguments));
        assert_eq!(there, here, "{arguments:?}");
    }

    let bundle = build(&guest("hello", "wasm32-wasip2"), &[]);
    succeeds(target_side(home.path()).args(["sign", "--key", "board"]).arg(bundle.path()));
    let verified = succeeds(command().env("WASMSTONE_HOME", home.path()).arg("verify").arg(bundle.path()));
    assert!(verified.contains("trusted as \"board\""), "{verified}");
    let forged = directory.path().join("forged.wsb");
    let mut bytes = fs::read(bundle.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&forged, bytes).unwrap();
    for verb in ["verify", "run"] {
        fails(target_side(home.path()).arg(verb).arg(&forged), 102, &["damaged"]);
    }
}

#[test]
fn needs_riscv64_a_board_has_no_simulator() {
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--engine", "pulley"]);
    let run = |options: &[&str], code: i32, words: &[&str]| {
        fails(target_side(&home()).arg("run").arg(bundle.path()).args(options), code, words);
    };
    let instead = "built with the feature \"simulator\"";
    run(&[], 121, &["no Keystone device", "cannot simulate", "modprobe keystone-driver", instead]);
    run(&["--backend", "keystone"], 121, &["no Keystone device", instead]);
    run(&["--backend", "sim"], 2, &["has no simulator", instead]);
    let help = succeeds(target_side(&home()).args(["run", "--help"]));
    assert!(help.contains("has no simulator") && !help.contains("--insecure-no-lockdown"), "{help}");
    assert!(help.contains("keystone") && !help.contains("- sim"), "{help}");

    let doctor = target_side(&home()).arg("doctor").output_in_time();
    assert_eq!(doctor.status.code(), Some(121), "{doctor:?}");
    let found = text(&doctor.stdout);
    assert!(found.starts_with("-       simulator") && found.contains(instead), "{found}");
    assert!(found.contains("MISSING keystone device"), "{found}");
    fails(target_side(&home()).args(["doctor", "--backend", "sim"]), 2, &["has no simulator", instead]);
}

#[test]
fn needs_riscv64_an_enclave_that_cannot_be_confined_is_an_error() {
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--engine", "pulley"]);
    fails(
        emulated(&simulating(), &home()).arg("run").arg(bundle.path()),
        106,
        &["nothing is protected", "cannot be confined", "--insecure-no-lockdown"],
    );
    let doctor = emulated(&simulating(), &home()).arg("doctor").output_in_time();
    assert_eq!(doctor.status.code(), Some(120), "{doctor:?}");
    let found = text(&doctor.stdout);
    assert!(found.starts_with("MISSING simulator") && found.contains("cannot be confined"), "{found}");
    assert!(!found.contains("clang") && found.contains("keystone"), "{found}");
}

#[test]
fn needs_riscv64_the_simulator_runs_bytecode_and_machine_code() {
    let both = &["--targets", "pulley64,riscv64"];
    for program in ["hello", "sha256", "mandelbrot", "floats"] {
        let bundle = build(&guest(program, "wasm32-wasip2"), both);
        let here = command().arg("run").arg(bundle.path()).args(["--engine", "pulley"]).output_in_time();
        assert_eq!(here.status.code(), Some(0), "{program}: {}", text(&here.stderr));
        for engine in ["pulley", "native"] {
            let there = run_there(&bundle, &["--engine", engine], &[]);
            let stderr = text(&there.stderr);
            assert_eq!(there.status.code(), Some(0), "{program} on {engine}: {stderr}");
            assert_eq!(text(&there.stdout), text(&here.stdout), "{program} on {engine}");
            let mut lines = stderr.lines();
            assert!(lines.next().is_some_and(|line| line.contains("nothing is protected")), "{stderr}");
            assert!(lines.next().is_some_and(|line| line.contains("warning: --insecure-no-lockdown")), "{stderr}");
        }
    }
}

#[test]
fn needs_riscv64_programs_end_there_as_here() {
    let both = &["--targets", "pulley64,riscv64"];
    for (program, code) in [("exit", 1), ("recurse", 134), ("panic", 134)] {
        let bundle = build(&guest(program, "wasm32-wasip2"), both);
        let here = command().arg("run").arg(bundle.path()).args(["--", "3"]).output_in_time();
        assert_eq!(here.status.code(), Some(code), "{program}: {}", text(&here.stderr));
        for engine in ["pulley", "native"] {
            let there = run_there(&bundle, &["--engine", engine], &["3"]);
            assert_eq!(there.status.code(), Some(code), "{program} on {engine}: {}", text(&there.stderr));
            assert_eq!(text(&there.stdout), text(&here.stdout), "{program} on {engine}");
        }
    }
}

#[test]
fn needs_riscv64_files_are_served_and_time_runs_out() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let bundle = build(&guest("files", "wasm32-wasip2"), &["--targets", "riscv64"]);
    let there = run_there(&bundle, &["--dir", &format!("{}::/data", data.display())], &[]);
    assert_eq!(there.status.code(), Some(0), "{}{}", text(&there.stdout), text(&there.stderr));

    let spin = directory.path().join("spin.wasm");
    let endless = r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#;
    fs::write(&spin, wat::parse_str(endless).unwrap()).unwrap();
    let there = run_there(&build(&spin, &["--targets", "riscv64"]), &["--timeout", "2s"], &[]);
    assert_eq!(there.status.code(), Some(107), "{}", text(&there.stderr));
}

#[test]
fn needs_riscv64_reports_are_made_there_and_verified_here() {
    let directory = TempDir::new().unwrap();
    let (report, pins) = (directory.path().join("report"), directory.path().join("pins.toml"));
    let nonce = "00112233445566778899aabbccddeeff";
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--targets", "pulley64,riscv64"]);
    succeeds(command().arg("measure").arg(bundle.path()).arg("--pins").arg(&pins));
    let verify = || {
        let mut command = Command::new("timeout");
        command.arg("300").arg(program()).args(["attest", "verify"]).arg(&report);
        command.arg("--pins").arg(&pins).args(["--nonce", nonce, "--insecure-allow-simulator"]);
        command
    };
    for engine in ["pulley", "native"] {
        let mut there = emulated(&simulating(), &home());
        there.args(["attest", "report"]).arg(bundle.path()).args(["--nonce", nonce, "--engine", engine, "-o"]);
        succeeds(there.arg(&report).arg("--insecure-no-lockdown"));
        let here = succeeds(&mut verify());
        let mut there = target_side(&home());
        there.args(["attest", "verify"]).arg(&report).arg("--pins").arg(&pins);
        assert_eq!(succeeds(there.args(["--nonce", nonce, "--insecure-allow-simulator"])), here);
    }
    // The board has no configuration.
    fs::write(&pins, "schema = 1").unwrap();
    fails(verify().env_remove("WASMSTONE_HOME").env_remove("HOME"), 200, &["no device keys are pinned"]);
}

#[test]
fn needs_riscv64_a_program_for_another_processor_is_refused() {
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--targets", "x86_64"]);
    let there = run_there(&bundle, &[], &[]);
    assert_eq!(there.status.code(), Some(113), "{}", text(&there.stderr));
    let bundle = build(&guest("hello", "wasm32-wasip2"), &["--targets", "riscv64", "--cpu-features", "zba,zbb"]);
    let there = run_there(&bundle, &[], &[]);
    assert_eq!(there.status.code(), Some(114), "{}", text(&there.stderr));
    assert!(text(&there.stderr).contains("zba, zbb"), "{}", text(&there.stderr));
}

#[test]
fn needs_riscv64_what_is_made_for_keystone_is_simulated_as_bytecode() {
    let files = TempDir::new().unwrap();
    let (loader, runtime) = keystone_files::keystone_files();
    fs::write(files.path().join("loader.bin"), loader).unwrap();
    fs::write(files.path().join("eyrie-rt"), runtime).unwrap();
    succeeds(command().args(["platform", "add", "simulated-board", "--from"]).arg(files.path()));
    let hello = guest("hello", "wasm32-wasip2");
    let made = |targets: &str| build(&hello, &["--platform", "simulated-board", "--targets", targets]);

    let there = run_there(&made("riscv64"), &[], &[]);
    assert_eq!(there.status.code(), Some(113), "{}", text(&there.stderr));
    assert!(text(&there.stderr).contains("build it with --targets pulley64"), "{}", text(&there.stderr));
    let there = run_there(&made("pulley64,riscv64"), &[], &[]);
    assert_eq!(text(&there.stdout), "Hello, world!\n", "{}", text(&there.stderr));
}
