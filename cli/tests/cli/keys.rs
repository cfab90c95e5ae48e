//! `wasmstone key`, and keys in files.

use crate::support::{NOTHING, Sandbox};
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use wasmstone_test_support::processes::InTime;

#[test]
fn keys_are_made_listed_and_shown() {
    let sandbox = Sandbox::new();
    let ran = sandbox.wasmstone(["key", "list"]).succeeds();
    assert!(ran.stdout.is_empty() && ran.stderr.contains("wasmstone key new"), "{ran:?}");
    let id = sandbox.wasmstone(["key", "new", "alice"]).succeeds().stdout;
    assert_eq!(id.trim_end().len(), 64);
    let list = sandbox.wasmstone(["key", "list"]).succeeds().stdout;
    assert!(list.starts_with("own") && list.contains("alice") && list.contains(id.trim_end()), "{list}");
    let json = sandbox.wasmstone(["key", "list", "--json"]).succeeds().json();
    assert_eq!(json["keys"][0]["key_id"], id.trim_end());
    let pem = sandbox.wasmstone(["key", "show", "alice"]).succeeds().stdout;
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"), "{pem}");
    assert_eq!(json["keys"][0]["public_key"], pem);
    let json = sandbox.wasmstone(["key", "show", "alice", "--json"]).succeeds().json();
    assert_eq!((&json["name"], &json["key_id"]), (&"alice".into(), &id.trim_end().into()));
    let mode = std::fs::metadata(sandbox.home().join("keys/alice.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn keys_are_never_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["key", "new", "alice"]).succeeds();
    let before = std::fs::read(sandbox.home().join("keys/alice.pem")).unwrap();
    sandbox.wasmstone(["key", "new", "alice"]).fails(109, &["already"]);
    sandbox.write("alice.pem", sandbox.wasmstone(["key", "show", "alice"]).stdout);
    sandbox.wasmstone(["key", "trust", "alice.pem"]).fails(109, &["already"]);
    assert_eq!(std::fs::read(sandbox.home().join("keys/alice.pem")).unwrap(), before);
}

#[test]
fn names_and_files_must_be_usable() {
    let sandbox = Sandbox::new();
    for name in ["", "../x", "a/b", ".x", "a b"] {
        sandbox.wasmstone(["key", "new", name]).fails(109, &["is not a name"]);
    }
    sandbox.wasmstone(["key", "show", "nobody"]).fails(109, &["no key \"nobody\""]);
    sandbox.wasmstone(["key", "trust", "nowhere.pem"]).fails(1, &["cannot read the key nowhere.pem", "No such file"]);
    sandbox.write("junk.pem", b"junk\xff");
    let ran = sandbox.wasmstone(["key", "trust", "junk.pem"]).fails(109, &["BEGIN PUBLIC KEY"]);
    assert_eq!(ran.stderr.matches("preamble").count(), 1, "{}", ran.stderr);
    sandbox.wasmstone(["key", "new", "alice"]).succeeds();
    std::fs::copy(sandbox.home().join("keys/alice.pem"), sandbox.path("secret.pem")).unwrap();
    sandbox.wasmstone(["key", "trust", "secret.pem"]).fails(109, &["SECRET"]);
}

#[test]
fn trusting_takes_its_name_from_the_file() {
    let (alice, bob) = (Sandbox::new(), Sandbox::new());
    alice.wasmstone(["key", "new", "mine"]).succeeds();
    bob.write("alice.pub.pem", alice.wasmstone(["key", "show", "mine"]).stdout);
    bob.wasmstone(["key", "trust", "alice.pub.pem"]).succeeds();
    assert!(bob.wasmstone(["key", "list"]).stdout.contains("trusted alice "));
    bob.wasmstone(["key", "trust", "alice.pub.pem", "--name", "also-alice"]).succeeds();
}

#[test]
fn a_key_that_others_could_read_is_not_used() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    set_permissions(sandbox.home().join("keys/default.pem"), Permissions::from_mode(0o644)).unwrap();
    sandbox.wasmstone(["build", "app.wasm", "-o", "new.wsb"]).fails(109, &["chmod 600"]);
    assert_eq!(sandbox.files(), ["app.wasm", "app.wsb"]);
}

#[test]
fn a_key_that_cannot_be_used_stops_nobody_who_only_checks() {
    let sandbox = Sandbox::new();
    sandbox.bundle(NOTHING);
    sandbox.wasmstone(["key", "new", "other"]).succeeds();
    let other = sandbox.home().join("keys/other.pem");
    let check = |words: &[&str]| {
        for command in ["run", "verify", "inspect"] {
            let ran = sandbox.wasmstone([command, "app.wsb"]).succeeds();
            assert!(ran.stderr.contains("warning: not trusted: "), "{}", ran.stderr);
            assert!(words.iter().all(|word| ran.stderr.contains(word)), "{}", ran.stderr);
        }
    };
    set_permissions(&other, Permissions::from_mode(0o644)).unwrap();
    check(&["other.pem", "chmod 600"]);
    sandbox.wasmstone(["sign", "app.wsb", "--key", "other"]).fails(109, &["chmod 600"]);
    set_permissions(&other, Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&other, "junk").unwrap();
    check(&["other.pem", "not an Ed25519 secret key"]);
    sandbox.wasmstone(["sign", "app.wsb", "--key", "other"]).fails(109, &["other.pem"]);
}

#[test]
fn a_key_that_cannot_be_stored_is_said_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    for command in ["key new alice", "build app.wasm"] {
        // A limit on the size of files replaces a full disk. The signal that comes with it does not end the command.
        let ran = sandbox.shell(&format!("ulimit -f 0; exec \"$WASMSTONE\" {command}"));
        ran.fails(111, &["cannot store a key", "make room", "caused by"]);
    }
    assert_eq!(std::fs::read_dir(sandbox.home().join("keys")).unwrap().count(), 0);
}

