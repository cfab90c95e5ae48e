//! SQLite: its own benchmark on a plain and on a sealed directory, inside, compared with Wasmtime with the same
//! machine code.

use crate::place::{Both, Places};
use crate::table::{Row, spread, unit};
use anyhow::Result;
use std::fs;
use std::path::PathBuf;

const ROUNDS: usize = 3;

/// Inside ÷ outside, on a plain directory.
const PLAIN: f64 = 1.3;

/// Inside on a sealed directory ÷ outside on a plain one.
const SEALED: f64 = 2.0;

/// A smaller size, since Pulley takes long.
const PULLEY_SIZE: &str = "5";

/// The path of the database for the program.
pub const DATABASE: &str = "/data/speedtest1.db";

/// What `cargo xtask` builds from SQLite's source, if the source can be fetched.
pub fn program(places: &Places) -> Option<PathBuf> {
    let wasm = places.target.join("sqlite/speedtest1.wasm");
    wasm.exists().then_some(wasm)
}

/// The rows; empty if there is no benchmark.
///
/// # Errors
/// If the benchmark cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let Some(wasm) = program(places) else {
        eprintln!("SKIPPED: SQLite: its benchmark was not built, see `cargo xtask speedtest1`");
        return Ok(Vec::new());
    };
    eprintln!("SQLite's speedtest1");
    let row = |what: &str, both: &Both, limit: f64| {
        let ratio = both.ratio();
        let compared = spread(&ratio, unit::ratio);
        let what = format!("SQLite speedtest1, {what}");
        let row = Row::measured(what, &both.inside, &both.outside, unit::seconds, compared);
        row.at_most(ratio.median(), limit, unit::ratio)
    };
    let [plain, sealed, outside] =
        ["sqlite-plain", "sqlite-sealed", "sqlite-outside"].map(|name| places.directory(name));
    let (plain, sealed, outside) = (plain?, sealed?, outside?);
    let mut rows = Vec::new();
    let program = Places::same_code(places.bundle(&wasm, "native")?)?;
    let task = program.task(&[DATABASE]).directory(&plain).other_directory(&outside);
    rows.push(row("plain directory", &places.compare_silently(&task, ROUNDS)?, PLAIN));
    let program = Places::same_code(places.sealed(&wasm)?)?;
    let task = program.task(&[DATABASE]).directory(&sealed).other_directory(&outside);
    rows.push(row("sealed directory", &places.compare_silently(&task, ROUNDS)?, SEALED));
    let program = places.pulley(&wasm)?;
    let task = program.task(&["--size", PULLEY_SIZE, DATABASE]).directory(&plain).other_directory(&outside);
    rows.push(row("plain directory, Pulley, a smaller one", &places.compare_silently(&task, ROUNDS)?, PLAIN));
    for directory in [plain, sealed, outside] {
        fs::remove_dir_all(directory)?;
    }
    Ok(rows)
}
