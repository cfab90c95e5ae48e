//! Sealed directories compared with plain ones, both inside.

use crate::place::Places;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const ROUNDS: usize = 5;

/// The MiB in a file.
const MEBIBYTES: u32 = 256;

/// The number of pages of 4 KiB that are read.
const PAGES: u32 = 50_000;

/// The speed of reading pages, sealed ÷ plain.
const PAGES_LIMIT: f64 = 0.5;

/// The size of a sealed file beyond its content, in hundredths.
const OVERHEAD: f64 = 2.0;

/// The rows.
///
/// # Errors
/// If a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    eprintln!("sealed directories");
    let (sealed, plain) = (places.directory("bulk-sealed")?, places.directory("bulk-plain")?);
    let wasm = places.guest("bulk");
    let program = Places::same_code(places.sealed(&wasm)?)?;
    let other = places.bundle(&wasm, "native")?;
    let run = |arguments: &[&str], rounds| {
        let task = program.task(arguments).directory(&sealed).other_directory(&plain).against(&other);
        places.compare(&task, rounds)
    };
    let speed = |what: String, both: &crate::place::Both| {
        let ratio = both.inside.with(&both.outside, |sealed, plain| plain / sealed);
        (Row::compared(what, spread(&ratio, unit::ratio)), ratio)
    };
    let (writing, _) = speed(
        format!("writing a file of {MEBIBYTES} MiB, by 64 KiB: sealed ÷ plain"),
        &run(&["write", &MEBIBYTES.to_string()], ROUNDS)?,
    );
    let mut rows = vec![writing];
    let (taken, content) = (taken(&sealed)?, f64::from(MEBIBYTES << 20));
    let overhead = (taken as f64 / content - 1.0) * 100.0;
    rows.push(
        speed(format!("reading a file of {MEBIBYTES} MiB, by 64 KiB: sealed ÷ plain"), &run(&["read"], ROUNDS)?).0,
    );
    let (pages, ratio) = speed(
        format!("random reads of 4 KiB of a file of {MEBIBYTES} MiB: sealed ÷ plain"),
        &run(&["pages", &PAGES.to_string()], ROUNDS)?,
    );
    rows.push(pages.at_least(ratio.median(), PAGES_LIMIT, unit::ratio));
    let row = Row::compared(
        format!("a sealed directory with a file of {MEBIBYTES} MiB takes more on disk"),
        unit::percent(overhead),
    );
    rows.push(row.at_most(overhead, OVERHEAD, unit::percent));
    for directory in [sealed, plain] {
        fs::remove_dir_all(directory)?;
    }
    Ok(rows)
}

/// The bytes of all files in a directory.
fn taken(directory: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { taken(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}
