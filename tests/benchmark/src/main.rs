//! `wasmstone-benchmark [OPTIONS]`: how fast wasmstone is, compared with Wasmtime on the same machine, see
//! [`options`].
//! `wasmstone-benchmark web-requests ADDRESS:PORT`: how fast a server is, see [`web`].
//! `wasmstone-benchmark speedtest1 WASM [ARGUMENTS]`: how fast SQLite is, see [`speedtest1`].
//!
//! Prints a Markdown table. `cargo xtask bench` starts this program; before that, it builds the measured programs and
//! counts the trusted lines. `docs/benchmarks.md` describes each row.

mod attestation;
mod building;
mod compute;
mod echo;
mod emulator;
mod files;
mod lowered;
mod machine;
mod native;
mod network;
mod options;
mod place;
mod plot;
mod riscv64;
mod same_executable;
mod sealed;
mod served;
mod sizes;
mod speedtest1;
mod sqlite;
mod start;
mod statistics;
mod table;
mod web;
mod web_lowered;

use anyhow::{Context, Result};
use options::Options;
use place::Places;
use std::path::PathBuf;
use std::process::ExitCode;
use table::Row;
use wasmstone_simulator::{Allocator, enclave_main};

/// As in the program for simulated enclaves.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Measures something, for some rows of the table.
type Section = fn(&Places) -> Result<Vec<Row>>;

/// The table's sections, in order, and their names.
const SECTIONS: [(&str, Section); 12] = [
    ("compute", compute::rows),
    ("native", native::rows),
    ("riscv64", riscv64::rows),
    ("lowered", lowered::rows),
    ("start", start::rows),
    ("build", building::rows),
    ("files", files::rows),
    ("network", network::rows),
    ("sqlite", sqlite::rows),
    ("sealed", sealed::rows),
    ("attestation", attestation::rows),
    ("sizes", sizes::rows),
];

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
        Some(same_executable::ENCLAVE) => enclave_main(arguments.map(Into::into)),
        Some(side @ (same_executable::INSIDE | same_executable::OUTSIDE)) => {
            let run = if side == same_executable::INSIDE { same_executable::inside } else { same_executable::outside };
            let program = PathBuf::from(arguments.next().context("a program is missing")?);
            run(&program, arguments.collect())
        }
        Some(web::COMMAND) => web::command(arguments),
        Some(speedtest1::COMMAND) => speedtest1::command(arguments),
        _ => measure(options::parse(first.into_iter().chain(arguments))?),
    }
}

fn measure(options: Options) -> Result<()> {
    let Options { trusted_lines, plots, load, only } = options;
    let places = Places::new(plots, load)?;
    let mut rows = Vec::new();
    for (_, section) in SECTIONS.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        rows.extend(section(&places)?);
    }
    if let Some(lines) = trusted_lines.filter(|_| only.is_none()) {
        rows.push(Row::fact("trusted lines: every crate in eapp/", lines));
    }
    print!("{}", table::markdown(&rows));
    println!("\n{}", machine::line());
    Ok(())
}
