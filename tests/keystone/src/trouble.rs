//! Errors on a real device, and what the user is told.

use super::remote::{Remote, text};
use super::report::Report;
use super::{Suite, guest};
use anyhow::Result;

/// Causes each error.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let spin = suite.build(&guest("floats", "wasm32-wasip2")?, "spin", &suite.platform, &["--max-memory", "16M"]);
    let spin = suite.put(&spin.map_err(anyhow::Error::msg)?)?;
    // With this argument the program computes for hours.
    let run = |extra: &[&str]| {
        Remote::line(&[&["run", &spin, "--backend", "keystone"], extra, &["--", "2000000000"]].concat())
    };

    let output = suite.remote.shell(&run(&["--timeout", "3s"]), b"")?;
    expect(report, "a program that spins is stopped by --timeout", &output, 107);

    let script = format!("timeout -s INT 4 {}; echo $?", inner(&run(&[])));
    let output = suite.remote.shell(&script, b"")?;
    let stopped = text(&output.stdout);
    report.check(
        "SIGINT ends it",
        (stopped != "130" && stopped != "124").then(|| format!("{stopped}: {}", text(&output.stderr))),
    );

    let large = suite.build(&guest("hello", "wasm32-wasip2")?, "large", &suite.platform, &["--max-memory", "900M"]);
    let large = suite.put(&large.map_err(anyhow::Error::msg)?)?;
    let output = suite.remote.wasmstone(&["run", &large, "--backend", "keystone"], b"")?;
    let fault = (output.status.code() != Some(106) && !output.status.success()).then(|| text(&output.stderr));
    report.check("more memory than the machine has contiguous is refused, or there", fault);

    let sim = suite.build(&guest("hello", "wasm32-wasip2")?, "sim", "sim", &["--targets", "pulley64"]);
    let sim = suite.put(&sim.map_err(anyhow::Error::msg)?)?;
    let output = suite.remote.wasmstone(&["run", &sim, "--backend", "keystone"], b"")?;
    let fault = output.status.success().then(|| "a bundle for the simulator ran on Keystone".to_owned());
    report.check("a bundle for the simulator is refused", fault);

    let hello = suite.build(&guest("hello", "wasm32-wasip2")?, "hello", &suite.platform, &["--max-memory", "16M"]);
    let hello = suite.put(&hello.map_err(anyhow::Error::msg)?)?;
    let output = suite.remote.wasmstone(&["run", &hello, "--backend", "keystone"], b"")?;
    expect(report, "after all that, hello still runs", &output, 0);
    Ok(())
}

/// A command for `timeout`, which takes no variables before it.
fn inner(line: &str) -> String {
    format!("env {line}")
}

fn expect(report: &mut Report, name: &str, output: &std::process::Output, code: i32) {
    let fault = (output.status.code() != Some(code))
        .then(|| format!("exit code {:?} instead of {code}: {}", output.status.code(), text(&output.stderr)));
    report.check(name, fault);
}
