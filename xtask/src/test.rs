//! `cargo xtask test`: the whole suite, and the totals.

mod tally;

use crate::lint;
use crate::setup::{self, Missing};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use tally::Tally;
use wasmstone_test_support::shell::{cargo, step};

/// Sets up, and runs every test, a short run of every fuzz target included, and clippy. The last line on standard
/// output is the total.
///
/// # Errors
/// If a test fails, the formatting is wrong, clippy has a warning, or no test could be run.
pub fn run(arguments: &[String]) -> Result<()> {
    let missing = setup::for_tests()?;
    step("Formatting");
    let formatted = lint::formatting();

    step("Tests");
    let (succeeded, tally) = tests(arguments, &missing)?;
    for test in &tally.ignored {
        println!("skipped: {test}");
    }
    for Missing { marker, reason } in &missing {
        println!("skipped: every test with {marker} in its name: {reason}");
    }
    step("Clippy");
    let linted = lint::clippy();
    println!("{tally}");
    formatted?;
    linted?;
    if !succeeded {
        bail!("the test suite failed");
    }
    if tally.passed == 0 {
        bail!("no test was run");
    }
    Ok(())
}

/// Runs `cargo test`, passes its output on, and counts the results.
fn tests(arguments: &[String], missing: &[Missing]) -> Result<(bool, Tally)> {
    let mut test = cargo();
    test.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(arguments);
    if !missing.is_empty() && !arguments.iter().any(|argument| argument == "--") {
        test.arg("--");
    }
    for Missing { marker, .. } in missing {
        test.args(["--skip", marker]);
    }
    stream(&mut test)
}

fn stream(test: &mut Command) -> Result<(bool, Tally)> {
    let mut child = test.stdout(Stdio::piped()).spawn().context("cannot run cargo test")?;
    let mut tally = Tally::default();
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    Ok((status.success(), tally))
}
