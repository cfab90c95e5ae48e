//! Compiling the programs, with the checkout's own lock file.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{run, step};

/// Compiles programs: those for WASI 0.1 to core modules, the others to components. Returns the path of each.
///
/// # Errors
/// If the programs do not compile.
pub fn build(suite: &Path, programs: &[&String]) -> Result<impl Fn(&str) -> PathBuf + use<>> {
    step("Wasmtime's programs (the first time takes minutes)");
    let output = suite.canonicalize().with_context(|| format!("cannot find {}", suite.display()))?.join("target");
    for wanted in ["wasm32-wasip1", "wasm32-wasip2"] {
        let programs: Vec<_> = programs.iter().filter(|program| target(program) == wanted).collect();
        if programs.is_empty() {
            continue;
        }
        let mut cargo = Command::new("cargo");
        cargo.current_dir(suite).args(["build", "--quiet", "--locked", "--package", "test-programs"]);
        cargo.args(["--target", wanted]).arg("--target-dir").arg(&output);
        cargo.args(programs.iter().flat_map(|program| ["--bin", program.as_str()]));
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
        for inherited in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            cargo.env_remove(inherited);
        }
        run(&mut cargo)?;
    }
    Ok(move |program: &str| output.join(target(program)).join(format!("debug/{program}.wasm")))
}

/// The target of a program.
fn target(program: &str) -> &'static str {
    if program.starts_with("p1_") { "wasm32-wasip1" } else { "wasm32-wasip2" }
}
