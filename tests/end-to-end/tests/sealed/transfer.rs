//! Moving sealed data to another release, as the owner does it. Also: what programs find in a sealed directory that
//! is granted for reading only.

use crate::conformance::same_as_outside;
use crate::project::{SEALED, sealed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_guest_list::{CASES, Data, SEED, Targets, big};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, command};

const NONCE: &str = "0011223344556677";

/// A project file whose owner may move the sealed data.
static OWNED: LazyLock<String> = LazyLock::new(|| {
    assert!(command().args(["seal", "key", "owner"]).output_in_time().status.success());
    format!("seal-owner = \"owner\"\n{SEALED}[[directory]]\nguest = \"/source\"\naccess = \"read-only\"\n")
});

fn owned(program: &str, target: &str, max_memory: &str) -> Bundled {
    sealed(program, target, &OWNED, &["--max-memory", max_memory])
}

/// A place for transfers: the transfer key, wrapped keys, and the exported copy.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The transfer key, wrapped for the enclave of a bundle on this machine.
    fn provision(&self, bundled: &Bundled) -> PathBuf {
        let [report, pins, key, wrapped] = ["report", "pins", "key", "wrapped"].map(|name| self.path(name));
        let attest = ["attest", "report", "--backend", "sim", "--nonce", NONCE];
        succeeds(command().args(attest).arg("-o").arg(&report).arg(bundled.path()).output_in_time());
        succeeds(command().args(["measure", "--replace", "--pins"]).arg(&pins).arg(bundled.path()).output_in_time());
        let mut provision = command();
        provision.args(["seal", "provision", "--owner", "owner", "--insecure-allow-simulator", "--nonce", NONCE]);
        provision.arg("--report").arg(&report).arg("--pins").arg(&pins).arg("--transfer-key").arg(&key);
        succeeds(provision.arg("-o").arg(&wrapped).output_in_time());
        wrapped
    }

    fn moved(&self, verb: &str, bundled: &Bundled, data: &Path, wrapped: &Path) -> Output {
        let mut seal = command();
        seal.args(["seal", verb, "--backend", "sim"]).arg(bundled.path());
        seal.arg("--dir").arg(format!("{}::/data", data.display())).arg("--transfer-key").arg(wrapped);
        seal.arg(if verb == "export" { "--to" } else { "--from" }).arg(self.path("exported"));
        seal.output_in_time()
    }

    /// Moves everything from one bundle's directory to another bundle's new directory.
    fn transfer(&self, from: (&Bundled, &Path), to: &Bundled) -> TempDir {
        succeeds(self.moved("export", from.0, from.1, &self.provision(from.0)));
        let data = TempDir::new().unwrap();
        succeeds(self.moved("import", to, data.path(), &self.provision(to)));
        data
    }
}

#[track_caller]
fn succeeds(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(output: &Output, code: i32, words: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(words), "{words:?} is not in {stderr}");
}

fn run(bundled: &Bundled, data: &Path, arguments: &[&str]) -> String {
    let grant = format!("{}::/data", data.display());
    succeeds(Enclave::new(bundled).option("--dir", &grant).command(arguments).output_in_time())
}

#[test]
fn what_is_exported_is_imported_by_another_release() {
    let (old, new) = (owned("sealed", "wasm32-wasip2", "8M"), owned("sealed", "wasm32-wasip2", "16M"));
    let data = TempDir::new().unwrap();
    run(&old, data.path(), &["append", "log", "2000"]);
    run(&old, data.path(), &["write", "note", "for the next release"]);
    let tree = run(&old, data.path(), &["tree"]);
    let desk = Desk::new();
    let moved = desk.transfer((&old, data.path()), &new);
    for file in fs::read_dir(desk.path("exported")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"for the "));
    }
    assert_eq!(run(&new, moved.path(), &["tree"]), tree);
    assert_eq!(run(&new, moved.path(), &["check", "log"]), "2000 lines\n");
    assert_eq!(run(&old, data.path(), &["tree"]), tree, "the old one is still there");
}

#[test]
fn nothing_is_moved_without_the_owner() {
    let (old, new) = (owned("sealed", "wasm32-wasip2", "8M"), owned("sealed", "wasm32-wasip2", "16M"));
    let data = TempDir::new().unwrap();
    run(&old, data.path(), &["write", "note", "stays"]);
    let desk = Desk::new();
    // The key was wrapped for another enclave.
    let wrapped = desk.provision(&new);
    refused(&desk.moved("export", &old, data.path(), &wrapped), 110, "was not wrapped for this enclave");
    let mut spoilt = fs::read(desk.provision(&old)).unwrap();
    spoilt[40] ^= 1;
    fs::write(&wrapped, spoilt).unwrap();
    refused(&desk.moved("export", &old, data.path(), &wrapped), 110, "was not wrapped for this enclave");
    assert_eq!(fs::read_dir(desk.path("exported")).unwrap().count(), 0);
    let nobodys = sealed("sealed", "wasm32-wasip2", SEALED, &[]);
    refused(&desk.moved("export", &nobodys, data.path(), &wrapped), 109, "seal-owner");
}

#[test]
fn nothing_is_overwritten() {
    let bundled = owned("sealed", "wasm32-wasip2", "8M");
    let data = TempDir::new().unwrap();
    run(&bundled, data.path(), &["write", "note", "first"]);
    let desk = Desk::new();
    let wrapped = desk.provision(&bundled);
    succeeds(desk.moved("export", &bundled, data.path(), &wrapped));
    refused(&desk.moved("import", &bundled, data.path(), &wrapped), 110, "empty");
    refused(&desk.moved("export", &bundled, data.path(), &wrapped), 110, "empty");
    run(&bundled, data.path(), &["write", "note", "second"]);
    assert_eq!(run(&bundled, data.path(), &["read", "note"]), "second");
}

#[test]
fn a_directory_for_reading_is_as_outside() {
    let source = TempDir::new().unwrap();
    fs::write(source.path().join("seed"), SEED).unwrap();
    fs::write(source.path().join("big"), big()).unwrap();
    let filler = owned("sealed", "wasm32-wasip2", "8M");
    let data = TempDir::new().unwrap();
    for name in ["seed", "big"] {
        let (sealed, plain) =
            (format!("{}::/data", data.path().display()), format!("{}::/source", source.path().display()));
        let mut enclave = Enclave::new(&filler);
        enclave.option("--dir", &sealed).option("--read-only-dir", &plain);
        succeeds(enclave.command(&["copy", &format!("/source/{name}"), name]).output_in_time());
    }
    for case in CASES.iter().filter(|case| case.data == Data::ReadOnly) {
        let targets: &[&str] =
            if case.targets == Targets::Both { &["wasm32-wasip1", "wasm32-wasip2"] } else { &["wasm32-wasip2"] };
        for target in targets {
            let bundled = owned(case.program, target, "8M");
            let moved = Desk::new().transfer((&filler, data.path()), &bundled);
            same_as_outside(case, &bundled, Some((moved.path(), source.path())));
        }
    }
}
