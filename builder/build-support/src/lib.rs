//! What the build scripts of the builder's crates share: reading Cargo's variables, installing the Rust targets that
//! a build needs, and decoding RISC-V instructions, which tests use as well.

#![forbid(unsafe_code)]

pub mod riscv;
pub mod rust_targets;

use std::env;
use std::ffi::OsString;

/// A variable that Cargo sets for build scripts.
///
/// # Errors
/// Names the variable if it is not set.
pub fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("the variable {name} is not set: build with Cargo"))
}
