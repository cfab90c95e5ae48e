//! Sealed directories and `wasmstone seal`, without a guest that writes.

use crate::support::{HELLO, NOTHING, Sandbox};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

const NONCE: &str = "00112233445566778899aabbccddeeff";
const SEALED: &str = "[[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";

/// `app.wsb`, with the sealed directory /data of the owner "me" and an empty directory `data`.
fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["seal", "key", "me"]).succeeds();
    sandbox.write("wasmstone.toml", format!("seal-owner = \"me\"\n{SEALED}"));
    sandbox.bundle(HELLO);
    fs::create_dir(sandbox.path("data")).unwrap();
    sandbox
}

/// `report`, over [`NONCE`], and `pins.toml`.
fn report(sandbox: &Sandbox) {
    sandbox.wasmstone(["measure", "app.wsb", "--pins", "pins.toml"]).succeeds();
    sandbox.wasmstone(["attest", "report", "app.wsb", "--nonce", NONCE, "-o", "report"]).succeeds();
}

const PROVISION: [&str; 9] =
    ["seal", "provision", "--report", "report", "--pins", "pins.toml", "--nonce", NONCE, "--insecure-allow-simulator"];
const WRAP: [&str; 6] = ["--owner", "me", "--transfer-key", "transfer.key", "-o", "wrapped"];

