//! A suite of four tiny programs, run by the real commands: that which ends as it has to, that which does
//! not, and what is expected of either, decide how the runner ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Writes a line to a file in its directory, and ends with the code 7 if it has no arguments.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $arguments (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (data (i32.const 16) "hello\nmade")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $arguments (i32.const 32) (i32.const 36)))
        (if (i32.eq (i32.load (i32.const 32)) (i32.const 1)) (then (call $exit (i32.const 7))))
        ;; The directory granted has no such entry: it is a copy each time.
        (call $exit (call $mkdir (i32.const 3) (i32.const 22) (i32.const 4)))))"#;

struct Suite(TempDir);

impl Suite {
    fn new() -> Self {
        let suite = Self(TempDir::new().unwrap());
        let folder = suite.0.path().join("tests/c/testsuite/wasm32-wasip1");
        fs::create_dir_all(folder.join("fs.dir")).unwrap();
        for (name, manifest) in [
            ("code", r#"{"exit_code": 7, "stdout": "hello\n"}"#),
            ("directory", r#"{"args": ["x"], "root": "fs.dir"}"#),
            ("wrong-code", "{}"),
            (
                "wrong-output",
                r#"{"operations": [{"type": "run"}, {"type": "read", "payload": "bye\n"},
                {"type": "wait", "exit_code": 7}]}"#,
            ),
        ] {
            fs::write(folder.join(name).with_extension("wasm"), wat::parse_str(PROGRAM).unwrap()).unwrap();
            fs::write(folder.join(name).with_extension("json"), manifest).unwrap();
        }
        suite
    }

    fn run(&self, expectations: &str, more: &[&str]) -> (bool, String, String) {
        let file = self.0.path().join("expectations.toml");
        fs::write(&file, expectations).unwrap();
        let runner = Path::new(env!("CARGO_BIN_EXE_wasmstone-conformance"));
        let wasmstone = runner.with_file_name("wasmstone");
        assert!(wasmstone.exists(), "{} is missing: test the whole workspace", wasmstone.display());
        let mut command = Command::new(runner);
        command.arg("wasi-testsuite").arg(self.0.path()).arg("--expectations").arg(file);
        let Output { status, stdout, stderr } = command.arg("--wasmstone").arg(wasmstone).args(more).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.success(), text(stdout), text(stderr))
    }
}

const BOTH: &str = "[expected-failures]\n\"c/wrong-code\" = \"has 7\"\n\"c/wrong-output\" = \"says hello\"\n";

#[test]
fn what_is_as_expected_succeeds_time_and_again() {
    let suite = Suite::new();
    for _ in 0..2 {
        let (succeeded, stdout, stderr) = suite.run(BOTH, &[]);
        assert!(succeeded, "{stdout}{stderr}");
        assert!(stdout.contains("passed: c/code\n") && stdout.contains("passed: c/directory\n"), "{stdout}");
        assert!(stdout.contains("failed as expected: c/wrong-code: has 7\n"), "{stdout}");
        assert!(
            stdout.ends_with("4 tests: 2 passed, 2 failed as expected, 0 left out; 0 failed, 0 passed unexpectedly\n")
        );
    }
}

#[test]
fn a_failure_that_was_not_expected_fails() {
    let (succeeded, stdout, _) = Suite::new().run("[left-out]\n\"c/code\" = \"why not\"\n", &[]);
    assert!(!succeeded);
    assert!(stdout.contains("FAILED: c/wrong-code: exit code 7, not 0"), "{stdout}");
    assert!(stdout.contains("FAILED: c/wrong-output: standard output is \"hello\\n\", not \"bye\\n\""), "{stdout}");
    assert!(stdout.contains("1 passed, 0 failed as expected, 1 left out; 2 failed"), "{stdout}");
}

#[test]
fn a_pass_that_was_not_expected_fails() {
    let (succeeded, stdout, stderr) = Suite::new().run(&format!("{BOTH}\"c/code\" = \"no\"\n"), &["--json"]);
    assert!(!succeeded);
    assert!(stderr.contains("PASSED UNEXPECTEDLY: c/code: no\n"), "{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["tests"][0]["outcome"], "passed unexpectedly");
    assert_eq!(json["tests"].as_array().unwrap().len(), 4);
}

#[test]
fn one_test_can_be_run_on_one_engine() {
    for engine in ["pulley", "native"] {
        let (succeeded, stdout, stderr) = Suite::new().run(BOTH, &["--only", "c/code", "--engine", engine]);
        assert!(succeeded && stdout.contains("1 tests: 1 passed"), "{stdout}{stderr}");
    }
}

#[test]
fn an_expectation_for_no_test_fails() {
    let (succeeded, _, stderr) = Suite::new().run("[expected-failures]\n\"c/gone\" = \"x\"\n", &["--only", "code"]);
    assert!(!succeeded && stderr.contains("remove c/gone"), "{stderr}");
}
