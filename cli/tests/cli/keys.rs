//! `wasmstone key`, and keys in files.

use crate::support::{NOTHING, Sandbox};
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

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
    sandbox.wasmstone(["key", "trust", "nowhere.pem"]).fails(109, &["cannot use the key nowhere.pem"]);
    sandbox.write("junk.pem", "junk");
    sandbox.wasmstone(["key", "trust", "junk.pem"]).fails(109, &["BEGIN PUBLIC KEY"]);
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
    ran.fails(123, &["WASMSTONE_HOME"]);
    sandbox.shell("unset WASMSTONE_HOME; HOME=$PWD/h exec \"$WASMSTONE\" key new a").succeeds();
    assert!(sandbox.path("h/.config/wasmstone/keys/a.pem").exists());
    sandbox.shell("unset WASMSTONE_HOME; HOME=$PWD/h XDG_CONFIG_HOME=$PWD/x exec \"$WASMSTONE\" key new a").succeeds();
    assert!(sandbox.path("x/wasmstone/keys/a.pem").exists());
}
