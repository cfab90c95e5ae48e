//! Edge calls: lines printed one by one, files.

use crate::place::{Both, Places, Program};
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result};
use std::fs::{self, File};

const ROUNDS: usize = 5;

/// The number of lines that are printed.
const LINES: u32 = 50_000;

/// The MiB that are written and read.
const MEBIBYTES: u32 = 256;

/// The number of files that are opened.
const FILES: u32 = 10_000;

/// The rows.
///
/// # Errors
/// If a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    eprintln!("asking the host: lines, files");
    let directory = places.directory("data")?;
    let bulk = places.program("bulk")?;
    let mut rows = vec![lines(places, &bulk)?];
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
    let what = "opening and closing 10,000 files";
    rows.push(Row::measured(what, &both.inside, &both.outside, unit::milliseconds, spread(&both.ratio(), unit::ratio)));
    Ok(rows)
}

/// The same lines are printed one by one and many together. One by one, each line takes an edge call.
fn lines(places: &Places, bulk: &Program) -> Result<Row> {
    let print = |how: &str| places.compare_silently(&bulk.task(&[how, &LINES.to_string()]), ROUNDS);
    let (alone, together) = (print("lines")?, print("lines-together")?);
    let a_line =
        |alone: &Rounds, together| alone.with(together, |alone, together| (alone - together) / f64::from(LINES));
    let inside = a_line(&alone.inside, &together.inside);
    let outside = a_line(&alone.outside, &together.outside);
    let more = inside.with(&outside, |inside, outside| inside - outside);
    let compared = spread(&more, unit::more_microseconds);
    Ok(Row::measured("a write to standard output: one edge call", &inside, &outside, unit::microseconds, compared))
}
