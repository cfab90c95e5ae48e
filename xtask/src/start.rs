//! Commands that are separate programs: they are built, and then replace this process.

use crate::{digits, guests, riscv64, setup};
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;
use wasmstone_test_support::shell::{cargo, root, run, step, target};

/// Runs a suite that others have written: `suite` is its name.
///
/// # Errors
/// If the runner cannot be started.
pub fn conformance(suite: &str, arguments: &[String]) -> Result<()> {
    let mut arguments = arguments.to_vec();
    arguments.insert(0, suite.to_owned());
    become_package("wasmstone-conformance", &[], &arguments)
}

/// Builds what the suite for a machine with Keystone puts there, and runs it. Without arguments it prints its usage.
///
/// # Errors
/// If something does not compile, or the suite cannot be started.
pub fn keystone(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        setup::targets()?;
        step("Building wasmstone, here and for the target");
        run(cargo().args(["build", "--workspace", "--lib", "--bins", "--examples", "--locked"]))?;
        riscv64::build()?;
        guests::build()?;
        guests::build_for_board("floats")?;
        digits::build_or_miss()?;
    }
    become_package("wasmstone-keystone-suite", &[], arguments)
}

/// Checks the soft-float functions against the processor.
///
/// # Errors
/// If the check cannot be started.
pub fn soft_float(arguments: &[String]) -> Result<()> {
    let example = ["--features", "check", "--example", "against_processor"];
    become_package("wasmstone-soft-float", &example, arguments)
}

/// Runs the paper's experiment against a running server.
///
/// # Errors
/// If the client does not compile or cannot be started.
pub fn web_requests(arguments: &[String]) -> Result<()> {
    run(cargo().args(["build", "--quiet", "--workspace", "--lib", "--bins", "--examples", "--locked"]))?;
    let mut client = Command::new(target()?.join("debug/wasmstone-benchmark"));
    let error = client.arg("web-requests").args(arguments).exec();
    Err(error).context("cannot run wasmstone-benchmark")
}

/// Replaces this process by a package's program, in the user's current directory.
fn become_package(package: &str, options: &[&str], arguments: &[String]) -> Result<()> {
    let mut run = Command::new(cargo().get_program());
    run.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(root().join("Cargo.toml"));
    let error = run.args(["--package", package]).args(options).arg("--").args(arguments).exec();
    Err(error).with_context(|| format!("cannot run the program of {package}"))
}
