//! `wasmstone.toml`.

use crate::support::{NOTHING, Ran, Sandbox};
use serde_json::json;

fn policy(built: &Ran) -> serde_json::Value {
    built.json()["policy"].clone()
}

#[test]
fn the_file_beside_the_program_is_used() {
    let sandbox = Sandbox::new();
    sandbox.wasm("sub/app.wasm", NOTHING);
    sandbox.write("sub/wasmstone.toml", "name = \"counter\"\nmax-memory = \"32M\"\narguments = [\"-v\"]\n");
    let ran = sandbox.wasmstone(["build", "sub/app.wasm", "--json"]).succeeds();
    assert_eq!(ran.json()["name"], "counter");
    assert_eq!(ran.json()["programs"][0]["max_memory"], 32 << 20);
    let closed = json!({
        "arguments": ["-v"],
        "environment": { "set": [], "allow": [] },
        "directories": [],
        "seal_owner": null,
        "network": "denied",
    });
    assert_eq!(policy(&ran), closed);
    assert!(ran.stderr.contains("policy       from sub/wasmstone.toml"), "{}", ran.stderr);
}

#[test]
fn the_file_alone_names_the_program() {
    let sandbox = Sandbox::new();
    sandbox.wasm("out/app.wasm", NOTHING);
    sandbox.write("wasmstone.toml", "wasm = \"out/app.wasm\"\noutput = \"made.wsb\"\n");
    sandbox.wasmstone(["build"]).succeeds();
    assert_eq!(sandbox.files(), ["made.wsb", "out", "wasmstone.toml"]);
    sandbox.shell("cd out && \"$WASMSTONE\" build --config ../wasmstone.toml").succeeds();
}

#[test]
fn options_win_over_the_file() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.write(
        "wasmstone.toml",
        "wasm = \"none.wasm\"\nname = \"a\"\nmax-memory = \"32M\"\nplatform = \"b\"\noutput = \"c.wsb\"\nkey = \"d\"\n",
    );
    sandbox.wasmstone(["key", "new", "mine"]).succeeds();
    let options = ["--name", "n", "--max-memory", "1M", "--platform", "sim", "--key", "mine", "-o", "o.wsb", "--json"];
    let built = sandbox.wasmstone([&["build", "app.wasm"], &options[..]].concat()).succeeds().json();
    assert_eq!(
        (&built["name"], &built["programs"][0]["max_memory"], &built["bundle"]),
        (&json!("n"), &json!(1 << 20), &json!("o.wsb"))
    );
    assert_eq!(sandbox.files(), ["app.wasm", "o.wsb", "wasmstone.toml"]);
}

#[test]
fn a_file_that_is_not_beside_the_program_is_said_to_be_unused() {
    let sandbox = Sandbox::new();
    sandbox.wasm("out/app.wasm", NOTHING);
    sandbox.write("wasmstone.toml", "arguments = []\n");
    let ran = sandbox.wasmstone(["build", "out/app.wasm", "--json"]).succeeds();
    assert!(ran.stderr.contains("warning: ignoring ./wasmstone.toml"), "{}", ran.stderr);
    assert_eq!(policy(&ran)["arguments"], "any");
    let ran = sandbox.wasmstone(["build", "out/app.wasm", "--json", "--config", "wasmstone.toml"]).succeeds();
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(policy(&ran)["arguments"], json!([]));
}

#[test]
fn mistakes_are_shown_with_their_place() {
    for (text, words) in [
        ("name = \"a\"\nmemory = \"32M\"\n", &["line 2", "unknown field `memory`"][..]),
        ("max-memory = \"32Mi\"\n", &["line 1", "is not a size"]),
        ("max-memory = 1\n", &["line 1", "the next one is 64K"]),
        ("[environment]\nalow = \"any\"\n", &["line 2", "unknown field `alow`"]),
        ("network = \"maybe\"\n", &["line 1", "`denied`"]),
        ("name = 1\n", &["line 1", "expected a string"]),
        ("name = \"a\"\nname = \"b\"\n", &["line 2", "duplicate"]),
        ("directories = \"any\"\n[[directory]]\nguest = \"/\"\naccess = \"read-only\"\n", &["both"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.wasm("app.wasm", NOTHING);
        sandbox.write("wasmstone.toml", text);
        let words = [&["wasmstone.toml is invalid"], words].concat();
        sandbox.wasmstone(["build", "app.wasm"]).fails(109, &words);
        assert_eq!(sandbox.files(), ["app.wasm", "wasmstone.toml"], "{text}");
    }
}

#[test]
fn a_file_that_is_no_text_is_a_mistake_and_one_that_cannot_be_read_is_not() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.write("other.toml", [0xff]);
    sandbox.wasmstone(["build", "app.wasm", "--config", "other.toml"]).fails(109, &["other.toml", "UTF-8"]);
    sandbox.wasmstone(["build", "app.wasm", "--config", "."]).fails(1, &["cannot read the project file ."]);
}

#[test]
fn no_program_and_no_file_is_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["build"]).fails(2, &["no program was given", "wasmstone build app.wasm"]);
    sandbox.write("wasmstone.toml", "name = \"x\"\n");
    sandbox.wasmstone(["build"]).fails(109, &["does not name one", "wasm = \"app.wasm\""]);
}

#[test]
fn every_key_of_the_documentation_is_read() {
    let page = include_str!("../../../docs/project-file.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let sandbox = Sandbox::new();
    sandbox.wasm("target/wasm32-wasip2/release/counter.wasm", NOTHING);
    sandbox.wasmstone(["key", "new", "release"]).succeeds();
    sandbox.write("wasmstone.toml", example);
    let ran = sandbox.wasmstone(["build", "--json"]).succeeds();
    for key in [
        "name",
        "wasm",
        "max-memory",
        "platform",
        "output",
        "key",
        "arguments",
        "network",
        "set",
        "allow",
        "guest",
        "access",
    ] {
        assert!(
            example.contains(&format!("\n{key} = ")) || example.starts_with(&format!("{key} = ")),
            "{key} is not in the example"
        );
    }
    assert_eq!(ran.json()["name"], "counter");
}

#[test]
fn a_hostile_policy_does_not_command_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    sandbox.write(
        "wasmstone.toml",
        "[environment]\nallow = [\"A\\u001b[31m\"]\n[[directory]]\nguest = \"/\\u001b[2J\"\naccess = \"read-only\"\n",
    );
    let built = sandbox.wasmstone(["build", "app.wasm"]).succeeds();
    let inspected = sandbox.wasmstone(["inspect", "app.wsb"]).succeeds();
    assert!(!built.stderr.contains('\u{1b}') && !inspected.stdout.contains('\u{1b}'));
    assert!(inspected.stdout.contains("A\\u{1b}[31m"), "{}", inspected.stdout);
}
