//! Well-known programs from crates.io, unmodified, in a simulated enclave on real files: their output is compared
//! byte for byte with the output of their native builds.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use wasmstone_guest_list::programs::{PROGRAMS, files};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, guests_own, target_directory};

fn directory_with_files() -> TempDir {
    let directory = TempDir::new().unwrap();
    for (path, content) in files() {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory
}

fn output(command: &mut Command, stdin: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn_in_time();
    // A program that does not read its input closes it, which is not an error.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn native(binary: &Path, directory: &Path, arguments: &[&str], stdin: &str) -> Output {
    output(Command::new(binary).args(arguments).current_dir(directory).env_clear(), stdin)
}

fn inside(bundled: &Bundled, directory: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut enclave = Enclave::new(bundled);
    enclave.option("--read-only-dir", &format!("{}::.", directory.display()));
    output(&mut enclave.command(arguments), stdin)
}

fn check(name: &str) {
    let program = PROGRAMS.iter().find(|program| program.binary == name).unwrap();
    let programs = target_directory().join("programs");
    let binary = programs.join("native/bin").join(program.binary);
    let wasm = programs.join(format!("wasm32-wasip1/bin/{}.wasm", program.binary));
    assert!(binary.exists() && wasm.exists(), "{} is missing: run `cargo xtask test`", program.package);
    let bundled = build(&wasm, &[]);
    let directory = directory_with_files();
    for (arguments, stdin) in program.runs {
        let native = native(&binary, directory.path(), arguments, stdin);
        let inside = inside(&bundled, directory.path(), arguments, stdin);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&inside.stdout), text(&native.stdout), "{name} {arguments:?}: {}", text(&inside.stderr));
        assert!(inside.stdout == native.stdout, "{name} {arguments:?}");
        assert_eq!(guests_own(&text(&inside.stderr)), text(&native.stderr), "{name} {arguments:?}");
        assert_eq!(inside.status.code(), native.status.code(), "{name} {arguments:?}");
    }
}

#[test]
fn jaq() {
    check("jaq");
}

#[test]
fn ripgrep() {
    check("rg");
}

#[test]
fn hexyl() {
    check("hexyl");
}
