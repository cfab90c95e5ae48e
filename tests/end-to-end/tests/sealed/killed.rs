//! A host that is killed at any place: each file that was synced has the old or the new content.

use crate::project::{SEALED, sealed};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_test_support::inside::Inside;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave};

/// The test program.
pub static PROGRAM: LazyLock<Bundled> =
    LazyLock::new(|| sealed("sealed", "wasm32-wasip2", SEALED, &["--max-memory", "8M", "--engine", "pulley"]));

/// Runs it with a host that answers this many edge calls.
pub fn run(data: &TempDir, last: u64, arguments: &[&str]) -> wasmstone_test_support::inside::Ran {
    Inside::new(PROGRAM.program()).directory(data.path(), "/data", None).arguments(arguments).last(last).run()
}

/// The number in `N lines are kept` or `N lines`.
pub fn lines(text: &str) -> usize {
    text.lines().last().map_or(0, |line| line.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn at_any_edge_call_what_was_kept_is_there() {
    let prepared = || {
        let data = TempDir::new().unwrap();
        let ran = run(&data, u64::MAX, &["append", "log", "100"]);
        assert_eq!(ran.ended.status, ExitStatus::Guest(0), "{ran:?}");
        data
    };
    for last in 1.. {
        let data = prepared();
        let ran = run(&data, last, &["append", "log", "150"]);
        let kept = lines(&ran.stdout).max(100);
        let checked = run(&data, u64::MAX, &["check", "log"]);
        assert_eq!(checked.ended.status, ExitStatus::Guest(0), "{last}: {checked:?}");
        let found = lines(&checked.stdout);
        assert!((kept..=250).contains(&found), "{last}: {kept} were kept, {found} are there");
        if ran.ended.status == ExitStatus::Guest(0) {
            assert_eq!(found, 250);
            break;
        }
    }
}

#[test]
fn at_any_edge_call_of_its_making_there_is_a_directory_or_none() {
    for last in 1.. {
        let data = TempDir::new().unwrap();
        let ran = run(&data, last, &["write", "file", "content"]);
        let read = run(&data, u64::MAX, &["tree"]);
        assert_eq!(read.ended.status, ExitStatus::Guest(0), "{last}: {read:?}");
        if ran.ended.status == ExitStatus::Guest(0) {
            break;
        }
    }
}

#[test]
fn a_killed_process_leaves_what_was_kept() {
    for kills in [1, 2, 5] {
        let data = TempDir::new().unwrap();
        let mut enclave = Enclave::new(&PROGRAM);
        enclave.option("--dir", &format!("{}::/data", data.path().display()));
        let mut kept = 0;
        for _ in 0..3 {
            let mut command = enclave.command(&["append", "log", "1000"]);
            let mut host = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn_in_time();
            let stdout = BufReader::new(host.stdout.take().unwrap());
            for line in stdout.lines().take(kills) {
                kept = lines(&line.unwrap());
            }
            host.kill().unwrap();
            host.wait().unwrap();
        }
        let output = enclave.command(&["check", "log"]).output_in_time();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = lines(&String::from_utf8(output.stdout).unwrap());
        assert!(found >= kept && kept > 0, "{kept} were kept, {found} are there");
    }
}
