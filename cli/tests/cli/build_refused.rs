//! Programs and options that `build` refuses: the code, the remedy, and that nothing is written.

use crate::support::{NOTHING, Sandbox, component};

#[track_caller]
fn refused(content: impl AsRef<[u8]>, options: &[&str], code: i32, words: &[&str]) {
    let sandbox = Sandbox::new();
    sandbox.write("app.wasm", content);
    sandbox.wasmstone([&["build", "app.wasm"], options].concat()).fails(code, words);
    assert_eq!(sandbox.files(), ["app.wasm"]);
    assert!(!sandbox.home().exists(), "a key was made for nothing");
}

#[track_caller]
fn refused_text(text: &str, words: &[&str]) {
    refused(wat::parse_str(text).unwrap(), &[], 108, words);
}

#[test]
fn what_is_not_wasm_is_recognised() {
    for (content, words) in [
        (&b""[..], "empty"),
        (b"\0asm", "cut short"),
        (b"\x7fELF\x02\x01\x01\0\0", "native executable"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gunzip"),
        (b"#!/bin/sh\nexit 1\n", "script"),
        (b"int main(void) { return 0; }\n", "it is text"),
        (b"manifest.toml\0\0\0", "bundle already"),
        (b"\x80\x81\x82\x83", "give a .wasm file"),
    ] {
        refused(content, &[], 108, &["this is not WebAssembly", words]);
    }
    refused(b"\0asm\x63\0\0\0", &[], 108, &["version"]);
    refused(b"(module", &[], 108, &["the WebAssembly text is not valid", "app.wasm:1", "expected"]);
}

#[test]
fn a_program_that_is_cut_short_is_not_valid() {
    let whole = wat::parse_str(NOTHING).unwrap();
    for length in 8..whole.len() {
        let sandbox = Sandbox::new();
        sandbox.write("app.wasm", &whole[..length]);
        let ran = sandbox.wasmstone(["build", "app.wasm"]);
        assert_eq!(ran.code, Some(108), "{length}: {ran:?}");
        assert_eq!(sandbox.files(), ["app.wasm"]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let sandbox = Sandbox::new();
    let missing = ["cannot read nowhere.wasm", "compile the program first", "No such file"];
    sandbox.wasmstone(["build", "nowhere.wasm"]).fails(1, &missing);
    for directory in ["/", "."] {
        let words = [&format!("cannot read {directory}: "), "give the path of a .wasm file in it", "Is a directory"];
        sandbox.wasmstone(["build", directory]).fails(1, &words);
    }
}

#[test]
fn foreign_imports_are_named() {
    let start = r#"(func (export "_start"))"#;
    for (import, name, advice) in [
        (r#""env" "frobnicate" (func)"#, "env.frobnicate", "left undefined"),
        (r#""wasi_unstable" "sock_accept" (func)"#, "wasi_unstable.sock_accept", "no function of that name"),
        (r#""wasi_snapshot_preview1" "fd_write" (func)"#, "wasi_snapshot_preview1.fd_write", "another type"),
        (r#""wasi_snapshot_preview1" "fd_frob" (func)"#, "wasi_snapshot_preview1.fd_frob", "no function of that name"),
        (r#""wasi" "thread-spawn" (func (param i32) (result i32))"#, "wasi.thread-spawn", "wasip1-threads"),
        (r#""env" "memory" (memory 1)"#, "env.memory", "--import-memory"),
    ] {
        let text = format!(r#"(module (import {import}) (memory (export "memory") 1) {start})"#);
        refused_text(&text, &["not part of WASI", name, advice]);
    }
    let many: String = (0..24).map(|at| format!("(import \"env\" \"f{at}\" (func))")).collect();
    refused_text(&format!("(module {many} {start})"), &["env.f0, env.f1, env.f2 and 21 more; these symbols"]);
    for (name, advice) in [
        ("my:own/thing@1.0.0", "compose"),
        ("wasi:cli/stdout@0.3.0", "WASI 0.3"),
        ("wasi:nn/inference@0.2.0", "no interface of that name"),
    ] {
        refused_text(&component(&["wasi:cli/exit@0.2.0", name], &["wasi:cli/run@0.2.0"]), &[name, advice]);
    }
}

#[test]
fn a_program_needs_an_entry_point() {
    refused_text("(module)", &["_start", "not a library"]);
    refused_text(r#"(module (func (export "main")))"#, &["_start", "_initialize", "empty name"]);
    let both = r#"(module (func (export "_initialize")) (func (export "_start")))"#;
    refused_text(both, &["_start", "command", "_initialize", "reactor"]);
    refused_text(&component(&[], &["my:own/thing@1.0.0"]), &["wasi:cli/run"]);
    refused_text(&component(&[], &["wasi:cli/run@0.3.0"]), &["WASI 0.3"]);
    refused_text(&component(&[], &["wasi:http/handler@0.3.0"]), &["WASI 0.3"]);
    refused_text(&component(&[], &["wasi:http/incoming-handler@0.2.0"]), &["handle"]);
}

#[test]
fn proposals_that_are_not_supported_are_named() {
    let start = r#"(func (export "_start"))"#;
    for (what, proposal) in [
        ("(memory (export \"memory\") 1 1 shared)", "threads"),
        ("(memory (export \"memory\") i64 1)", "memory64"),
        ("(memory (export \"memory\") 1) (func try catch_all end)", "legacy exception handling"),
        ("(memory (export \"memory\") 1) (type (struct (field i32)))", "GC"),
    ] {
        refused_text(&format!("(module {what} {start})"), &["the program needs", proposal, "the validator says"]);
    }
}

#[test]
fn a_program_that_is_not_valid_is_said_to_be() {
    refused_text(r#"(module (memory (export "memory") 1) (func (export "_start") i32.add))"#, &["not valid"]);
}

#[test]
fn a_start_of_the_wrong_type_is_refused() {
    refused_text(
        r#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#,
        &["_start", "no function without parameters"],
    );
}

#[test]
fn the_minimum_memory_must_be_within_the_cap() {
    let wasm = wat::parse_str(r#"(module (memory (export "memory") 40) (func (export "_start")))"#).unwrap();
    refused(&wasm, &["--max-memory", "1M"], 109, &["2560K", "memory cap of 1M", "--max-memory 2560K"]);
    let two = r#"(component (core module (memory 20)) (core module (memory 20)) (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    refused(wat::parse_str(two).unwrap(), &["--max-memory", "2M"], 109, &["--max-memory 2560K"]);
}

#[test]
fn a_program_that_no_cap_has_room_for_cannot_run() {
    for pages in [16_000, 65_536] {
        let text = format!(r#"(module (memory (export "memory") {pages}) (func (export "_start")))"#);
        let wasm = wat::parse_str(text).unwrap();
        for options in [&[][..], &["--max-memory", "1023M"]] {
            refused(&wasm, options, 108, &["cannot run in an enclave", "1024M", "build it to start with less memory"]);
        }
    }
}

#[test]
fn a_table_must_be_within_the_enclaves_limit() {
    let with_table = |elements: u32| {
        let table = format!("(table {elements} funcref)");
        wat::parse_str(format!(r#"(module {table} (memory (export "memory") 1) (func (export "_start")))"#)).unwrap()
    };
    refused(with_table(262_145), &[], 108, &["a table of 262145 elements", "the 262144 that a table may have"]);
    let sandbox = Sandbox::new();
    sandbox.write("app.wasm", with_table(262_144));
    sandbox.wasmstone(["build", "app.wasm"]).succeeds();
    sandbox.wasmstone(["run", "app.wsb"]).succeeds();
}

#[test]
fn a_module_needs_a_memory() {
    let text =
        r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (func (export "_start")))"#;
    refused_text(text, &["no memory", "must export one as \"memory\""]);
}

#[test]
fn sizes_must_be_sizes() {
    let wasm = wat::parse_str(NOTHING).unwrap();
    for (size, advice) in [
        ("", "is not a size"),
        ("lots", "is not a size"),
        ("256Mi", "such as 256M"),
        ("1.5G", "is not a size"),
        ("-1", "is not a size"),
        ("0", "the next one is 64K"),
        ("100000", "the next one is 128K"),
        ("99999999999999999999999", "too large"),
        ("2G", "use at most --max-memory"),
        ("1G", "use at most --max-memory"),
    ] {
        refused(&wasm, &[&format!("--max-memory={size}")], 109, &[advice]);
    }
}

#[test]
fn names_must_be_one_line() {
    let sandbox = Sandbox::new();
    sandbox.wasm("app.wasm", NOTHING);
    for name in ["", "a\nb", &"x".repeat(256)] {
        sandbox.wasmstone(["build", "app.wasm", "--name", name]).fails(109, &["cannot be a program's name"]);
    }
    assert_eq!(sandbox.files(), ["app.wasm"]);
}

#[test]
fn keys_and_platforms_must_exist() {
    let wasm = wat::parse_str(NOTHING).unwrap();
    refused(&wasm, &["--key", "nobody"], 109, &["no key \"nobody\"", "wasmstone key new"]);
    refused(&wasm, &["--key", "./nobody.pem"], 1, &["cannot read the key ./nobody.pem", "pass the path of a PEM file"]);
    refused(&wasm, &["--platform", "nowhere"], 109, &["no platform \"nowhere\""]);
    refused(&wasm, &["--config", "nowhere.toml"], 1, &["nowhere.toml"]);
}
