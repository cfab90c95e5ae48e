//! Programs that others have written, each run in a bundle on the simulator: what the suites share.

mod case;
mod echo;
mod enclave;
mod exchange;
mod expectations;
mod options;
mod outcome;
mod process;

pub use case::{Case, Dir};
pub use echo::Protocol;
pub use exchange::Exchange;
pub use expectations::Expectations;
pub use options::Options;

use anyhow::{Context, Result, ensure};
use enclave::Wasmstone;
use outcome::{Outcome, Report};
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

/// Runs the cases, as many at once as there are processors, and compares the results with the expectations.
///
/// Prints a line for each case as it ends, and the totals.
///
/// # Errors
/// If a case fails or passes unexpectedly, if an expectation refers to no case, or if no case could be run.
pub fn run(suite: &str, cases: &[Case], expectations: &Expectations, options: &Options) -> Result<()> {
    expectations.check(cases.iter().map(|case| case.name.as_str()))?;
    let chosen: Vec<&Case> = cases.iter().filter(|case| options.chooses(&case.name)).collect();
    ensure!(!chosen.is_empty(), "{suite}: no test's name contains `{}`", options.only.as_deref().unwrap_or_default());

    let wasmstone = Wasmstone::new(options)?;
    let waiting = Mutex::new(chosen.into_iter());
    let report = Mutex::new(Report::new(suite, options));
    let at_once = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(case) = next(&waiting) {
                    let outcome = outcome(case, expectations, &wasmstone);
                    report.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(&case.name, outcome);
                }
            });
        }
    });
    report.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).finish()
}

fn next<'a>(waiting: &Mutex<impl Iterator<Item = &'a Case>>) -> Option<&'a Case> {
    waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next()
}

fn outcome(case: &Case, expectations: &Expectations, wasmstone: &Wasmstone) -> Outcome {
    match expectations.left_out(&case.name) {
        Some(reason) => Outcome::LeftOut(reason.to_owned()),
        None => Outcome::of(wasmstone.run(case), expectations.failure(&case.name)),
    }
}

/// The files with an extension in a directory, by name; empty if there is no such directory.
pub fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
