//! Runs the cases of `wasmstone_guest_list`, in any place.

use crate::processes::InTime;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use wasmstone_guest_list::{Case, Data, SEED, big};

/// The result of a run, seen from outside.
pub struct Seen {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The files left behind, see [`tree`].
    pub tree: Vec<(String, String)>,
}

/// A granted directory in another directory. The latter holds a file that is not granted.
pub fn granted(case: &Case) -> TempDir {
    let outer = TempDir::new().unwrap();
    fs::write(outer.path().join("secret"), "not for the guest").unwrap();
    let data = outer.path().join("data");
    fs::create_dir(&data).unwrap();
    if case.data == Data::ReadOnly {
        fs::write(data.join("seed"), SEED).unwrap();
        fs::write(data.join("big"), big()).unwrap();
    }
    outer
}

/// Every path below a directory, with its kind and content.
pub fn tree(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_string_lossy().into_owned();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let what = if kind.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else if kind.is_dir() {
                pending.push(path);
                "directory".to_owned()
            } else {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            };
            found.push((name, what));
        }
    }
    found.sort();
    found
}

/// Runs a case. `command` makes the command line from the options that grant what the case needs.
pub fn run(case: &Case, command: impl FnOnce(&[String]) -> Command) -> Seen {
    let outer = granted(case);
    let mut options = Vec::new();
    if case.data != Data::None {
        let option = if case.data == Data::ReadOnly { "--read-only-dir" } else { "--dir" };
        options.extend([option.to_owned(), format!("{}::/data", outer.path().join("data").display())]);
    }
    for (name, value) in case.env {
        options.extend(["--env".to_owned(), format!("{name}={value}")]);
    }
    if case.network {
        options.push("--net".to_owned());
    }
    let mut command = command(&options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn_in_time();
    if case.closed_stdout {
        drop(child.stdout.take());
    }
    // A guest that does not read its input closes it, which is not an error.
    let _ = child.stdin.take().unwrap().write_all(case.stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Seen {
        code: output.status.code().expect("an exit code"),
        stdout: output.stdout,
        stderr: output.stderr,
        tree: tree(outer.path()),
    }
}
