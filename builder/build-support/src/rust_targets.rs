//! The Rust targets that a build needs beside the machine's own.

use crate::variable;
use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory in which the compiler of this build is installed.
///
/// # Errors
/// If the compiler cannot be asked.
pub fn sysroot() -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(variable("RUSTC")?).args(["--print", "sysroot"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// Makes sure that the compiler has the standard library of each of `targets`. rustup adds those that are missing,
/// if this build runs under rustup; a warning of the build script tells that.
///
/// # Errors
/// Names `purpose`, what cannot be built, and the command that adds the targets.
pub fn require(targets: &[&str], purpose: &str) -> Result<(), Box<dyn Error>> {
    let missing = missing(targets, &sysroot()?);
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!("rustup target add {}", missing.join(" "));
    // rustup sets this for every tool that it starts. Without it, another Rust than rustup's would be running.
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        println!("cargo::warning=building {purpose} needs more Rust targets; running `{command}`");
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", "--toolchain"]).arg(toolchain).args(&missing);
        let added = rustup.output().is_ok_and(|output| output.status.success());
        if added && self::missing(targets, &sysroot()?).is_empty() {
            return Ok(());
        }
    }
    Err(format!("this Rust cannot build {purpose}; add the targets that are missing: {command}").into())
}

/// The targets among `targets` for which the compiler has no standard library.
fn missing<'a>(targets: &[&'a str], sysroot: &Path) -> Vec<&'a str> {
    targets.iter().copied().filter(|target| !sysroot.join("lib/rustlib").join(target).exists()).collect()
}
