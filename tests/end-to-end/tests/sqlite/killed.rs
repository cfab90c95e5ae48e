//! The host is killed at any edge call. Every transaction that was reported to be committed is there, and no part of
//! any other.

use crate::database::{Kept, answers, check, code, commit, copy, killed_at, reported, try_check};
use tempfile::TempDir;

/// Transactions that are there before, and after a run that is not killed: the fifth is followed by a VACUUM.
const BEFORE: u64 = 3;
const AFTER: u64 = 6;

/// A database with the first transactions, and how many edge calls the others take.
fn prepared(kept: Kept, mode: &str) -> (TempDir, u64) {
    let base = TempDir::new().unwrap();
    let ran = commit(kept, base.path(), mode, BEFORE, answers);
    assert_eq!(code(&ran), Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with(&format!("journal: {mode}\n")), "{ran:?}");
    let whole = commit(kept, copy(base.path()).path(), mode, AFTER, answers);
    assert_eq!((code(&whole), reported(&whole.stdout, 0)), (Some(0), AFTER), "{whole:?}");
    (base, whole.calls)
}

/// Kills at every `step`th edge call from `first` on and at the last one, each time from the same state on.
fn killed(kept: Kept, mode: &str, first: u64, step: usize) {
    let (base, calls) = prepared(kept, mode);
    let mut seen = [0; (AFTER - BEFORE) as usize + 1];
    for call in (first..calls).step_by(step).chain([calls]) {
        let directory = copy(base.path());
        let torn = call % 2 == 0;
        let ran = commit(kept, directory.path(), mode, AFTER, killed_at(call, torn));
        let told = format!("{kept:?}, {mode}, killed at edge call {call} of {calls}");
        assert_eq!(code(&ran), None, "{told}");
        // The next program that opens it undoes what was not committed, and may be killed as well.
        try_check(kept, directory.path(), mode, 0, killed_at(1 + call % 23, torn));
        let holds = check(kept, directory.path(), mode, reported(&ran.stdout, BEFORE), &told);
        seen[(holds - BEFORE) as usize] += 1;
        // It continues from there.
        if call % 8 == 0 {
            let ran = commit(kept, directory.path(), mode, AFTER + 1, answers);
            assert_eq!(code(&ran), Some(0), "{told}: {ran:?}");
            assert_eq!(check(kept, directory.path(), mode, AFTER + 1, &told), AFTER + 1);
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "it was killed after each of the transactions: {seen:?}");
}

/// Kills at every `step`th edge call of making a database.
fn killed_at_the_beginning(kept: Kept, mode: &str, step: usize) {
    let whole = commit(kept, TempDir::new().unwrap().path(), mode, 1, answers);
    for call in (1..=whole.calls).step_by(step) {
        let directory = TempDir::new().unwrap();
        let ran = commit(kept, directory.path(), mode, 1, killed_at(call, call % 2 == 0));
        let told = format!("{kept:?}, {mode}, killed at edge call {call} of {} of the first", whole.calls);
        check(kept, directory.path(), mode, reported(&ran.stdout, 0), &told);
    }
}

/// Shows that these tests notice an error: a database that keeps no journal does not survive.
#[test]
fn needs_c_toolchain_without_a_journal_it_is_lost() {
    let (base, calls) = prepared(Kept::Plain, "off");
    let mut calls = (1..calls).step_by(5);
    let survives = |call| {
        let directory = copy(base.path());
        let ran = commit(Kept::Plain, directory.path(), "off", AFTER, killed_at(call, false));
        code(&try_check(Kept::Plain, directory.path(), "off", reported(&ran.stdout, BEFORE), answers)) == Some(0)
    };
    assert!(!calls.all(survives));
}

macro_rules! modes {
    ($module:ident $kept:expr) => {
        mod $module {
            use crate::database::Kept;

            #[test]
            fn needs_c_toolchain_delete() {
                super::killed($kept, "delete", 1, 4);
            }

            #[test]
            fn needs_c_toolchain_truncate() {
                super::killed($kept, "truncate", 2, 7);
            }

            #[test]
            fn needs_c_toolchain_persist() {
                super::killed($kept, "persist", 3, 7);
            }

            #[test]
            fn needs_c_toolchain_wal() {
                super::killed($kept, "wal", 4, 7);
            }

            #[test]
            fn needs_c_toolchain_at_the_beginning() {
                super::killed_at_the_beginning($kept, "delete", 2);
                super::killed_at_the_beginning($kept, "wal", 5);
            }
        }
    };
}

modes!(plain Kept::Plain);
modes!(sealed Kept::Sealed);
