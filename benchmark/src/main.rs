//! `wasmstone-benchmark [TRUSTED_LINES]`: how fast wasmstone is, next to Wasmtime on the same machine.
//!
//! Prints a Markdown table. Started by `cargo xtask bench`, which builds what is measured and counts
//! the trusted lines. What each row means is in `docs/benchmarks.md`.

mod alike;
mod building;
mod compute;
mod files;
mod machine;
mod place;
mod sizes;
mod start;
mod statistics;
mod table;

use anyhow::{Context, Result};
use place::Places;
use std::path::PathBuf;
use std::process::ExitCode;
use table::Row;
use wasmstone_happ::backend::sim;

/// As in the command.
#[global_allocator]
static ALLOCATOR: sim::Allocator = sim::Allocator;

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
    let first = arguments.next();
    match first.as_deref() {
        Some(sim::ENCLAVE_ARGUMENT) => sim::enclave_main(),
        Some(side @ (alike::INSIDE | alike::OUTSIDE)) => {
            let run = if side == alike::INSIDE { alike::inside } else { alike::outside };
            let program = PathBuf::from(arguments.next().context("a program is missing")?);
            run(&program, arguments.collect())
        }
        _ => measure(first),
    }
}

fn measure(trusted_lines: Option<String>) -> Result<()> {
    let places = Places::new()?;
    type Section = fn(&Places) -> Result<Vec<Row>>;
    let sections: [Section; 5] = [compute::rows, start::rows, building::rows, files::rows, sizes::rows];
    let mut rows = Vec::new();
    for section in sections {
        rows.extend(section(&places)?);
    }
    if let Some(lines) = trusted_lines {
        rows.push(Row::fact("trusted lines: enclave app and wire", lines));
    }
    print!("{}", table::markdown(&rows));
    println!("\n{}", machine::line());
    Ok(())
}
