//! Compiles the soft-float functions to WebAssembly, with the compiler itself: they have no dependencies. Every
//! lowered program contains the result, so it must not depend on the profile, the flags or the directory.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_build_support::{rust_targets, variable};

const TARGET: &str = "wasm32-wasip1";

const ARGUMENTS: [&str; 16] = [
    "--crate-name=soft_float",
    "--crate-type=cdylib",
    "--edition=2024",
    "--target",
    TARGET,
    "-Copt-level=3",
    "-Ccodegen-units=1",
    "-Clto=fat",
    "-Cpanic=abort",
    "-Cstrip=symbols",
    // The operators of WebAssembly 1.0, and those that extend a sign.
    "-Ctarget-cpu=mvp",
    "-Ctarget-feature=+sign-ext",
    // Not a program: no start, no C library.
    "-Clink-self-contained=no",
    "-Clink-arg=--no-entry",
    "-Clink-arg=-zstack-size=0",
    "--cap-lints=allow",
];

fn main() -> Result<(), Box<dyn Error>> {
    let source = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../soft-float/src").canonicalize()?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", source.display());
    rust_targets::require(&[TARGET], "the soft-float functions")?;

    let mut remapped = OsString::from("--remap-path-prefix=");
    remapped.push(&source);
    remapped.push("=soft-float");
    let mut rustc = Command::new(variable("RUSTC")?);
    rustc.args(ARGUMENTS).arg(remapped).arg(source.join("lib.rs"));
    rustc.arg("-o").arg(Path::new(&variable("OUT_DIR")?).join("soft_float.wasm"));
    if !rustc.status()?.success() {
        return Err("the soft-float functions could not be compiled; the reason is above".into());
    }
    Ok(())
}
