//! The project's own commands: `cargo xtask COMMAND`.
//!
//! It builds, tests and measures; separate programs that it only starts are in `tests/`. Everything is built with one
//! profile and one set of features, so that no command makes another one compile the engine again.

mod bench;
mod budget;
mod debian;
mod demo;
mod digits;
mod dist;
mod guests;
mod instructions;
mod kernels;
#[cfg(test)]
mod links;
mod lint;
mod programs;
mod reproduce;
mod riscv64;
mod setup;
mod speedtest1;
mod sqlite;
mod start;
mod test;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo            set up, then build, sign, measure, verify and run the examples
  test [ARGS]     set up, then run the whole test suite; ARGS go to `cargo test`
  target          build the program for the target side: one static file for RISC-V Linux
  dist            make archives and Debian packages of the host side and the board side, in target/dist
  keystone ARGS   run the end-to-end suite on a machine with Keystone; without ARGS it says how
  setup           set up only: Rust targets, Debian packages, test programs
  budget          count the lines of trusted code
  bench [OPTIONS] measure this machine; --bless puts the table into README.md and docs/benchmarks.md,
                  --only SECTION measures only a part of it
  reproduce       build the enclave app for Keystone here and from a copy of this tree, and compare
  wasi-testsuite ARGS
                  run the official WASI test suite from a checkout; without ARGS it says how
  wasmtime-programs ARGS
                  run the programs of Wasmtime's own WASI tests, likewise
  speedtest1 [SOURCE] [ARGS]
                  run SQLite's own benchmark in a bundle, on a plain and on a sealed directory, and under
                  Wasmtime; without SOURCE its file comes from the system's source package
  soft-float [--rounds N] [FUNCTION...]
                  check the soft-float functions against the processor: those of one 32-bit operand with
                  all there are, the others in 1,000,000,000 rounds
  lint            check the formatting, clippy's advice, and the dependencies' licences
  web-requests ADDRESS:PORT
                  measure a server like examples/digits, wherever it runs: a hundred pictures, ten times,
                  or many connections at once";

/// The commands that take arguments.
const TAKE_ARGUMENTS: [&str; 8] =
    ["test", "bench", "keystone", "speedtest1", "wasi-testsuite", "wasmtime-programs", "web-requests", "soft-float"];

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
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    if !TAKE_ARGUMENTS.contains(&command.as_str()) && !rest.is_empty() {
        bail!("`{command}` takes no arguments\n\n{USAGE}");
    }
    match command.as_str() {
        "demo" => demo::run(),
        "test" => test::run(&rest),
        "keystone" => start::keystone(&rest),
        "target" => riscv64::run_target(),
        "dist" => dist::run_all(),
        "setup" => setup::for_tests().map(drop),
        "budget" => budget::run(),
        "bench" => bench::run(&rest),
        "speedtest1" => speedtest1::measure(&rest),
        "soft-float" => start::soft_float(&rest),
        "reproduce" => reproduce::run_both(),
        "lint" => lint::run_all(),
        "wasi-testsuite" => start::conformance(&command, &rest),
        "wasmtime-programs" => start::conformance(&command, &rest),
        "web-requests" => start::web_requests(&rest),
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    }
}
