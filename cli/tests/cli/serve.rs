//! Programs that answer HTTP requests: they are recognised, built, shown, and started by the right command. Tests of
//! the answers use compiled programs, in `tests/serve.rs`.

use crate::support::{HANDLER, NOTHING, Sandbox, handler};

const HTTP: &str = "wasi:http/incoming-handler@0.2.3";
const RUN: &str = "wasi:cli/run@0.2.3";

/// Builds a program, given as text; returns the build's JSON.
fn built(sandbox: &Sandbox, text: &str, options: &[&str]) -> serde_json::Value {
    sandbox.wasm("app.wasm", text);
    sandbox.wasmstone([&["build", "app.wasm", "--json"], options].concat()).succeeds().json()
}

#[test]
fn the_entry_is_what_the_program_exports() {
    let sandbox = Sandbox::new();
    let both = handler(&[HTTP, RUN]);
    for (text, options, entry, instances) in [
        (NOTHING, &[][..], "command", 0),
        (&handler(&["wasi:http/incoming-handler@0.2.0"]), &[], "http", 16),
        (&handler(&[HTTP]), &["--entry", "http", "--instances", "3"], "http", 3),
        (&both, &[], "command", 0),
        (&both, &["--entry", "http"], "http", 16),
    ] {
        let program = &built(&sandbox, text, options)["programs"][0];
        assert_eq!((program["entry"].as_str(), program["instances"].as_u64()), (Some(entry), Some(instances)));
        let shown = sandbox.wasmstone(["inspect", "app.wsb"]).succeeds().stdout;
        let requests = if instances == 0 { String::new() } else { format!(", {instances} requests at once") };
        assert!(shown.contains(&format!("  entry      {entry}{requests}\n")), "{shown}");
    }
}

#[test]
fn the_project_file_says_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("wasmstone.toml", "entry = \"http\"\n[http]\ninstances = 2\n");
    let text = handler(&[HTTP, RUN]);
    assert_eq!(built(&sandbox, &text, &[])["programs"][0]["instances"], 2);
    assert_eq!(built(&sandbox, &text, &["--instances", "5"])["programs"][0]["instances"], 5);
    sandbox.write("wasmstone.toml", "[http]\ninstance = 2\n");
    sandbox.wasmstone(["build", "app.wasm"]).fails(109, &["unknown field `instance`", "instances"]);
}

#[test]
fn instances_take_memory() {
    let sandbox = Sandbox::new();
    let heap = |instances: &str| built(&sandbox, HANDLER, &["--instances", instances])["programs"][0]["heap"].as_u64();
    assert_eq!(heap("11").unwrap() - heap("1").unwrap(), 10 * (2 << 20));

    // The program has one page at start.
    let few = built(&sandbox, HANDLER, &["--max-memory", "192K"]);
    assert_eq!(few["programs"][0]["instances"], 3, "as many as the cap has room for");
    for (options, code, words) in [
        (
            &["--max-memory", "192K", "--instances", "4"][..],
            109,
            &["4 instances do not fit", "64K", "--max-memory"][..],
        ),
        (&["--instances", "0"], 109, &["0 instances", "from 1 to 1024"]),
        (&["--instances", "1025"], 109, &["1025 instances", "from 1 to 1024"]),
        (&["--instances", "1024"], 108, &["cannot run in an enclave", "fewer --instances"]),
        (&["--instances", "many"], 2, &["many"]),
    ] {
        sandbox.wasmstone([&["build", "app.wasm"], options].concat()).fails(code, words);
    }
}

#[test]
fn what_is_asked_for_must_be_there() {
    let sandbox = Sandbox::new();
    for (text, options, code, words) in [
        (NOTHING, &["--entry", "http"][..], 108, &["no entry point \"http\"", "wasi:http/incoming-handler"][..]),
        (HANDLER, &["--entry", "command"], 108, &["no entry point \"command\"", "wasi:cli/run"]),
        (NOTHING, &["--instances", "4"], 109, &["runs once", "leave the number of instances out"]),
    ] {
        sandbox.wasm("app.wasm", text);
        sandbox.wasmstone([&["build", "app.wasm"], options].concat()).fails(code, words);
        assert_eq!(sandbox.files(), ["app.wasm"]);
    }
}

#[test]
fn each_kind_has_its_command() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HANDLER);
    for arguments in [&["run", "app.wsb"][..], &["app.wsb"], &["run", "app.wsb", "--net"]] {
        sandbox.wasmstone(arguments).fails(2, &["answers HTTP requests", "\"wasmstone serve app.wsb\""]);
    }
    sandbox.bundle(NOTHING);
    sandbox.wasmstone(["serve", "app.wsb"]).fails(2, &["is a command", "\"wasmstone run app.wsb\""]);
}

#[test]
fn the_policy_decides_where_it_is_served() {
    let sandbox = Sandbox::new();
    let words = |words: &'static str| ["more was granted", words];
    sandbox.write("wasmstone.toml", "");
    sandbox.bundle(HANDLER);
    sandbox.wasmstone(["serve", "app.wsb"]).fails(109, &words("denies the network"));
    sandbox.write("wasmstone.toml", "[network]\nlisten = [\"127.0.0.1:80\"]\n");
    sandbox.bundle(HANDLER);
    sandbox.wasmstone(["serve", "app.wsb"]).fails(109, &words("listening at 127.0.0.1:8080"));
    sandbox.wasmstone(["serve", "app.wsb", "--addr", "0.0.0.0:80"]).fails(109, &words("listening at 0.0.0.0:80"));
}

#[test]
fn addresses_and_times_are_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.bundle(HANDLER);
    for (options, word) in [
        (&["--addr", "localhost:8080"][..], "--addr"),
        (&["--addr", "127.0.0.1"], "--addr"),
        (&["--addr", "127.0.0.1:65536"], "--addr"),
        (&["--grace", "30"], "such as 30s"),
        (&["--", "argument"], "argument"),
    ] {
        sandbox.wasmstone([&["serve", "app.wsb"], options].concat()).fails(2, &[word]);
    }
}
