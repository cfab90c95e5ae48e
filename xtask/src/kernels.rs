//! The computing kernels in C of `guests/c/kernels`.

use anyhow::{Context, Result};
use std::fs;
use std::process::Command;
use wasmstone_test_support::shell::{root, run, step, target};

/// Compiles them into `target/kernels/KERNEL.wasm`, with Debian's clang and wasi-libc.
///
/// # Errors
/// If there is no such compiler, or a kernel does not compile.
pub fn build() -> Result<()> {
    step("Computing kernels in C");
    let (sources, directory) = (root().join("tests/guests/c/kernels"), target()?.join("kernels"));
    fs::create_dir_all(&directory).context("cannot make the directory for them")?;
    for source in fs::read_dir(&sources).with_context(|| format!("cannot read {}", sources.display()))? {
        let source = source?.path();
        let Some(name) = source.file_name().filter(|_| source.extension().is_some_and(|extension| extension == "c"))
        else {
            continue;
        };
        let mut compile = Command::new("clang");
        compile.args(["--target=wasm32-wasi", "-O2", "-Wall", "-Wextra", "-Werror"]).arg(&source);
        run(compile.arg("-lm").arg("-o").arg(directory.join(name).with_extension("wasm"))).context(
            "the kernels need clang, lld and wasi-libc: sudo apt install clang lld wasi-libc libclang-rt-dev-wasm32",
        )?;
    }
    Ok(())
}
