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
