//! The test programs of `guests/`, each run in a simulated enclave and, from the same precompiled
//! bytes, under Wasmtime and `wasmtime-wasi` outside: exit code, standard output, standard error and
//! the files left behind must be the same.

mod run;

use run::{Bundled, Enclave, build, guest};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use wasmstone_peer::{Dir, End, Input, RunConfig};

#[allow(dead_code, reason = "the programs of the build script use other parts")]
mod list {
    include!("../../guests/list.rs");
    pub(crate) use guests;
}
use list::{Case, Data, Exit, SEED, big};

/// A granted directory in another one that holds a file which nobody was granted.
fn granted(case: &Case) -> TempDir {
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

/// Every path below a directory, with what is there.
fn tree(directory: &Path) -> Vec<(String, String)> {
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

struct Seen {
    code: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tree: Vec<(String, String)>,
}

fn inside(case: &Case, bundled: &Bundled) -> Seen {
    let outer = granted(case);
    let mut enclave = Enclave::new(bundled);
    if case.data != Data::None {
        let option = if case.data == Data::ReadOnly { "--read-only-dir" } else { "--dir" };
        enclave.option(option, &format!("{}::/data", outer.path().join("data").display()));
    }
    for (name, value) in case.env {
        enclave.option("--env", &format!("{name}={value}"));
    }
    let mut command = enclave.command(case.args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    if case.closed_stdout {
        drop(child.stdout.take());
    }
    // A guest that does not read its input closes it, which is no fault.
    let _ = child.stdin.take().unwrap().write_all(case.stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Seen {
        code: output.status.code().expect("an exit code"),
        stdout: output.stdout,
        stderr: output.stderr,
        tree: tree(outer.path()),
    }
}

fn outside(case: &Case, bundled: &Bundled) -> Seen {
    let outer = granted(case);
    let data =
        Dir { host: outer.path().join("data"), guest: "/data".to_owned(), readonly: case.data == Data::ReadOnly };
    let mut args = vec![format!("{}.wasm", case.program)];
    args.extend(case.args.iter().map(|arg| (*arg).to_owned()));
    let config = RunConfig {
        args,
        env: case.env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        dirs: if case.data == Data::None { Vec::new() } else { vec![data] },
        stdin: Input::Bytes(case.stdin.into()),
        max_memory: (case.max_memory > 0).then_some(case.max_memory as usize),
        ..RunConfig::default()
    };
    let outcome = bundled.run_outside(config);
    Seen {
        code: outcome.end.code(),
        stdout: outcome.stdout,
        stderr: match outcome.end {
            End::Exited(_) => outcome.stderr,
            // What the engine says of a trap is compared by its code.
            End::Trapped(_) => Vec::new(),
        },
        tree: tree(outer.path()),
    }
}

fn check(name: &str, target: &str) {
    let case = list::CASES.iter().find(|case| case.name == name).unwrap();
    let mut flags = Vec::new();
    let cap = case.max_memory.to_string();
    if case.max_memory > 0 {
        flags.extend(["--max-memory", &cap]);
    }
    let bundled = build(&guest(case.program, target), &flags);
    let inside = inside(case, &bundled);
    let code = match case.exit {
        Exit::Code(code) => code,
        Exit::Trap => 134,
    };
    assert_eq!(inside.code, code, "exit code; {}{}", text(&inside.stdout), text(&inside.stderr));
    if case.witness {
        let outside = outside(case, &bundled);
        assert_eq!(inside.code, outside.code, "exit code outside; {}", text(&outside.stderr));
        assert!(inside.stdout == outside.stdout, "output {:?} and {:?}", text(&inside.stdout), text(&outside.stdout));
        if case.exit != Exit::Trap {
            assert_eq!(run::guests_own(&text(&inside.stderr)), text(&outside.stderr), "standard error");
        }
        assert_eq!(inside.tree, outside.tree, "the files left behind");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

macro_rules! tests {
    ($($name:ident: $targets:ident $program:ident { $($field:ident: $value:expr),* $(,)? };)*) => {
        $(tests!(@one $targets $name);)*
    };
    (@one Both $name:ident) => {
        mod $name {
            #[test]
            fn wasip1() {
                super::check(stringify!($name), "wasm32-wasip1");
            }

            #[test]
            fn wasip2() {
                super::check(stringify!($name), "wasm32-wasip2");
            }
        }
    };
    (@one Wasip2 $name:ident) => {
        #[test]
        fn $name() {
            check(stringify!($name), "wasm32-wasip2");
        }
    };
}

list::guests!(tests);
