//! The command runs SQLite, in each journal mode, with both engines.

use crate::database::{Kept, MODES, PATH, answers, check, code, commit, range, reported};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use tempfile::TempDir;
use wasmstone_peer::{Dir, End, RunConfig};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines};

const COUNT: u64 = 16;

fn grant(directory: &TempDir) -> String {
    format!("{}::/data", directory.path().display())
}

/// Each mode, with temporary files in memory, then in the directory. Another engine continues what one began, unless
/// the database is sealed: the other one is another enclave, with other keys.
fn each_mode(kept: Kept) {
    let bundled = kept.build(&[&both_engines()]);
    let [pulley, native] = ENGINES;
    for (mode, begins) in MODES.into_iter().zip([native, pulley, native, pulley]) {
        let continues = match kept {
            Kept::Plain => ENGINES[usize::from(begins == pulley)],
            Kept::Sealed => begins,
        };
        let directory = TempDir::new().unwrap();
        let run = |engine: &str, option: (&str, &str), arguments: &[&str]| {
            let mut enclave = Enclave::new(&bundled);
            enclave.option("--engine", engine).option("--dir", &grant(&directory)).option(option.0, option.1);
            let output = enclave.command(arguments).output_in_time();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{kept:?}, {mode}, {engine}: {output:?} {stderr}");
            String::from_utf8(output.stdout).unwrap()
        };
        let runs = [(begins, COUNT - 10, "NO=thing"), (continues, COUNT, "SQLITE_TMPDIR=/data")];
        for (engine, count, variable) in runs {
            let stdout = run(engine, ("--env", variable), &["run", PATH, mode, &count.to_string()]);
            assert_eq!((stdout.lines().next().unwrap(), reported(&stdout, 0)), (&*format!("journal: {mode}"), count));
        }
        let stdout = run(begins, ("--env", "NO=thing"), &["check", PATH, &COUNT.to_string(), &COUNT.to_string()]);
        assert_eq!(stdout, format!("integrity: ok\nholds: {COUNT}\nas it has to be\n"), "{kept:?}, {mode}");
    }
}

/// The host's process is killed at any time after it has passed on some reports.
fn really_killed(kept: Kept, mode: &str) {
    let bundled = kept.build(&[]);
    let directory = TempDir::new().unwrap();
    let mut holds = 0;
    for lines in [2, 5, 3, 7] {
        let mut enclave = Enclave::new(&bundled);
        let mut command = enclave.option("--dir", &grant(&directory)).command(&["run", PATH, mode, "1000000"]);
        let mut host = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn_in_time();
        let mut stdout = BufReader::new(host.stdout.take().unwrap());
        let mut printed = String::new();
        for _ in 0..lines {
            assert_ne!(stdout.read_line(&mut printed).unwrap(), 0, "{printed}");
        }
        host.kill().unwrap();
        host.wait().unwrap();
        // What it had written before it was killed was reported too.
        stdout.read_to_string(&mut printed).unwrap();
        let complete = &printed[..=printed.rfind('\n').unwrap()];
        let last = reported(complete, holds);
        assert!(last > holds, "{printed}");
        holds = check_outcome(kept, &bundled, &directory, mode, last);
    }
}

/// Checks with the command, whose sealing keys are not those of the host in this process.
fn check_outcome(kept: Kept, bundled: &Bundled, directory: &TempDir, mode: &str, last: u64) -> u64 {
    let mut enclave = Enclave::new(bundled);
    let [least, most] = range(kept, mode, last);
    let command = &mut enclave.option("--dir", &grant(directory)).command(&["check", PATH, &least, &most]);
    let output = command.output_in_time();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && stdout.starts_with("integrity: ok\n"), "{kept:?}: {stdout}");
    stdout.lines().find_map(|line| line.strip_prefix("holds: ")?.parse().ok()).unwrap()
}

macro_rules! kept {
    ($module:ident $kept:expr) => {
        mod $module {
            use super::Kept;

            #[test]
            fn needs_c_toolchain_each_mode() {
                super::each_mode($kept);
            }

            #[test]
            fn needs_c_toolchain_sigkill() {
                super::really_killed($kept, "delete");
                super::really_killed($kept, "wal");
            }
        }
    };
}

kept!(plain Kept::Plain);
kept!(sealed Kept::Sealed);

/// A database that was made in an enclave can be read outside, and the other way round.
#[test]
fn needs_c_toolchain_outside() {
    let bundled = Kept::Plain.bundled();
    let directory = TempDir::new().unwrap();
    let config = |args: &[&str]| RunConfig {
        args: std::iter::once("workload").chain(args.iter().copied()).map(str::to_owned).collect(),
        dirs: vec![Dir { host: directory.path().to_owned(), guest: "/data".to_owned(), readonly: false }],
        ..RunConfig::default()
    };
    let outcome = bundled.run_outside(config(&["run", PATH, "delete", "3"]));
    assert_eq!((outcome.end, reported(&String::from_utf8(outcome.stdout).unwrap(), 0)), (End::Exited(0), 3));
    assert_eq!(check(Kept::Plain, directory.path(), "delete", 3, "made outside"), 3);
    let ran = commit(Kept::Plain, directory.path(), "delete", 5, answers);
    assert_eq!(code(&ran), Some(0), "{ran:?}");
    let outcome = bundled.run_outside(config(&["check", PATH, "5", "5"]));
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), "integrity: ok\nholds: 5\nas it has to be\n");
}
