//! A disk that is full, that fails, or that takes only a part: the program gets the error, no failed run looks
//! successful, and data that were kept stay.

use crate::killed::{PROGRAM, lines, run};
use tempfile::TempDir;
use wasmstone_edge_protocol::{ExitStatus, Status};
use wasmstone_test_support::inside::{Act, Inside, Ran};

/// Appends 150 lines on a disk whose `operation` fails from its call `first` on.
fn append(data: &TempDir, operation: &'static str, first: u64, status: Status) -> Ran {
    let mut count = 0;
    let acts = move |_, name: &'static str| {
        count += u64::from(name == operation);
        if name == operation && count >= first { Act::Says(status) } else { Act::Answers }
    };
    let inside = Inside::new(PROGRAM.program()).directory(data.path(), "/data", None);
    inside.arguments(&["append", "log", "150"]).host(acts).run()
}

fn whatever_fails(operation: &'static str, status: Status) {
    for first in 1.. {
        let data = TempDir::new().unwrap();
        assert_eq!(run(&data, u64::MAX, &["append", "log", "100"]).ended.status, ExitStatus::Guest(0));
        let ran = append(&data, operation, first, status);
        let kept = lines(&ran.stdout).max(100);
        let checked = run(&data, u64::MAX, &["check", "log"]);
        assert_eq!(checked.ended.status, ExitStatus::Guest(0), "{first}: {checked:?}");
        let found = lines(&checked.stdout);
        assert!((kept..=250).contains(&found), "{first}: {kept} were kept, {found} are there");
        match ran.ended.status {
            ExitStatus::Guest(0) => {
                assert_eq!(found, 250, "{first}: {ran:?}");
                break;
            }
            ExitStatus::Guest(1) => assert!(ran.stderr.contains("Error"), "{first}: {ran:?}"),
            ExitStatus::Unsaved => {
                let why = ran.explanation.unwrap();
                assert!(why.contains("/data could not be stored"), "{first}: {why}");
            }
            ExitStatus::Refused => assert!(ran.explanation.is_some(), "{first}"),
            other => panic!("{first}: {other:?}"),
        }
    }
}

#[test]
fn a_full_disk() {
    whatever_fails("filesystem.write_at", Status::InsufficientSpace);
}

#[test]
fn a_disk_that_makes_no_more_files() {
    whatever_fails("filesystem.open_at", Status::InsufficientSpace);
}

#[test]
fn a_disk_that_does_not_sync() {
    whatever_fails("filesystem.sync", Status::Io);
}

#[test]
fn a_disk_that_does_not_read() {
    whatever_fails("filesystem.read_at", Status::Io);
}

#[test]
fn a_disk_that_takes_half_of_each_write() {
    let data = TempDir::new().unwrap();
    let halves = |_, name| if name == "filesystem.write_at" { Act::DoesHalf } else { Act::Answers };
    let inside = Inside::new(PROGRAM.program()).directory(data.path(), "/data", None);
    let ran = inside.arguments(&["append", "log", "1000"]).host(halves).run();
    assert_eq!(ran.ended.status, ExitStatus::Guest(0), "{ran:?}");
    assert_eq!(run(&data, u64::MAX, &["check", "log"]).stdout, "1000 lines\n");
}
