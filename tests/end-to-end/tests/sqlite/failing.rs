//! A disk that fills up, one that does not sync, and one that writes in small pieces: SQLite reports it, and loses
//! nothing that it has reported.

use crate::database::{Acts, Kept, answers, check, code, commit, copy, reported};
use tempfile::TempDir;
use wasmstone_edge_protocol::{ExitStatus, Status};
use wasmstone_test_support::inside::Act;

const BEFORE: u64 = 3;
const AFTER: u64 = 6;

/// A host on which an operation fails from an edge call on.
fn failing_from(from: u64, failing: &'static str, status: Status) -> impl Acts {
    move |call, operation| if call >= from && operation == failing { Act::Says(status) } else { Act::Answers }
}

fn failing(kept: Kept, operation: &'static str, status: Status, says: &str) {
    let base = TempDir::new().unwrap();
    assert_eq!(code(&commit(kept, base.path(), "delete", BEFORE, answers)), Some(0));
    let whole = commit(kept, copy(base.path()).path(), "delete", AFTER, answers);
    let mut failed = 0;
    for from in (1..=whole.calls).step_by(whole.calls as usize / 20) {
        let directory = copy(base.path());
        let ran = commit(kept, directory.path(), "delete", AFTER, failing_from(from, operation, status));
        let told = format!("{kept:?}, {operation} fails from edge call {from} of {} on: {ran:?}", whole.calls);
        match (kept, ran.ended.status) {
            (_, ExitStatus::Guest(0)) => {}
            (Kept::Plain, ExitStatus::Guest(1)) => {
                assert!(ran.stdout.contains(says), "{told}");
                failed += 1;
            }
            // Nothing can be stored in it any more, whatever SQLite did about that.
            (Kept::Sealed, ExitStatus::Unsaved) => failed += 1,
            _ => panic!("{told}"),
        }
        check(kept, directory.path(), "delete", reported(&ran.stdout, BEFORE), &told);
    }
    assert!(failed > 9, "it failed {failed} times only");
}

/// Every other write writes half of what it was given.
fn short_writes(kept: Kept) {
    let directory = TempDir::new().unwrap();
    let host = |call, operation| {
        if operation == "filesystem.write_at" && call % 2 == 0 { Act::DoesHalf } else { Act::Answers }
    };
    let ran = commit(kept, directory.path(), "delete", AFTER, host);
    assert_eq!((code(&ran), reported(&ran.stdout, 0)), (Some(0), AFTER), "{ran:?}");
    assert_eq!(check(kept, directory.path(), "delete", AFTER, "short writes"), AFTER);
}

macro_rules! faults {
    ($module:ident $kept:expr) => {
        mod $module {
            use super::{Kept, Status};

            #[test]
            fn needs_c_toolchain_a_full_disk() {
                super::failing($kept, "filesystem.write_at", Status::InsufficientSpace, "database or disk is full");
            }

            #[test]
            fn needs_c_toolchain_a_sync_that_fails() {
                super::failing($kept, "filesystem.sync", Status::Io, "disk I/O error");
            }

            #[test]
            fn needs_c_toolchain_short_writes() {
                super::short_writes($kept);
            }
        }
    };
}

faults!(plain Kept::Plain);
faults!(sealed Kept::Sealed);
