//! The workload of `guests/sqlite`, and where it keeps its database.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_test_support::inside::{Act, Inside, Ran};
use wasmstone_test_support::{Bundled, build, target_directory};

/// How a database is kept in a directory of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As files like any others.
    Plain,
    /// Sealed by the enclave.
    Sealed,
}

/// The possible journal modes; the last one is a log.
pub const MODES: [&str; 4] = ["delete", "truncate", "persist", "wal"];

/// The database, as the guest sees it.
pub const PATH: &str = "/data/ledger.db";

pub fn workload() -> PathBuf {
    let path = target_directory().join("sqlite/workload.wasm");
    assert!(path.exists(), "{} is missing: run `cargo xtask test`", path.display());
    path
}

impl Kept {
    /// The workload in a bundle for Pulley, with little memory.
    pub fn bundled(self) -> &'static Bundled {
        static PLAIN: LazyLock<Bundled> = LazyLock::new(|| Kept::Plain.build(&["--engine", "pulley"]));
        static SEALED: LazyLock<Bundled> = LazyLock::new(|| Kept::Sealed.build(&["--engine", "pulley"]));
        match self {
            Self::Plain => &PLAIN,
            Self::Sealed => &SEALED,
        }
    }

    /// The workload in a bundle.
    pub fn build(self, flags: &[&str]) -> Bundled {
        let flags = [&["--max-memory", "8M"], flags].concat();
        match self {
            Self::Plain => build(&workload(), &flags),
            Self::Sealed => {
                let project = TempDir::new().unwrap();
                let wasm = project.path().join("workload.wasm");
                fs::copy(workload(), &wasm).unwrap();
                fs::write(project.path().join("wasmstone.toml"), POLICY).unwrap();
                build(&wasm, &flags)
            }
        }
    }
}

const POLICY: &str = r#"
arguments = "any"

[environment]
allow = "any"

[[directory]]
guest = "/data"
access = "read-write"
sealed = true
"#;

/// The host's reaction to each edge call, by its number and the name of the operation.
pub trait Acts: FnMut(u64, &'static str) -> Act + Send + 'static {}

impl<T: FnMut(u64, &'static str) -> Act + Send + 'static> Acts for T {}

/// A host that answers everything.
pub fn answers(_: u64, _: &'static str) -> Act {
    Act::Answers
}

/// A host that is killed instead of answering this edge call; `torn` says that it is in the middle of writing, if it
/// writes a file then.
pub fn killed_at(last: u64, torn: bool) -> impl Acts {
    move |call, operation| match operation {
        "filesystem.write_at" if torn && call == last => Act::DoesHalf,
        _ if call >= last => Act::IsGone,
        _ => Act::Answers,
    }
}

/// The exit code of a guest; `None` if the host ended it.
pub fn code(ran: &Ran) -> Option<u8> {
    match ran.ended.status {
        ExitStatus::Guest(code) => Some(code),
        _ => None,
    }
}

fn run(kept: Kept, directory: &Path, arguments: &[&str], host: impl Acts) -> Ran {
    let inside = Inside::new(kept.bundled().program()).directory(directory, "/data", None);
    inside.arguments(arguments).host(host).run()
}

/// Commits transactions until there are `count`.
pub fn commit(kept: Kept, directory: &Path, mode: &str, count: u64, host: impl Acts) -> Ran {
    run(kept, directory, &["run", PATH, mode, &count.to_string()], host)
}

/// The number of the last transaction that was reported to be committed, or `before`.
pub fn reported(stdout: &str, before: u64) -> u64 {
    stdout.lines().filter_map(|line| line.strip_prefix("committed: ")?.parse().ok()).next_back().unwrap_or(before)
}

/// How many transactions a database may hold after a crash, as the arguments of `check`: those that were reported,
/// and one that was committed without time to report it.
///
/// In a sealed directory, data that were not synced are lost after a crash of the host, as after a power failure
/// elsewhere. By default, SQLite commits by deleting its journal, and WASI 0.1 cannot sync a directory: the journal
/// may be there again, and undoes the last transaction. SQLite's own documentation describes this.
pub fn range(kept: Kept, mode: &str, reported: u64) -> [String; 2] {
    let undone = kept == Kept::Sealed && mode == "delete";
    [reported.saturating_sub(u64::from(undone)), reported + 1].map(|number| number.to_string())
}

/// Makes the program check the database, on a host that may fail.
pub fn try_check(kept: Kept, directory: &Path, mode: &str, reported: u64, host: impl Acts) -> Ran {
    let [least, most] = range(kept, mode, reported);
    run(kept, directory, &["check", PATH, &least, &most], host)
}

/// Checks that the database holds everything that was reported, and at most one more transaction. Returns how many it
/// holds.
#[track_caller]
pub fn check(kept: Kept, directory: &Path, mode: &str, reported: u64, told: &str) -> u64 {
    let ran = try_check(kept, directory, mode, reported, answers);
    assert_eq!(code(&ran), Some(0), "{told}: {ran:?}");
    assert!(ran.stdout.starts_with("integrity: ok\nholds: "), "{told}: {ran:?}");
    ran.stdout.lines().find_map(|line| line.strip_prefix("holds: ")?.parse().ok()).unwrap()
}

/// A copy of a directory of the host.
pub fn copy(directory: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_into(directory, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_into(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
