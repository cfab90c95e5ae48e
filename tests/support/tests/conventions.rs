//! Conventions of the tests, checked in their sources.

use std::fs;
use std::path::{Path, PathBuf};
use wasmstone_test_support::shell::root;

/// The directories of the tests that start processes.
const STARTERS: [&str; 3] = ["cli/tests", "tests/end-to-end/tests", "tests/eyrie-harness/tests"];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// A child that is started in another way may ignore signals and run for ever: see
/// `wasmstone_test_support::processes`.
#[test]
fn every_child_of_a_test_has_a_time_limit() {
    for directory in STARTERS {
        let sources = sources(&root().join(directory));
        assert!(!sources.is_empty(), "{directory} has no tests any more");
        for path in sources {
            let text = fs::read_to_string(&path).unwrap();
            for way in [".spawn()", ".output()", "command.status()", ".exec()"] {
                assert!(!text.contains(way), "{} uses {way}: use InTime", path.display());
            }
        }
    }
}

/// A wait for a peer never ends if the peer does not come.
#[test]
fn every_test_accepts_connections_in_time() {
    for directory in STARTERS {
        for path in sources(&root().join(directory)) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains(".accept()"), "{} waits for ever: use connections::accept", path.display());
        }
    }
}
