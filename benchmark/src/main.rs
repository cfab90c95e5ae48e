//! `wasmstone-benchmark [TRUSTED_LINES [PLOTS]]`: how fast wasmstone is, next to Wasmtime on the same machine.
//! `wasmstone-benchmark web-requests ADDRESS:PORT`: how fast a server is, see [`web`].
//!
//! Prints a Markdown table, and writes plots into the directory PLOTS. Started by `cargo xtask bench`, which
//! builds what is measured and counts the trusted lines. What each row means is in `docs/benchmarks.md`.

mod alike;
mod building;
mod compute;
mod files;
mod machine;
mod native;
mod place;
mod plot;
mod riscv64;
mod sizes;
mod start;
mod statistics;
mod table;
mod web;

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
        Some(web::COMMAND) => web::command(arguments),
        _ => measure(first, arguments.next().map(PathBuf::from)),
    }
}

fn measure(trusted_lines: Option<String>, plots: Option<PathBuf>) -> Result<()> {
    let places = Places::new(plots)?;
    type Section = fn(&Places) -> Result<Vec<Row>>;
    let sections: [Section; 7] =
        [compute::rows, native::rows, riscv64::rows, start::rows, building::rows, files::rows, sizes::rows];
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
