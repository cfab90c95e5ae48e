//! Programs find the same in a sealed directory as in a plain one under Wasmtime.

use crate::project::{SEALED, sealed};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use wasmstone_guest_list::{CASES, Case, Data, Targets, Witness};
use wasmstone_peer::{Dir, Input, RunConfig};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave};

macro_rules! tests {
    ($($name:ident)*) => {
        /// The cases that are run here.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

tests! {
    files bulk times directories many_files deep_directories long_names links escape sealed_append sealed_nothing
    streams_input streams_output streams_large streams_errors
    fs_files fs_times fs_open fs_paths fs_directories fs_identity
}

#[test]
fn none_is_left_out() {
    let all = CASES.iter().filter(|case| case.data == Data::Empty && case.witness == Witness::Wasmtime);
    assert_eq!(all.map(|case| case.name).collect::<BTreeSet<_>>(), NAMES.iter().copied().collect());
}

/// A program that checks itself finds what it expects.
#[test]
fn fs_slashes() {
    let case = CASES.iter().find(|case| case.name == "fs_slashes").unwrap();
    let bundled = sealed(case.program, "wasm32-wasip2", SEALED, &[]);
    let seen = wasmstone_test_support::case::run(case, |grants| {
        let mut enclave = Enclave::new(&bundled);
        enclave.options(grants);
        enclave.command(case.args)
    });
    assert_eq!(seen.code, case.exit.code(), "{}", String::from_utf8_lossy(&seen.stderr));
}

fn check(name: &str) {
    let case = CASES.iter().find(|case| case.name == name).unwrap();
    let targets: &[&str] = match case.targets {
        Targets::Both => &["wasm32-wasip1", "wasm32-wasip2"],
        Targets::Wasip2 => &["wasm32-wasip2"],
    };
    for target in targets {
        same_as_outside(case, &sealed(case.program, target, SEALED, &[]), None);
    }
}

/// Runs a case in a sealed directory, and outside in a plain one: both are new, unless the case is granted files for
/// reading only.
pub fn same_as_outside(case: &Case, bundled: &Bundled, given: Option<(&Path, &Path)>) {
    let new = [(); 2].map(|()| TempDir::new().unwrap());
    let (option, inner, plain) = match given {
        Some((inner, plain)) => ("--read-only-dir", inner, plain),
        None => ("--dir", new[0].path(), new[1].path()),
    };
    let mut enclave = Enclave::new(bundled);
    enclave.option(option, &format!("{}::/data", inner.display()));
    for (name, value) in case.env {
        enclave.option("--env", &format!("{name}={value}"));
    }
    let mut command = enclave.command(case.args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut host = command.spawn_in_time();
    // A guest that does not read its input closes it, which is not an error.
    let _ = host.stdin.take().unwrap().write_all(case.stdin.as_bytes());
    let inside = host.wait_with_output().unwrap();

    let mut args = vec![format!("{}.wasm", case.program)];
    args.extend(case.args.iter().map(|arg| (*arg).to_owned()));
    let outside = bundled.run_outside(RunConfig {
        args,
        env: case.env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        dirs: vec![Dir { host: plain.to_owned(), guest: "/data".to_owned(), readonly: given.is_some() }],
        stdin: Input::Bytes(case.stdin.into()),
        ..RunConfig::default()
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(&inside.stdout), text(&outside.stdout), "{}; {}", case.name, text(&inside.stderr));
    assert_eq!(wasmstone_test_support::guests_own(&text(&inside.stderr)), text(&outside.stderr), "{}", case.name);
    assert_eq!((inside.status.code(), outside.end.code()), (Some(case.exit.code()), case.exit.code()), "{}", case.name);
}
