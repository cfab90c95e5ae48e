//! Sealed data on their way from one release of a program to the next, with the real command on the simulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{command, guest};

const NONCE: &str = "00112233445566778899aabbccddeeff";

/// A machine that runs two releases of the test program `sealed`, and the owner of its data.
struct Machine(TempDir);

impl Machine {
    fn new(owner: &str) -> Self {
        let machine = Self(TempDir::new().unwrap());
        // Another test of this process may have made it.
        let _ = command().args(["seal", "key", owner]).output_in_time();
        let policy = "[[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";
        fs::write(machine.path("policy.toml"), format!("arguments = \"any\"\nseal-owner = \"{owner}\"\n{policy}"))
            .unwrap();
        for (release, memory) in [("old", "32M"), ("new", "33M")] {
            let mut build = command();
            build.arg("build").arg(guest("sealed", "wasm32-wasip2")).arg("-o").arg(machine.path(release));
            succeeds(build.arg("--config").arg(machine.path("policy.toml")).args(["--max-memory", memory, "-q"]));
            for directory in [release.to_owned() + ".data", release.to_owned() + ".other"] {
                fs::create_dir(machine.path(&directory)).unwrap();
            }
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = command();
        command.current_dir(self.0.path()).args(arguments.split_whitespace());
        command
    }

    /// Runs a release with its directory.
    fn run(&self, release: &str, options: &str, arguments: &str) -> Output {
        let line = format!("run {release} --dir {release}.data::/data --timeout 100s {options} -- {arguments}");
        self.command(&line).output_in_time()
    }

    /// The owner wraps the transfer key for a release.
    fn provision(&self, release: &str, owner: &str) {
        for line in [
            format!("attest report {release} --nonce {NONCE} -o {release}.report"),
            format!("measure {release} --pins {release}.toml --replace"),
            format!(
                "seal provision --report {release}.report --nonce {NONCE} --pins {release}.toml --insecure-allow-simulator \
                 --owner {owner} --transfer-key transfer.key -o {release}.wrapped"
            ),
        ] {
            succeeds(&mut self.command(&line));
        }
    }

    fn export(&self, release: &str, wrapped: &str) -> Output {
        let line =
            format!("seal export {release} --dir {release}.data::/data --to copy --transfer-key {wrapped}.wrapped");
        self.command(&line).output_in_time()
    }

    fn import(&self, release: &str, wrapped: &str) -> Output {
        let line =
            format!("seal import {release} --dir {release}.data::/data --from copy --transfer-key {wrapped}.wrapped");
        self.command(&line).output_in_time()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    ended(&command.output_in_time(), 0)
}

#[track_caller]
fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn refuses(output: &Output, words: &[&str]) {
    ended(output, 110);
    let stderr = text(&output.stderr);
    assert!(words.iter().all(|word| stderr.contains(word)), "{words:?} are not in {stderr}");
}

/// Whether any file in the directory holds the bytes.
fn holds(directory: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let content = fs::read(&path).unwrap();
        path.to_string_lossy().contains("secret") || content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn data_are_moved_to_the_next_release() {
    let machine = Machine::new("owner");
    ended(&machine.run("old", "", "write secret.txt what-nobody-else-reads"), 0);
    ended(&machine.run("old", "", "append lines 1000"), 0);
    let tree = ended(&machine.run("old", "", "tree"), 0);
    assert_eq!(ended(&machine.run("old", "", "read secret.txt"), 0).trim_end(), "what-nobody-else-reads");

    // The next release has no key for that directory.
    fs::rename(machine.path("new.data"), machine.path("aside")).unwrap();
    fs::rename(machine.path("old.data"), machine.path("new.data")).unwrap();
    refuses(&machine.run("new", "", "tree"), &["sealed by another program", "seal export"]);
    fs::rename(machine.path("new.data"), machine.path("old.data")).unwrap();
    fs::rename(machine.path("aside"), machine.path("new.data")).unwrap();

    machine.provision("old", "owner");
    machine.provision("new", "owner");
    refuses(&machine.export("old", "new"), &["was not wrapped for this enclave"]);
    ended(&machine.export("old", "old"), 0);
    // An existing copy is not overwritten.
    assert_ne!(machine.export("old", "old").status.code(), Some(0));
    refuses(&machine.import("new", "old"), &["was not wrapped for this enclave"]);
    ended(&machine.import("new", "new"), 0);
    assert_ne!(machine.import("new", "new").status.code(), Some(0));

    for directory in ["old.data", "copy", "new.data"] {
        assert!(!holds(&machine.path(directory), b"what-nobody-else-reads"), "{directory}");
    }
    assert_eq!(ended(&machine.run("new", "", "tree"), 0), tree);
    assert_eq!(ended(&machine.run("new", "", "read secret.txt"), 0).trim_end(), "what-nobody-else-reads");
    assert_eq!(ended(&machine.run("new", "", "check lines"), 0), "1000 lines\n");
    ended(&machine.run("new", "", "append lines 10"), 0);
    assert_eq!(ended(&machine.run("new", "", "check lines"), 0), "1010 lines\n");
    // And the old release still has its own data.
    assert_eq!(ended(&machine.run("old", "", "check lines"), 0), "1000 lines\n");
}

#[test]
fn somebody_else_s_key_moves_nothing() {
    let machine = Machine::new("owner-of-this");
    ended(&machine.run("old", "", "write file content"), 0);
    succeeds(&mut machine.command("seal key somebody-else"));
    machine.provision("old", "somebody-else");
    refuses(&machine.export("old", "old"), &["was not wrapped for this enclave"]);
    assert_eq!(ended(&machine.run("old", "", "read file"), 0).trim_end(), "content");
}

#[test]
fn an_older_copy_is_noticed() {
    let machine = Machine::new("owner-of-states");
    let states = "--freshness states";
    ended(&machine.run("old", states, "append lines 60"), 0);
    let copied = Command::new("cp").arg("-a").arg(machine.path("old.data")).arg(machine.path("older")).status_in_time();
    assert!(copied.success());
    ended(&machine.run("old", states, "append lines 60"), 0);
    assert_eq!(ended(&machine.run("old", states, "check lines"), 0), "120 lines\n");

    fs::rename(machine.path("old.data"), machine.path("newer")).unwrap();
    fs::rename(machine.path("older"), machine.path("old.data")).unwrap();
    refuses(&machine.run("old", states, "check lines"), &["not the one that was pinned", "the lines of states"]);
    // Without the file, the state is not known.
    assert_eq!(ended(&machine.run("old", "", "check lines"), 0), "60 lines\n");
    fs::remove_dir_all(machine.path("old.data")).unwrap();
    fs::rename(machine.path("newer"), machine.path("old.data")).unwrap();
    assert_eq!(ended(&machine.run("old", states, "check lines"), 0), "120 lines\n");

    // Moving keeps the file up to date.
    machine.provision("old", "owner-of-states");
    machine.provision("new", "owner-of-states");
    let export = format!("seal export old --dir old.data::/data --to copy --transfer-key old.wrapped {states}");
    succeeds(&mut machine.command(&export));
    assert_eq!(ended(&machine.run("old", states, "check lines"), 0), "120 lines\n");
    let import = format!("seal import new --dir new.data::/data --from copy --transfer-key new.wrapped {states}");
    succeeds(&mut machine.command(&import));
    assert_eq!(ended(&machine.run("new", states, "check lines"), 0), "120 lines\n");
}

#[test]
fn an_enclave_that_is_stopped_leaves_its_state_unknown() {
    let machine = Machine::new("owner-of-nothing");
    ended(&machine.run("old", "--freshness states", "append lines 60"), 0);
    let before = fs::read(machine.path("states")).unwrap();
    let line = "run old --dir old.data::/data --freshness states --timeout 500ms -- append lines 100000000";
    let output = machine.command(line).output_in_time();
    ended(&output, 107);
    assert!(text(&output.stderr).contains("ended before it reported the state of /data"), "{}", text(&output.stderr));
    assert_eq!(fs::read(machine.path("states")).unwrap(), before);
}