#[test]
fn builds_that_make_the_first_key_at_once_all_succeed() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let builds: Vec<_> = (0..6)
        .map(|number| {
            let mut build = sandbox.command(env!("CARGO_BIN_EXE_wasmstone"));
            build.args(["build", "app.wasm", "-q", "-o", &format!("{number}.wsb")]).spawn_in_time()
        })
        .collect();
    for mut build in builds {
        assert!(build.wait().unwrap().success());
    }
    for number in 0..6 {
        sandbox.wasmstone(["verify", &format!("{number}.wsb")]).succeeds();
        assert!(sandbox.read("0.wsb") == sandbox.read(&format!("{number}.wsb")));
    }
}

#[test]
fn a_key_in_a_file_signs() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["key", "new", "alice"]).succeeds();
    std::fs::rename(sandbox.home().join("keys/alice.pem"), sandbox.path("alice.pem")).unwrap();
    sandbox.wasm("app.wasm", NOTHING);
    let ran = sandbox.wasmstone(["build", "app.wasm", "--key", "alice.pem"]).succeeds();
    assert!(ran.stderr.contains("signed by    alice.pem") && !ran.stderr.contains("warning"), "{}", ran.stderr);
    assert!(!sandbox.home().join("keys/default.pem").exists());
    set_permissions(sandbox.path("alice.pem"), Permissions::from_mode(0o644)).unwrap();
    let ran = sandbox.wasmstone(["build", "app.wasm", "--key", "alice.pem"]).succeeds();
    assert!(ran.stderr.contains("warning: others can read the secret key alice.pem"), "{}", ran.stderr);
}

#[test]
fn openssl_keys_sign_and_are_trusted() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let made = sandbox
        .shell("openssl genpkey -algorithm ed25519 -out own.pem && openssl pkey -in own.pem -pubout -out public.pem");
    if made.code == Some(127) {
        eprintln!("skipped: there is no openssl");
        return;
    }
    made.succeeds();
    sandbox.wasmstone(["build", "app.wasm", "--key", "./own.pem"]).succeeds();
    sandbox.wasmstone(["verify", "app.wsb"]).fails(103, &["not trusted"]);
    sandbox.wasmstone(["key", "trust", "public.pem"]).succeeds();
    sandbox.wasmstone(["verify", "app.wsb"]).succeeds();
}

#[test]
fn without_a_home_it_is_said_how_to_get_one() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let ran = sandbox.shell("unset WASMSTONE_HOME; exec \"$WASMSTONE\" build app.wasm");
    ran.fails(109, &["WASMSTONE_HOME"]);
    sandbox.wasmstone(["key", "new", "alice"]).succeeds();
    sandbox.write("public.pem", sandbox.wasmstone(["key", "show", "alice"]).succeeds().stdout);
    std::fs::rename(sandbox.home().join("keys/alice.pem"), sandbox.path("alice.pem")).unwrap();
    std::fs::remove_dir_all(sandbox.home()).unwrap();
    // Commands that do not need the directory work without it.
    let without = |arguments: &str| sandbox.shell(&format!("unset WASMSTONE_HOME; exec \"$WASMSTONE\" {arguments}"));
    without("build app.wasm --key alice.pem").succeeds();
    without("sign app.wsb --key alice.pem").succeeds();
    without("inspect app.wsb").succeeds();
    without("measure app.wsb").succeeds();
    without("run app.wsb --insecure-allow-unknown-signer").succeeds();
    without("verify app.wsb --key public.pem").succeeds();
    for needing in ["run app.wsb", "verify app.wsb", "key list", "platform list"] {
        without(needing).fails(109, &["no configuration directory", "WASMSTONE_HOME"]);
    }
    sandbox.shell("unset WASMSTONE_HOME; HOME=$PWD/h exec \"$WASMSTONE\" key new a").succeeds();
    assert!(sandbox.path("h/.config/wasmstone/keys/a.pem").exists());
    sandbox.shell("unset WASMSTONE_HOME; HOME=$PWD/h XDG_CONFIG_HOME=$PWD/x exec \"$WASMSTONE\" key new a").succeeds();
    assert!(sandbox.path("x/wasmstone/keys/a.pem").exists());
}
