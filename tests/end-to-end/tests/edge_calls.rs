//! How many edge calls a guest makes. Counts do not depend on the machine, so they are asserted.

use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, guest};

type Counts = BTreeMap<String, u64>;

/// The targets of programs, and how they are run.
const WAYS: [(&str, &str); 3] = [("wasm32-wasip1", "pulley"), ("wasm32-wasip2", "pulley"), ("wasm32-wasip2", "native")];

/// Runs a program and returns the edge calls that it caused itself, without those of starting it. An interpreted
/// program is streamed in, in one call for these; native code is in the image already.
fn calls(program: &str, target: &str, engine: &str, arguments: &[&str]) -> (Counts, String) {
    let bundled: Bundled = build(&guest(program, target), &["--engine", engine]);
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("seed"), "small file\n").unwrap();
    fs::write(data.path().join("big"), vec![7; 1 << 20]).unwrap();
    let mut enclave = Enclave::new(&bundled);
    enclave.option("--read-only-dir", &format!("{}::/data", data.path().display())).flag("--edge-calls");
    let output = enclave.command(arguments).output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut counts: Counts = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
    let streamed = (engine == "pulley").then_some(1);
    assert_eq!((counts.remove("launch.start"), counts.remove("launch.program")), (Some(1), streamed), "{counts:?}");
    (counts, String::from_utf8(output.stdout).unwrap())
}

fn expect(program: &str, expected: &[(&str, u64)]) {
    for (target, engine) in WAYS {
        let (counts, _) = calls(program, target, engine, &[]);
        let expected: Counts = expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        assert_eq!(counts, expected, "{program}, {target}, {engine}");
    }
}

/// Prints lines about something that needs no host: there is one edge call for each line.
fn only_lines(program: &str, arguments: &[&str]) {
    for (target, engine) in WAYS {
        let (counts, stdout) = calls(program, target, engine, arguments);
        let lines = stdout.lines().count() as u64;
        assert_eq!(counts, Counts::from([("io.write".to_owned(), lines)]), "{program}, {target}, {engine}: {stdout}");
    }
}

#[test]
fn a_printed_line_is_one_call() {
    expect("hello", &[("io.write", 1)]);
}

#[test]
fn clocks_need_none() {
    only_lines("clock_reads", &[]);
}

#[test]
fn random_bytes_need_none() {
    only_lines("random_bytes", &[]);
}

#[test]
fn arguments_and_environment_need_none() {
    only_lines("arguments", &["one", "two"]);
}

#[test]
fn a_mebibyte_is_read_in_four() {
    expect("read_big", &[("filesystem.open_at", 1), ("filesystem.read_at", 2), ("io.close", 1), ("io.write", 1)]);
}

#[test]
fn a_small_file_is_opened_read_and_closed_in_three() {
    expect("read_small", &[("filesystem.open_at", 1), ("filesystem.read_at", 1), ("io.close", 1), ("io.write", 1)]);
}
