//! What a machine needs beyond Rust and a C compiler for its linker.

use crate::shell::{run, step, succeeds};
use crate::{debian, guests, programs};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// The targets that guests are compiled for.
pub const WASM_TARGETS: [&str; 2] = ["wasm32-wasip1", "wasm32-wasip2"];

/// Something that the tests need and this machine has not.
pub struct Missing {
    /// Tests with this in their names need it.
    pub marker: &'static str,
    /// What is missing and why.
    pub reason: String,
}

/// Adds the Rust targets that are not there yet.
///
/// # Errors
/// Where rustup cannot add them.
pub fn wasm_targets() -> Result<()> {
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .context("cannot run rustc: install Rust from https://rustup.rs")?;
    let libraries = Path::new(String::from_utf8_lossy(&sysroot.stdout).trim()).join("lib/rustlib");
    let missing: Vec<&str> = WASM_TARGETS.into_iter().filter(|target| !libraries.join(target).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    step("Rust targets");
    run(Command::new("rustup").args(["target", "add"]).args(&missing)).with_context(|| {
        format!("this Rust has no target {}: add it with rustup, or with your system's packages", missing.join(" "))
    })
}

/// Everything that the tests need, as far as this machine can have it.
///
/// # Errors
/// Where something fails that no test can do without.
pub fn for_tests() -> Result<Vec<Missing>> {
    wasm_targets()?;
    let missing = c_toolchain();
    guests::build()?;
    programs::build()?;
    Ok(missing.into_iter().collect())
}

/// Tests of the C template have this in their names.
const C_MARKER: &str = "needs_c_toolchain";

/// What the C template's README tells users of Debian 12 to install.
const C_PACKAGES: [&str; 5] = ["make", "clang", "lld", "wasi-libc", "libclang-rt-14-dev-wasm32"];

fn c_toolchain() -> Option<Missing> {
    if compiles_c() {
        return None;
    }
    step("Debian packages, for the C template");
    let reason = match debian::install(&C_PACKAGES) {
        Ok(()) if compiles_c() => return None,
        Ok(()) => "the packages are there, but clang does not compile for wasm32-wasi".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    eprintln!("SKIPPED: tests of the C template ({reason})");
    Some(Missing { marker: C_MARKER, reason })
}

fn compiles_c() -> bool {
    let compile =
        "echo 'int main(void) { return 0; }' | clang --target=wasm32-wasi -x c - -o /dev/null && make --version";
    succeeds(Command::new("sh").args(["-c", compile]))
}
