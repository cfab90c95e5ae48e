//! SQLite's own benchmark, test by test: under Wasmtime, and as the same machine code in a simulated enclave, on a plain
//! and on a sealed directory.

use crate::place::{Places, Task};
use crate::{network, sqlite};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// The argument that asks for this benchmark.
pub const COMMAND: &str = "speedtest1";

/// A line of its output: the test, and its seconds.
type Test<'a> = (&'a str, f64);

/// Runs the program in each place, with these arguments before the database's name, and prints a table.
///
/// # Errors
/// If the program fails in one place.
pub fn command(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let wasm = arguments.next().context("speedtest1 WASM [ARGUMENTS]")?;
    let arguments: Vec<String> = arguments.chain([sqlite::DATABASE.to_owned()]).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let places = Places::new(None, network::LOAD)?;
    let [outside, plain, sealed] =
        ["outside", "plain", "sealed"].map(|name| places.directory(&format!("sqlite-{name}")));
    let (outside, plain, sealed) = (outside?, plain?, sealed?);
    let wasm = Path::new(&wasm);
    let program = Places::same_code(places.bundle(wasm, "native")?)?;
    let sealing = Places::same_code(places.sealed(wasm)?)?;

    let run = |what: &str, mut command: Command| {
        eprintln!("{what}");
        let output = command.output().context("cannot run")?;
        ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).context("it prints no text")
    };
    let on = |task: Task<'_>| places.inside(&task);
    let outputs = [
        run("under Wasmtime", places.outside(&program.task(&arguments).directory(&outside)))?,
        run("in an enclave, plain directory", on(program.task(&arguments).directory(&plain)))?,
        run("in an enclave, sealed directory", on(sealing.task(&arguments).directory(&sealed)))?,
    ];
    let [outside, plain, sealed] = outputs.each_ref().map(|output| tests(output));
    ensure!(!outside.is_empty(), "it prints no times: {}", outputs[0]);
    println!("| | Wasmtime | plain directory | ÷ | sealed directory | ÷ |\n|---|--:|--:|--:|--:|--:|");
    for ((what, outside), ((_, plain), (_, sealed))) in outside.iter().zip(plain.iter().zip(&sealed)) {
        let (plain_ratio, sealed_ratio) = (plain / outside, sealed / outside);
        println!("| {what} | {outside:.3} s | {plain:.3} s | {plain_ratio:.2} | {sealed:.3} s | {sealed_ratio:.2} |");
    }
    Ok(())
}

/// The tests in an output, and the sum of their seconds.
fn tests(output: &str) -> Vec<Test<'_>> {
    output.lines().filter_map(parse).collect()
}

/// ` 100 - 50000 INSERTs into table with no index.......................    0.194s`
fn parse(line: &str) -> Option<Test<'_>> {
    let (what, seconds) = line.trim().strip_suffix('s')?.rsplit_once(' ')?;
    let what = what.trim_end().strip_suffix('.')?.trim_end_matches('.');
    Some((what, seconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::tests;

    #[test]
    fn lines_with_a_time_are_tests() {
        let output = "-- Speedtest1 for SQLite 3.54.1 2026-10-16\n \
            100 - 500 INSERTs into table with no index.......................    0.194s\n \
            142 - 10 SELECTS w/ORDER BY, unindexed............................   12.342s\n       \
            TOTAL.......................................................  103.100s\n-- done 3s\n";
        let read = tests(output);
        let expected =
            [("100 - 500 INSERTs into table with no index", 0.194), ("142 - 10 SELECTS w/ORDER BY, unindexed", 12.342)];
        assert_eq!(read[..2], expected);
        assert_eq!(read[2..], [("TOTAL", 103.1)]);
    }
}
