//! How fast the machine is: launches by phase, edge calls, and HTTP requests.

use super::client::Client;
use super::remote::{Remote, text};
use super::report::Report;
use super::{Built, Suite, digits, guest, serve};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Instant;

/// The number of runs of each launch; the median is shown.
const LAUNCHES: usize = 3;

/// Lines printed, one edge call each.
const LINES: u32 = 5000;

/// The number of requests on one connection, after as many that are not measured.
const REQUESTS: u32 = 300;

/// The phases of a launch, by their names in the output of `--timings`.
const PHASES: [&str; 8] = ["verify", "create", "copy", "finalize", "boot", "stream", "engine", "first_output"];

/// Prints tables in Markdown.
pub fn run(suite: &Suite, _: &mut Report) -> Result<()> {
    let digits = digits()?;
    println!("| milliseconds, median of {LAUNCHES} | {} | image | program |", PHASES.join(" | ").replace('_', " "));
    println!("|---|{}--:|--:|", "--:|".repeat(PHASES.len()));
    let hello = guest("hello", "wasm32-wasip2")?;
    // The address is invalid on purpose: the server reports it and ends, and by then all of it was started.
    let address = "nowhere";
    for (name, wasm, flags, arguments) in [
        ("hello, interpreted", &hello, &["--engine", "pulley", "--max-memory", "64M"][..], &[][..]),
        ("hello, native", &hello, &["--engine", "native", "--max-memory", "64M"], &[]),
        ("examples/digits, interpreted", &digits, &["--engine", "pulley", "--max-memory", "128M"], &[address]),
        ("examples/digits, lowered", &digits, &["--engine", "native", "--max-memory", "128M"], &[address]),
        (
            "examples/digits, native with floating-point registers",
            &digits,
            &["--engine", "native", "--insecure-float", "--max-memory", "128M"],
            &[address],
        ),
    ] {
        let built = suite.build(wasm, "launch", &suite.platform, flags).map_err(anyhow::Error::msg)?;
        launches(suite, name, &built, arguments)?;
    }
    edge_calls(suite)?;
    requests(suite)
}

fn launches(suite: &Suite, name: &str, built: &Built, arguments: &[&str]) -> Result<()> {
    let bundle = suite.put(built)?;
    let mut line = vec!["run", &bundle, "--backend", "keystone", "--timings", "--timeout", "60s", "--net", "--"];
    line.extend(arguments);
    let mut launches = Vec::new();
    for _ in 0..LAUNCHES {
        let output = suite.remote.wasmstone(&line, b"")?;
        let said = text(&output.stderr);
        let timings = said.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
        launches.push(timings.with_context(|| format!("no timings were printed: {said}"))?);
    }
    let phase = |phase: &str| {
        let key = format!("{phase}_ms");
        let mut values: Vec<f64> = launches.iter().filter_map(|launch| launch[&key].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).map_or("–".to_owned(), |value| format!("{value:.0}"))
    };
    let inspected = suite.wasmstone(&["inspect", "--json", &built.path.display().to_string()])?;
    let inspected: Value = serde_json::from_str(&inspected).context("`inspect --json` prints no JSON")?;
    let program = &inspected["programs"][0];
    let size = |key: &str| {
        program[key].as_u64().map_or("–".to_owned(), |size| format!("{:.1} MiB", size as f64 / 1048576.0))
    };
    println!("| {name} | {} | {} | {} |", PHASES.map(phase).join(" | "), size("image_size"), size("size"));
    Ok(())
}

/// The same lines are printed one by one and many together: the difference is one edge call for each line.
fn edge_calls(suite: &Suite) -> Result<()> {
    let built = suite.build(&guest("bulk", "wasm32-wasip2")?, "bulk", &suite.platform, &["--max-memory", "16M"]);
    let bundle = suite.put(&built.map_err(anyhow::Error::msg)?)?;
    let seconds = |how: &str| -> Result<f64> {
        let mut best = f64::INFINITY;
        for _ in 0..LAUNCHES {
            let line = Remote::line(&["run", &bundle, "--backend", "keystone", "--", how, &LINES.to_string()]);
            let start = Instant::now();
            let output = suite.remote.shell(&format!("{line} > /dev/null"), b"")?;
            ensure!(output.status.success(), "{}", text(&output.stderr));
            best = best.min(start.elapsed().as_secs_f64());
        }
        Ok(best)
    };
    let call = (seconds("lines")? - seconds("lines-together")?) / f64::from(LINES);
    println!("\na write to standard output, one edge call: {:.0} µs", call * 1e6);
    Ok(())
}

/// Requests one after the other, with the way through ssh included.
fn requests(suite: &Suite) -> Result<()> {
    for engine in ["pulley", "native"] {
        let server = serve::start(suite, engine)?;
        let mut client = Client::new(server.address)?;
        let mut ask = || (0..REQUESTS).try_for_each(|_| client.get("/hello").map(drop));
        ask()?;
        let start = Instant::now();
        ask()?;
        let each = start.elapsed().as_secs_f64() / f64::from(REQUESTS);
        println!("an HTTP request on a kept connection, {engine}: {:.1} ms, {:.0} in a second", each * 1e3, 1.0 / each);
    }
    Ok(())
}
