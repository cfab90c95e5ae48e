//! `cargo xtask target`: programs for RISC-V Linux, cross-compiled.
//!
//! The program for a board and the harness have neither compiler nor simulator, so that no engine is compiled for
//! them. The tests also need the simulator on RISC-V: that program lies in a separate folder, so that it never gets
//! to a board.

use crate::setup;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{cargo, run, step, target};

/// Rust's name for the target. `.cargo/config.toml` says how to link for it.
pub const TARGET: &str = "riscv64gc-unknown-linux-gnu";

/// The profile of small and fast enough programs, from `Cargo.toml`.
const PROFILE: &str = "small";

/// The folder, beside the board's program, of programs that only tests run: `wasmstone` with the simulator, and the
/// program that simulated enclaves run in.
const SIMULATING: &str = "simulating";

/// Static executables for RISC-V Linux.
pub struct Built {
    /// The board's `wasmstone`: all that a board needs.
    pub wasmstone: PathBuf,
    /// The program in which the tests run composed images.
    #[allow(dead_code, reason = "tests find it by its path")]
    pub harness: PathBuf,
}

/// Builds them, and prints where the program for the board is.
///
/// # Errors
/// The errors of [`build`], and if the machine has no compiler for RISC-V and cannot get one.
pub fn run_target() -> Result<()> {
    let built = build()?;
    let size = fs::metadata(&built.wasmstone).context("cannot read what was built")?.len();
    step("The target side is one file");
    eprintln!("{:.1} MB, static: copy it to the board, and run bundles with it", size as f64 / 1e6);
    println!("{}", built.wasmstone.display());
    Ok(())
}

/// Builds them, after installing what the build needs.
///
/// # Errors
/// If something does not compile, or the machine has no linker for RISC-V and cannot get one.
pub fn build() -> Result<Built> {
    prepare()?;
    step("wasmstone for RISC-V Linux");
    let directory = compile(&["--package", "wasmstone", "--package", "wasmstone-eyrie-harness"])?;
    Ok(Built { wasmstone: directory.join("wasmstone"), harness: directory.join("wasmstone-eyrie-harness") })
}

/// Builds them, and before them `wasmstone` with the simulator.
///
/// # Errors
/// As [`build`], and if a file cannot be copied.
pub fn build_for_tests() -> Result<Built> {
    prepare()?;
    step("wasmstone for RISC-V Linux, with the simulator");
    let directory = compile(&["--package", "wasmstone", "--features", "simulator"])?;
    let simulating = directory.join(SIMULATING);
    fs::create_dir_all(&simulating).with_context(|| format!("cannot make {}", simulating.display()))?;
    for program in ["wasmstone", "wasmstone-simulated-enclave"] {
        replace(&directory.join(program), &simulating.join(program))?;
    }
    build()
}

/// Installs what builds for this target need.
///
/// # Errors
/// If the machine has no linker for RISC-V and cannot get one, or rustup fails.
pub fn prepare() -> Result<()> {
    setup::riscv64_linker()?;
    setup::rust_targets(&[TARGET])
}

/// Runs Cargo, and returns the directory of the executables.
fn compile(arguments: &[&str]) -> Result<PathBuf> {
    run(cargo_build().args(["--profile", PROFILE, "--no-default-features"]).args(arguments))?;
    Ok(target()?.join(TARGET).join(PROFILE))
}

/// `cargo build` for this target.
pub fn cargo_build() -> Command {
    let mut build = cargo();
    build.args(["build", "--locked", "--target", TARGET]);
    // Otherwise it would replace the flags that make the executables static.
    build.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    build
}

/// Copies a program. A running program is not overwritten; the copy takes its name.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let copy = to.with_extension("new");
    fs::copy(from, &copy).and_then(|_| fs::rename(&copy, to)).with_context(|| format!("cannot write {}", to.display()))
}
