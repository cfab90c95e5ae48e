//! `cargo xtask web-requests`: the paper's experiment against a server that runs somewhere.

use crate::shell::{cargo, run, target};
use anyhow::Result;
use std::process::Command;

/// Builds the client and has it measure; what it takes and prints is its own affair.
///
/// # Errors
/// Where it does not compile, or the server does not answer as it should.
pub fn measure(arguments: &[String]) -> Result<()> {
    run(cargo().args(["build", "--quiet", "--workspace", "--lib", "--bins", "--examples", "--locked"]))?;
    run(Command::new(target()?.join("debug/wasmstone-benchmark")).arg("web-requests").args(arguments))
}
