//! Asking the host: lines printed one by one, files.

use crate::place::{Both, Places};
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

const ROUNDS: usize = 5;

/// Lines that are printed.
const LINES: u32 = 50_000;

/// MiB that are written and read.
const MEBIBYTES: u32 = 256;

/// Files that are opened.
const FILES: u32 = 10_000;

/// The rows.
///
/// # Errors
/// Where a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    eprintln!("asking the host: lines, files");
    let directory = places.directory("data")?;
    let mut rows = vec![lines(places, &directory.join("lines"))?];

    let bulk = places.program("bulk")?;
    let run = |arguments: &[&str]| places.compare(&bulk.task(arguments).directory(&directory), ROUNDS);
    let moved = |what: &str, both: &Both| {
        let speed = |seconds: f64| f64::from(MEBIBYTES << 20) / seconds;
        let (inside, outside) = (both.inside.map(speed), both.outside.map(speed));
        let ratio = inside.with(&outside, |inside, outside| inside / outside);
        let what = format!("{what} a file of {MEBIBYTES} MiB, by 64 KiB");
        Row::measured(what, &inside, &outside, unit::throughput, spread(&ratio, unit::ratio))
    };
    let writing = run(&["write", &MEBIBYTES.to_string()])?;
    File::open(directory.join("bulk"))?.sync_all().context("cannot write to the disk")?;
    rows.push(moved("reading", &run(&["read"])?));
    rows.push(moved("writing", &writing));

    for index in 0..FILES {
        fs::write(directory.join(index.to_string()), "").context("cannot make files")?;
    }
    let both = run(&["open", &FILES.to_string()])?;
    let what = format!("opening and closing {FILES} files");
    rows.push(Row::measured(what, &both.inside, &both.outside, unit::milliseconds, spread(&both.ratio(), unit::ratio)));
    Ok(rows)
}

/// Each line is one edge call. What a line costs more inside is what the call costs: all else is done
/// outside as well.
fn lines(places: &Places, input: &Path) -> Result<Row> {
    let written = File::create(input).and_then(|mut file| file.write_all("x\n".repeat(LINES as usize).as_bytes()));
    written.context("cannot write the lines")?;
    let both = places.compare_silently(&places.program("lines")?.task(&[]).stdin(input), ROUNDS)?;
    let a_line = |seconds: f64| seconds / f64::from(LINES);
    let more = both.difference().map(a_line);
    let (inside, outside) = (both.inside.map(a_line), both.outside.map(a_line));
    let compared = format!("+ {}", spread(&more, unit::microseconds));
    Ok(Row::measured("printing a line: one edge call", &inside, &outside, unit::microseconds, compared))
}
