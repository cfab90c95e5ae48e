//! `wasmstone new`.

use crate::support::Sandbox;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use wasmstone_test_support::processes::InTime;

#[test]
fn a_project_is_made_of_its_template() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["new", "counter"]).succeeds();
    sandbox.wasmstone(["new", "in-c", "--template", "c"]).succeeds();
    sandbox.wasmstone(["new", "a-service", "--template", "rust-http"]).succeeds();
    assert_eq!(sandbox.files(), ["a-service", "counter", "in-c"]);
    for (file, word) in [
        ("counter/Cargo.toml", "name = \"counter\""),
        ("counter/src/main.rs", "fn main"),
        ("counter/wasmstone.toml", "counter.wasm"),
        ("a-service/src/lib.rs", "incoming_handler"),
        ("a-service/wasmstone.toml", "a_service.wasm"),
        ("in-c/Makefile", "in-c.wasm"),
        ("in-c/main.c", "int main"),
    ] {
        let text = String::from_utf8(sandbox.read(file)).unwrap();
        assert!(text.contains(word) && !text.contains("{{"), "{file}: {text}");
    }
}

#[test]
fn its_project_file_is_one() {
    let sandbox = Sandbox::new();
    for template in ["rust", "rust-http", "c"] {
        sandbox.wasmstone(["new", template, "--template", template]).succeeds();
        // Everything is right except for the program, which is not compiled yet.
        let ran = sandbox.shell(&format!("cd {template} && exec \"$WASMSTONE\" build"));
        ran.fails(1, &["cannot read", &format!("{}.wasm", template.replace("rust-http", "rust_http"))]);
    }
}

/// Compiles a project, as its README says.
fn compile(sandbox: &Sandbox, project: &str) {
    // Not the sandbox's environment: Cargo finds Rust through the user's.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--release", "--target", "wasm32-wasip2"])
        .current_dir(sandbox.path(project))
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .output_in_time();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

#[test]
fn a_rust_project_is_built_and_run_also_in_the_workspace_of_another() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nmembers = []\n");
    sandbox.wasmstone(["new", "counter", "--template", "rust"]).succeeds();
    compile(&sandbox, "counter");
    let ran = sandbox.shell("cd counter && \"$WASMSTONE\" build --quiet && exec \"$WASMSTONE\" run counter.wsb -- Ada");
    assert_eq!(ran.succeeds().stdout, "Hello, Ada, from inside an enclave!\n");
}

#[test]
fn an_http_project_is_built_and_served() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["new", "a-service", "--template", "rust-http"]).succeeds();
    compile(&sandbox, "a-service");
    let line = "cd a-service && \"$WASMSTONE\" build --quiet && \
                exec \"$WASMSTONE\" serve a-service.wsb --addr 127.0.0.1:0 --timeout 60s";
    let mut serving = sandbox.command("sh").args(["-c", line]).stderr(Stdio::piped()).spawn_in_time();
    let mut said = BufReader::new(serving.stderr.take().unwrap()).lines().map(Result::unwrap);
    let url = said.find_map(|line| Some(line.strip_prefix("Serving HTTP on ")?.split_once(' ')?.0.to_owned()));
    let answer = ureq::get(format!("{}Ada", url.unwrap())).call().unwrap().body_mut().read_to_string().unwrap();
    assert_eq!(answer, "Hello, Ada, from inside an enclave!\n");
    rustix::process::kill_process(rustix::process::Pid::from_child(&serving), rustix::process::Signal::TERM).unwrap();
    let said: Vec<_> = said.collect();
    assert_eq!((serving.wait().unwrap().code(), said.len()), (Some(0), 1), "{said:?}");
}

#[test]
fn what_is_there_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("taken/file", "mine");
    sandbox.write("file", "mine");
    for name in ["taken", "file"] {
        sandbox.wasmstone(["new", name]).fails(109, &["exists already"]);
    }
    for name in ["", "a/b", "..", "-x", "1st", "a b"] {
        let code = sandbox.wasmstone(["new", name]).code;
        assert!(matches!(code, Some(109 | 2)), "{name}: {code:?}");
    }
    sandbox.wasmstone(["new", "x", "--template", "cobol"]).fails(2, &["rust"]);
    assert_eq!(sandbox.files(), ["file", "taken"]);
}
