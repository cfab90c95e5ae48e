//! `cargo xtask lint`: checks that are not tests.

use crate::setup;
use anyhow::Result;
use wasmstone_test_support::shell::{cargo, root, run, step, succeeds};

/// Every manifest whose code is formatted: the workspace, and the projects outside it.
const MANIFESTS: [&str; 7] = [
    "Cargo.toml",
    "tests/fuzz/libfuzzer/Cargo.toml",
    "tests/guests/Cargo.toml",
    "examples/attested/Cargo.toml",
    "examples/digits/Cargo.toml",
    "examples/hello/Cargo.toml",
    "examples/word-count/Cargo.toml",
];

/// Formatting, clippy and dependencies.
///
/// # Errors
/// If a check fails.
pub fn run_all() -> Result<()> {
    step("Formatting");
    formatting()?;
    step("Clippy");
    clippy()?;
    setup::targets()?;
    run(cargo()
        .args(["clippy", "--package", "wasmstone-eapp", "--features", "enclave", "--bin", "wasmstone-eapp"])
        .args(["--target", setup::ENCLAVE_TARGETS[0], "--locked", "--", "--deny", "warnings"]))?;
    step("Dependencies");
    if !succeeds(cargo().args(["deny", "--version"])) {
        eprintln!("SKIPPED: there is no cargo-deny; install it with: cargo install --locked cargo-deny");
        return Ok(());
    }
    run(cargo().args(["deny", "--workspace", "check", "bans", "licenses", "sources"]))
}

/// Clippy on the whole workspace, with the features that the tests have; skipped with a notice if there is no clippy.
///
/// # Errors
/// If clippy has a warning.
pub fn clippy() -> Result<()> {
    if !succeeds(cargo().args(["clippy", "--version"])) {
        eprintln!("SKIPPED: there is no clippy; install it with: rustup component add clippy");
        return Ok(());
    }
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))
}

/// The formatting; skipped with a notice if there is no rustfmt.
///
/// # Errors
/// If a file is formatted in another way.
pub fn formatting() -> Result<()> {
    if !succeeds(cargo().args(["fmt", "--version"])) {
        eprintln!("SKIPPED: there is no rustfmt; install it with: rustup component add rustfmt");
        return Ok(());
    }
    for manifest in MANIFESTS {
        run(cargo().args(["fmt", "--all", "--check", "--manifest-path"]).arg(root().join(manifest)))?;
    }
    Ok(())
}
