//! `cargo xtask target`: what runs on RISC-V Linux, cross-compiled.
//!
//! Everything for that target comes from one invocation of Cargo, with one profile and one set of
//! features, so that the engine is compiled for it once.

use crate::setup;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use wasmstone_test_support::shell::{cargo, run, step, target};

/// Rust's name for the target. `.cargo/config.toml` says how to link for it.
pub const TARGET: &str = "riscv64gc-unknown-linux-gnu";

/// Small, and quick enough: `Cargo.toml` says how.
const PROFILE: &str = "small";

/// Static executables for RISC-V Linux.
pub struct Built {
    /// The target side's `wasmstone`: all that a board needs.
    pub wasmstone: PathBuf,
    /// What the tests run composed images in.
    #[allow(dead_code, reason = "tests find it by its path")]
    pub harness: PathBuf,
}

/// Builds them, and says where the program for the board is.
///
/// # Errors
/// Those of [`build`], and where the machine has no compiler for RISC-V and cannot get one.
pub fn run_target() -> Result<()> {
    let built = build()?;
    let size = fs::metadata(&built.wasmstone).context("cannot read what was built")?.len();
    step("The target side is one file");
    eprintln!("{:.1} MB, static: copy it to the board, and run bundles with it", size as f64 / 1e6);
    println!("{}", built.wasmstone.display());
    Ok(())
}

/// Builds them, with what that needs installed first.
///
/// # Errors
/// Where something does not compile, or the machine has no linker for RISC-V and cannot get one.
pub fn build() -> Result<Built> {
    setup::riscv64_linker()?;
    setup::rust_targets(&[TARGET])?;
    step("wasmstone for RISC-V Linux");
    let mut build = cargo();
    build.args(["build", "--locked", "--target", TARGET, "--profile", PROFILE]);
    build.args(["--package", "wasmstone", "--package", "wasmstone-eyrie-harness", "--no-default-features"]);
    // Would take the place of the flags that make the executables static.
    build.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut build)?;
    let directory = target()?.join(TARGET).join(PROFILE);
    Ok(Built { wasmstone: directory.join("wasmstone"), harness: directory.join("wasmstone-eyrie-harness") })
}
