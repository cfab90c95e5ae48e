//! `wasmstone-benchmark [TRUSTED_LINES]`: how fast wasmstone is, next to Wasmtime on the same machine.
//!
//! Prints a Markdown table. Started by `cargo xtask bench`, which builds what is measured and counts
//! the trusted lines. What each row means is in `docs/benchmarks.md`.

mod building;
mod compute;
mod files;
mod machine;
mod place;
mod sizes;
mod start;
mod statistics;
mod table;

use anyhow::Result;
use place::Places;
use std::process::ExitCode;
use table::Row;

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
    let trusted_lines = std::env::args().nth(1);
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
