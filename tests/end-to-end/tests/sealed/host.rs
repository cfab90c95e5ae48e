//! What the host sees, and the results of its changes.

use crate::project::{SEALED, sealed};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave};

static SEALED_PROGRAM: LazyLock<Bundled> = LazyLock::new(|| program("8M"));

/// The test program with this memory cap: another cap makes it another enclave.
fn program(max_memory: &str) -> Bundled {
    sealed("sealed", "wasm32-wasip2", SEALED, &["--max-memory", max_memory])
}

/// How a run ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(bundled: &Bundled, data: &Path, option: &str, arguments: &[&str]) -> Ran {
    let grant = format!("{}::/data", data.display());
    let output = Enclave::new(bundled).option(option, &grant).command(arguments).output_in_time();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[track_caller]
fn succeeds(data: &Path, arguments: &[&str]) -> String {
    let ran = run(&SEALED_PROGRAM, data, "--dir", arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(data: &Path) -> Files {
    let entries = fs::read_dir(data).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn put_back(data: &Path, files: &Files) {
    for entry in fs::read_dir(data).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in files {
        fs::write(data.join(name), bytes).unwrap();
    }
}

#[test]
fn it_sees_neither_names_nor_contents() {
    let data = TempDir::new().unwrap();
    let text = "nobody but the guest may read this";
    succeeds(data.path(), &["write", "diary-of-a-guest", text]);
    assert_eq!(succeeds(data.path(), &["read", "diary-of-a-guest"]), text);
    let files = files(data.path());
    assert!(!files.is_empty());
    for (name, bytes) in &files {
        assert!(!name.contains("diary"), "{name}");
        let holds = |words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
        assert!(!holds(b"nobody but") && !holds(b"diary"), "{name}");
    }
}

#[test]
fn another_program_is_refused_and_told_what_to_do() {
    let data = TempDir::new().unwrap();
    succeeds(data.path(), &["write", "file", "content"]);
    let before = files(data.path());
    let ran = run(&program("16M"), data.path(), "--dir", &["read", "file"]);
    assert_eq!(ran.code, Some(110), "{ran:?}");
    assert!(ran.stderr.contains("wasmstone seal export"), "{}", ran.stderr);
    assert_eq!(files(data.path()), before);
    assert_eq!(succeeds(data.path(), &["read", "file"]), "content");
}

#[test]
fn what_is_granted_for_reading_is_read() {
    let data = TempDir::new().unwrap();
    succeeds(data.path(), &["write", "file", "content"]);
    let before = files(data.path());
    let ran = run(&SEALED_PROGRAM, data.path(), "--read-only-dir", &["read", "file"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "content"), "{ran:?}");
    let ran = run(&SEALED_PROGRAM, data.path(), "--read-only-dir", &["write", "file", "other"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(files(data.path()), before);
}

#[test]
fn a_directory_with_other_files_is_refused() {
    let data = TempDir::new().unwrap();
    fs::write(data.path().join("notes.txt"), "somebody's").unwrap();
    let ran = run(&SEALED_PROGRAM, data.path(), "--dir", &["tree"]);
    assert_eq!(ran.code, Some(110), "{ran:?}");
    assert!(ran.stderr.contains("empty directory"), "{}", ran.stderr);
    assert_eq!(files(data.path()).len(), 1);
}

#[test]
fn whatever_it_changes_is_never_taken_for_data() {
    let data = TempDir::new().unwrap();
    succeeds(data.path(), &["append", "log", "300"]);
    let older = files(data.path());
    succeeds(data.path(), &["append", "log", "700"]);
    let good = files(data.path());
    let mut spoilt: Vec<(String, Files)> = Vec::new();
    let names: Vec<&String> = good.keys().collect();
    for (index, name) in names.iter().enumerate() {
        let bytes = &good[*name];
        let mut with = |what: String, changed: Option<Vec<u8>>| {
            let mut files = good.clone();
            files.remove(*name);
            files.extend(changed.map(|bytes| ((*name).clone(), bytes)));
            spoilt.push((format!("{what} {index}"), files));
        };
        for position in [0, bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(position) {
                *byte ^= 1;
            }
            with(format!("a bit at {position} of"), Some(flipped));
        }
        with("half of".to_owned(), Some(bytes[..bytes.len() / 2].to_vec()));
        with("without".to_owned(), None);
        with("nothing in".to_owned(), Some(Vec::new()));
        with("more than".to_owned(), Some([&bytes[..], &[0; 4096]].concat()));
        if let Some(old) = older.get(*name) {
            with("the older".to_owned(), Some(old.clone()));
        }
        let other = &good[names[(index + 1) % names.len()]];
        with("another's content in".to_owned(), Some(other.clone()));
        if bytes.len() >= 3 * 4096 {
            let mut swapped = bytes.clone();
            let (one, two) = swapped.split_at_mut(8192);
            one[4096..].swap_with_slice(&mut two[..4096]);
            with("two blocks swapped in".to_owned(), Some(swapped));
        }
    }
    for (what, files) in spoilt {
        put_back(data.path(), &files);
        let ran = run(&SEALED_PROGRAM, data.path(), "--dir", &["check", "log"]);
        match ran.code {
            // A change of blocks that are not used any more has no effect, for example of those that were replaced
            // since.
            Some(0) => assert_eq!(ran.stdout, "1000 lines\n", "{what}: {ran:?}"),
            Some(1) => assert!(ran.stderr.contains("was changed"), "{what}: {ran:?}"),
            Some(110) => {}
            other => panic!("{what}: {other:?}: {ran:?}"),
        }
    }
    put_back(data.path(), &good);
    assert_eq!(succeeds(data.path(), &["check", "log"]), "1000 lines\n");
}