#[test]
fn keys_are_those_of_openssl() {
    let sandbox = Sandbox::new();
    let id = sandbox.wasmstone(["seal", "key", "me"]).succeeds().stdout;
    let file = sandbox.home().join("seal/me.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let pem = sandbox.wasmstone(["seal", "public", "me"]).succeeds().stdout;
    let secret = file.to_str().unwrap();
    assert_eq!(sandbox.shell(&format!("openssl pkey -in '{secret}' -pubout")).succeeds().stdout, pem);
    let json = sandbox.wasmstone(["seal", "public", "me", "--json"]).succeeds().json();
    assert_eq!((&json["seal_owner"], &json["public_key"]), (&id.trim_end().into(), &pem.as_str().into()));
    sandbox.write("me.pub.pem", &pem);
    assert_eq!(sandbox.wasmstone(["seal", "public", "me.pub.pem"]).succeeds().stdout, pem);

    sandbox.wasmstone(["seal", "key", "me"]).fails(109, &["already"]);
    sandbox.wasmstone(["seal", "key", "../me"]).fails(109, &["is not a name"]);
    sandbox.wasmstone(["seal", "public", "nobody"]).fails(109, &["seal key nobody"]);
    // Signing keys are separate.
    sandbox.wasmstone(["key", "new", "signer"]).succeeds();
    sandbox.wasmstone(["seal", "public", "signer"]).fails(109, &["no seal key \"signer\""]);
    sandbox.write("signer.pem", sandbox.wasmstone(["key", "show", "signer"]).stdout);
    sandbox.wasmstone(["seal", "public", "signer.pem"]).fails(109, &["not an X25519 public key"]);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    sandbox.wasmstone(["seal", "public", "me"]).fails(109, &["chmod 600"]);
}

#[test]
fn sealing_is_said_before_it_hurts() {
    let sandbox = sealed();
    let owner = sandbox.wasmstone(["seal", "public", "me", "--json"]).json()["seal_owner"].clone();
    let ran = sandbox.wasmstone(["build", "app.wasm"]).succeeds();
    for words in ["/data (read-write, sealed)", "exactly this measurement", "seal export", owner.as_str().unwrap()] {
        assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
    }
    let inspected = sandbox.wasmstone(["inspect", "app.wsb"]).succeeds().stdout;
    assert!(inspected.contains("sealed)") && inspected.contains(owner.as_str().unwrap()), "{inspected}");
    let policy = &sandbox.wasmstone(["inspect", "app.wsb", "--json"]).json()["programs"][0]["policy"];
    assert_eq!((&policy["seal_owner"], &policy["directories"][0]["sealed"]), (&owner, &true.into()));

    sandbox.write("wasmstone.toml", SEALED);
    let ran = sandbox.wasmstone(["build", "app.wasm", "--targets", "pulley64,x86_64"]).succeeds();
    for words in ["none, so sealed data cannot be moved", "seal key NAME", "has its own measurement"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in {}", ran.stderr);
    }
    sandbox.write("wasmstone.toml", "");
    let ran = sandbox.wasmstone(["build", "app.wasm"]).succeeds();
    assert!(!ran.stderr.contains("seal"), "{}", ran.stderr);
}

#[test]
fn the_owner_can_be_a_file_beside_the_project_file() {
    let (sandbox, owner) = (Sandbox::new(), Sandbox::new());
    owner.wasmstone(["seal", "key", "me"]).succeeds();
    let id = owner.wasmstone(["seal", "public", "me", "--json"]).json()["seal_owner"].clone();
    sandbox.wasm("app/app.wasm", NOTHING);
    sandbox.write("app/owner.pem", owner.wasmstone(["seal", "public", "me"]).stdout);
    sandbox.write("app/wasmstone.toml", format!("seal-owner = \"owner.pem\"\n{SEALED}"));
    sandbox.wasmstone(["build", "app/app.wasm", "-q"]).succeeds();
    let policy = &sandbox.wasmstone(["inspect", "app.wsb", "--json"]).json()["programs"][0]["policy"];
    assert_eq!(policy["seal_owner"], id);

    fs::copy(owner.home().join("seal/me.pem"), sandbox.path("app/owner.pem")).unwrap();
    sandbox.wasmstone(["build", "app/app.wasm", "-q"]).fails(109, &["SECRET"]);
    sandbox.write("app/wasmstone.toml", format!("seal-owner = \"nobody\"\n{SEALED}"));
    sandbox.wasmstone(["build", "app/app.wasm", "-q"]).fails(109, &["seal key nobody"]);
    sandbox.write("app/wasmstone.toml", "seal-owner = \"me\"\n");
    sandbox.wasmstone(["build", "app/app.wasm", "-q"]).fails(109, &["sealed = true"]);
}

#[test]
fn a_transfer_key_is_wrapped_for_an_enclave_that_is_verified() {
    let sandbox = sealed();
    report(&sandbox);
    let refused = sandbox.wasmstone([&PROVISION[..8], &WRAP].concat());
    refused.fails(200, &["--insecure-allow-simulator"]);
    let stale = [&PROVISION[..7], &["1111111111111111", PROVISION[8]], &WRAP].concat();
    sandbox.wasmstone(stale).fails(200, &["it is old"]);
    let other = [&PROVISION[..], &["--owner", "you"], &WRAP[2..]].concat();
    sandbox.wasmstone(other).fails(109, &["seal key you"]);
    assert!(!sandbox.path("transfer.key").exists() && !sandbox.path("wrapped").exists());

    let provision = || sandbox.wasmstone([&PROVISION[..], &WRAP].concat());
    assert!(provision().succeeds().stderr.contains("created the transfer key transfer.key"));
    let (key, wrapped) = (sandbox.read("transfer.key"), sandbox.read("wrapped"));
    assert_eq!((key.len(), wrapped.len()), (32, 72));
    assert_eq!(fs::metadata(sandbox.path("transfer.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!wrapped.windows(32).any(|window| window == key));
    assert!(!provision().succeeds().stderr.contains("created the transfer key"));
    assert_eq!(sandbox.read("transfer.key"), key);
    assert_ne!(sandbox.read("wrapped"), wrapped, "another nonce each time");

    fs::set_permissions(sandbox.path("transfer.key"), Permissions::from_mode(0o644)).unwrap();
    assert!(provision().succeeds().stderr.contains("chmod 600 transfer.key"));
    sandbox.write("transfer.key", [0; 31]);
    provision().fails(109, &["not a transfer key, since it does not have 32 bytes"]);
}

#[test]
fn what_cannot_be_moved_is_said() {
    let sandbox = sealed();
    report(&sandbox);
    sandbox.wasmstone([&PROVISION[..], &WRAP].concat()).succeeds();
    let export = |dir: &str, key: &str| {
        sandbox.wasmstone(["seal", "export", "app.wsb", "--to", "copy", "--dir", dir, "--transfer-key", key])
    };
    export("data::/data", "transfer.key").fails(109, &["the transfer key itself", "seal provision"]);
    export("data::/data", "report").fails(109, &["not a wrapped transfer key"]);
    export("data::/data", "nowhere").fails(1, &["nowhere"]);
    export("data::/other", "wrapped").fails(109, &["/other is not a sealed directory", "one of /data"]);
    export("nowhere::/data", "wrapped").fails(109, &["nowhere"]);
    // The report of another enclave.
    let mut forged = sandbox.read("wrapped");
    forged[30] ^= 1;
    sandbox.write("forged", forged);
    export("data::/data", "forged").fails(110, &["was not wrapped for this enclave"]);
    let import =
        ["seal", "import", "app.wsb", "--from", "nowhere", "--dir", "data::/data", "--transfer-key", "wrapped"];
    sandbox.wasmstone(import).fails(109, &["cannot use the directory nowhere"]);

    sandbox.write("wasmstone.toml", SEALED);
    sandbox.bundle(NOTHING);
    export("data::/data", "wrapped").fails(109, &["names no seal-owner"]);
    fs::remove_file(sandbox.path("wasmstone.toml")).unwrap();
    sandbox.bundle(NOTHING);
    export("data::/data", "wrapped").fails(109, &["no sealed directories"]);
}

#[test]
fn a_sealed_directory_is_for_one_enclave_at_a_time() {
    let sandbox = sealed();
    let held = File::open(sandbox.path("data")).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    sandbox.wasmstone(["run", "app.wsb", "--dir", "data::/data"]).fails(201, &["another enclave", "/data"]);
    drop(held);
    sandbox.wasmstone(["run", "app.wsb", "--dir", "data::/data"]).succeeds();
    // Several enclaves can use a plain directory at once.
    fs::remove_file(sandbox.path("wasmstone.toml")).unwrap();
    sandbox.bundle(HELLO);
    let held = File::open(sandbox.path("data")).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    sandbox.wasmstone(["run", "app.wsb", "--dir", "data::/plain"]).succeeds();
}

#[test]
fn states_must_make_sense() {
    let sandbox = sealed();
    let state = format!("1-{}", "0".repeat(64));
    let run = |options: &[&str]| sandbox.wasmstone([&["run", "app.wsb", "--dir", "data::/data"], options].concat());
    for bad in ["/data", "/data=1", "/data=1-00", &format!("/data={}", "0".repeat(64))] {
        run(&["--fresh", bad]).fails(2, &["64 hexadecimal digits"]);
    }
    run(&["--fresh", &format!("/other={state}")]).fails(109, &["/other", "not a granted sealed directory"]);
    sandbox.write("states", "/data 1\n");
    run(&["--freshness", "states"]).fails(109, &["states", "line 1"]);
    run(&["--freshness", "data"]).fails(1, &["cannot read data"]);
    run(&["--fresh", &format!("/data={state}")]).fails(110, &["the one that was pinned"]);
}

#[test]
fn states_are_kept_in_a_file() {
    let sandbox = sealed();
    let other = format!("/other 7-{}\n", "ab".repeat(32));
    let run = |options: &[&str]| sandbox.wasmstone([&["run", "app.wsb", "--dir", "data::/data"], options].concat());
    let first = run(&["--freshness", "states"]).succeeds();
    assert!(first.stderr.contains("states does not exist yet"), "{first:?}");
    let states = String::from_utf8(sandbox.read("states")).unwrap();
    assert!(states.starts_with("/data ") && states.ends_with('\n'), "{states}");
    let state = states.trim_end().rsplit_once(' ').unwrap().1;
    run(&["--fresh", &format!("/data={state}")]).succeeds();
    let shown = run(&["--freshness", "-"]).succeeds();
    assert!(shown.stderr.lines().any(|line| line.starts_with("/data ")), "{shown:?}");
    // Lines of other directories stay.
    sandbox.write(
        "states",
        format!(
            "{}{other}",
            sandbox
                .shell("\"$WASMSTONE\" run app.wsb --dir data::/data --freshness - 2>&1 >/dev/null | grep ^/data")
                .stdout
        ),
    );
    run(&["--freshness", "states"]).succeeds();
    assert!(String::from_utf8(sandbox.read("states")).unwrap().ends_with(&other));

    // An older copy of the directory, which the owner of the disk can bring back.
    sandbox.write("states", format!("/data 1-{}\n", "0".repeat(64)));
    run(&["--freshness", "states"]).fails(110, &["the one that was pinned", "the lines of states"]);
}

#[test]
fn a_directory_with_plain_files_is_not_sealed_over() {
    let sandbox = sealed();
    sandbox.write("data/notes.txt", "plain");
    sandbox.wasmstone(["run", "app.wsb", "--dir", "data::/data"]).fails(110, &["/data", "not a sealed directory"]);
    assert_eq!(sandbox.read("data/notes.txt"), b"plain");
}
