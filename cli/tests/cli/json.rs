//! The output of `--json` matches docs/json.md, field by field.

use crate::support::{NOTHING, Sandbox};
use serde_json::Value;
use std::collections::BTreeSet;
use wasmstone_bundle::stand_in;
use wasmstone_test_support::keystone_files::keystone_files;

/// The fields in the documentation's section of this title.
fn documented(title: &str) -> BTreeSet<String> {
    let page = include_str!("../../../docs/json.md");
    let section = page.split("\n## ").find_map(|section| section.strip_prefix(title)?.strip_prefix('\n'));
    let rows = section.unwrap_or_else(|| panic!("no section {title}")).lines();
    rows.filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

/// The paths of everything in `value` that is neither an object nor a list of objects. A policy is described in a
/// separate section.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if key == "policy" {
                    found.insert(path);
                } else {
                    fields(value, &path, found);
                }
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            list.iter().for_each(|value| fields(value, &format!("{path}[]"), found));
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[track_caller]
fn agree(title: &str, printed: &[Value]) {
    let mut found = BTreeSet::new();
    printed.iter().for_each(|value| fields(value, "", &mut found));
    assert_eq!(found, documented(title), "docs/json.md, {title}");
}

#[test]
fn every_field_is_documented() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    let (loader, runtime) = keystone_files();
    for (file, content) in [("loader.bin", loader), ("eyrie-rt", runtime), ("app.eapp", stand_in::eapp())] {
        sandbox.write(file, content);
    }
    sandbox.wasmstone("platform add board --loader loader.bin --runtime eyrie-rt".split(' ')).succeeds();
    let json = |arguments: &str| {
        let printed = sandbox.wasmstone(arguments.split(' ').chain(["--json"])).succeeds().json();
        assert_eq!(printed["schema"], 1, "{arguments}");
        printed
    };

    agree("`doctor --json`", &[json("doctor")]);
    let open = serde_json::json!({ "network": json("build app.wasm")["policy"]["network"] });
    sandbox.write(
        "wasmstone.toml",
        "[environment]\nset = { A = \"1\" }\nallow = [\"B\"]\n[[directory]]\nguest = \"/\"\naccess = \"read-only\"\n\
         [network]\nlisten = [\"0.0.0.0:80\"]\nconnect = [\"example.org:443\"]\nlookup = [\"example.com\"]\n",
    );
    let built = json("build app.wasm");
    let inspected = json("inspect app.wsb");
    agree("Policy", &[open, built["policy"].clone(), inspected["programs"][0]["policy"].clone()]);
    agree("`build --json`", &[built]);
    agree("`inspect --json`", &[inspected]);
    agree("`verify --json`", &[json("verify app.wsb")]);
    let raw = json("measure --loader loader.bin --runtime eyrie-rt --eapp app.eapp");
    agree("`measure --json`", &[json("measure app.wsb"), raw, json("measure --sm loader.bin")]);
    json("measure app.wsb --pins pins.toml");
    agree("`attest report --json`", &[json("attest report app.wsb --nonce 0123456789abcdef -o report")]);
    let verify = "attest verify report --pins pins.toml --nonce 0123456789abcdef --json";
    let refused = sandbox.wasmstone(verify.split(' ')).json();
    assert_eq!(refused["schema"], 1);
    let verify = verify.trim_end_matches(" --json");
    agree("`attest verify --json`", &[json(&format!("{verify} --insecure-allow-simulator")), refused]);
    json("measure app.wsb --pins pins.toml --replace");
    sandbox.wasmstone(["seal", "key", "me"]).succeeds();
    agree("`seal public --json`", &[json("seal public me")]);
    agree("`key list --json`", &[json("key list")]);
    agree("`key show --json`", &[json("key show default")]);
    agree("`platform list --json`", &[json("platform list")]);
    agree("`platform show --json`", &[json("platform show board")]);
}

#[test]
fn every_command_with_json_has_a_section() {
    let sandbox = Sandbox::new();
    for command in [
        "new",
        "build",
        "run",
        "measure",
        "inspect",
        "verify",
        "attest report",
        "attest verify",
        "sign",
        "seal key",
        "seal public",
        "seal provision",
        "seal export",
        "seal import",
        "key new",
        "key list",
        "key trust",
        "key show",
        "platform add",
        "platform list",
        "platform show",
        "doctor",
        "completion",
    ] {
        let help = sandbox.wasmstone(command.split(' ').chain(["--help"])).succeeds().stdout;
        let title = format!("\n## `{command} --json`\n");
        assert_eq!(help.contains("--json"), include_str!("../../../docs/json.md").contains(&title), "{command}");
    }
}
