//! Suites of programs that others have written, each run in a bundle on the simulator.
//!
//! `cargo xtask wasi-testsuite` and `cargo xtask wasmtime-programs` start it.

mod suite;
mod wasi_testsuite;
mod wasmtime_programs;

use anyhow::{Result, bail};
use std::process::ExitCode;

fn main() -> ExitCode {
    match try_main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn try_main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let suite = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match suite.as_str() {
        "wasi-testsuite" => wasi_testsuite::run(&rest),
        "wasmtime-programs" => wasmtime_programs::run(&rest),
        _ => bail!("usage: wasmstone-conformance wasi-testsuite|wasmtime-programs ARGS"),
    }
}
