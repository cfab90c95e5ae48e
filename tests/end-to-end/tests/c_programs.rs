//! Programs in C, compiled with Debian's clang and wasi-libc. If these are missing, the tests are skipped by their
//! names.

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{ENGINES, Enclave, both_engines, build, guests_own};

#[test]
fn needs_c_toolchain_heap() {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("malloc.wasm");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/c/malloc.c");
    let compiled =
        Command::new("clang").args(["--target=wasm32-wasi", "-O1", "-o"]).arg(&wasm).arg(source).status_in_time();
    assert!(compiled.success());
    let output = Enclave::new(&build(&wasm, &["--max-memory", "16M"])).command(&["last"]).output_in_time();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(42), "{stdout}");
    assert_eq!(
        stdout, "start\na large piece: 1\nsmall pieces\neverything: 15 MiB\narguments: 2, last last\n",
        "what the program printed"
    );
    assert_eq!(guests_own(&String::from_utf8(output.stderr).unwrap()), "");
}

#[test]
fn needs_c_toolchain_kernels() {
    let directory = TempDir::new().unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/c/kernels");
    for kernel in ["gemm", "two_products", "jacobi", "lu", "paths", "correlation"] {
        let wasm = directory.path().join(format!("{kernel}.wasm"));
        let source = sources.join(format!("{kernel}.c"));
        let mut compile = Command::new("clang");
        compile.args(["--target=wasm32-wasi", "-O2", "-lm", "-o"]).arg(&wasm).arg(source);
        assert!(compile.status_in_time().success());
        let bundled = build(&wasm, &[&both_engines()]);
        let printed = ENGINES.map(|engine| {
            let output = Enclave::new(&bundled).option("--engine", engine).command(&["30"]).output_in_time();
            assert!(output.status.success(), "{kernel}, {engine}");
            String::from_utf8(output.stdout).unwrap()
        });
        assert!(printed[0].contains(": ") && printed[0] == printed[1], "{printed:?}");
    }
}

#[test]
fn needs_c_toolchain_template() {
    let directory = TempDir::new().unwrap();
    let project = directory.path().join("counter");
    let succeed = |command: &mut Command, directory: &Path| {
        let output = command.current_dir(directory).output_in_time();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    succeed(wasmstone_test_support::command().args(["new", "counter", "--template", "c"]), directory.path());
    succeed(&mut Command::new("make"), &project);
    succeed(wasmstone_test_support::command().arg("build"), &project);
    let printed = succeed(
        wasmstone_test_support::command().args(["run", "counter.wsb", "--backend", "sim", "--", "Ada"]),
        &project,
    );
    assert!(printed.contains("Ada"), "{printed}");
}
