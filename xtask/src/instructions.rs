//! The plugin that makes the emulator count instructions, for the benchmark.

use anyhow::{Context, Result};
use std::process::Command;
use wasmstone_test_support::shell::{root, run, step, target};

/// Compiles the plugin into `target/count_instructions.so`.
///
/// # Errors
/// If there is no compiler for C.
pub fn build() -> Result<()> {
    step("Counting instructions in the emulator");
    let mut compile = Command::new("cc");
    compile.args(["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden"]);
    compile.arg(root().join("tests/benchmark/count_instructions.c"));
    run(compile.arg("-o").arg(target()?.join("count_instructions.so")))
        .context("instructions are not counted: that needs a compiler for C (Debian: gcc)")
}
