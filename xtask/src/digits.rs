//! The example `digits`: a web server that needs a newer Rust than the rest.

use crate::setup::Missing;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;
use wasmstone_test_support::shell::{root, run, step, succeeds, target};

/// Tests with this in their names need what [`build`] builds.
const MARKER: &str = "needs_newer_rust";

/// Builds it for the tests, if this machine has the Rust that it needs or can install it.
///
/// # Errors
/// If the example does not compile.
pub fn build_or_miss() -> Result<Option<Missing>> {
    match toolchain() {
        Ok(()) => build().map(|_| None),
        Err(error) => {
            let reason = format!("{error:#}");
            eprintln!("SKIPPED: tests of examples/digits ({reason})");
            Ok(Some(Missing { marker: MARKER, reason }))
        }
    }
}

/// Builds `target/digits/wasm32-wasip2/release/digits.wasm`, and returns its path.
///
/// # Errors
/// If the example does not compile, or rustup cannot install the Rust that it needs.
pub fn build() -> Result<PathBuf> {
    toolchain()?;
    step("examples/digits (the first time takes minutes: it contains a machine for neural networks)");
    let directory = target()?.join("digits");
    let mut build = here("cargo");
    build.args(["build", "--quiet", "--release", "--locked", "--target", "wasm32-wasip2", "--target-dir"]);
    run(build.arg(&directory))?;
    Ok(directory.join("wasm32-wasip2/release/digits.wasm"))
}

/// Makes rustup install what the example's `rust-toolchain.toml` demands, unless it is installed.
fn toolchain() -> Result<()> {
    // An installed toolchain may still lack the target.
    if succeeds(here("rustup").args(["which", "cargo"])) && has_target() {
        return Ok(());
    }
    step("The Rust of examples/digits");
    run(here("rustup").args(["toolchain", "install"])).context("examples/digits takes a Rust that rustup can install")
}

fn has_target() -> bool {
    let output = here("rustc").args(["--print", "target-libdir", "--target", "wasm32-wasip2"]).output();
    output.is_ok_and(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).exists())
}

/// A command that follows the example's own `rust-toolchain.toml` and `.cargo/config.toml`.
fn here(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root().join("examples/digits"));
    for inherited in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        command.env_remove(inherited);
    }
    command
}
