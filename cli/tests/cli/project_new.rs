//! `wasmstone new`.

use crate::support::Sandbox;

#[test]
fn a_project_is_made_of_its_template() {
    let sandbox = Sandbox::new();
    sandbox.wasmstone(["new", "counter"]).succeeds();
    sandbox.wasmstone(["new", "in-c", "--template", "c"]).succeeds();
    assert_eq!(sandbox.files(), ["counter", "in-c"]);
    for (file, word) in [
        ("counter/Cargo.toml", "name = \"counter\""),
        ("counter/src/main.rs", "fn main"),
        ("counter/wasmstone.toml", "counter.wasm"),
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
    for template in ["rust", "c"] {
        sandbox.wasmstone(["new", template, "--template", template]).succeeds();
        // All is well but for the program, which is not compiled yet.
        let ran = sandbox.shell(&format!("cd {template} && exec \"$WASMSTONE\" build"));
        ran.fails(1, &["cannot read", &format!("{template}.wasm")]);
    }
}

#[test]
fn a_rust_project_is_built_and_run_also_in_the_workspace_of_another() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nmembers = []\n");
    sandbox.wasmstone(["new", "counter", "--template", "rust"]).succeeds();
    // Not the sandbox's environment: Cargo finds Rust by the user's.
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--release", "--target", "wasm32-wasip2"])
        .current_dir(sandbox.path("counter"))
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let ran = sandbox.shell("cd counter && \"$WASMSTONE\" build --quiet && exec \"$WASMSTONE\" run counter.wsb -- Ada");
    assert_eq!(ran.succeeds().stdout, "Hello, Ada, from inside an enclave!\n");
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
