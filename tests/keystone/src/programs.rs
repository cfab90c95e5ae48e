//! The test programs of `guests/`, interpreted and native, on Keystone and in the simulator here.

use super::remote::{Remote, text};
use super::report::Report;
use super::{Built, Seen, Suite, guest};
use anyhow::{Context, Result};
use std::fs;
use std::io::Write;
use std::process::Stdio;
use wasmstone_guest_list::{CASES, Case, Data, Exit, SEED, big};

/// What these programs print differs between machines, kernels or runs: buffer sizes that the kernel grants, random
/// numbers, and a report with keys. Their exit codes say whether all was as they expect.
const OF_THE_MACHINE: [&str; 3] = ["tcp_states", "random_values", "attestation"];

/// Runs every case.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    suite.remote.put("seed", SEED.as_bytes())?;
    suite.remote.put("big", &big())?;
    for case in CASES {
        if case.closed_stdout {
            report.skip(case.name, "a pipe that nobody reads does not reach through ssh");
            continue;
        }
        let expected = here(suite, case)?;
        for engine in ["pulley", "auto"] {
            let name = format!("{} ({engine})", case.name);
            let built = match build(suite, case, &suite.platform, engine) {
                Ok(built) if engine == "auto" && !built.native => {
                    report.skip(&name, "it has what there is no machine code for, so it is interpreted");
                    continue;
                }
                Ok(built) => built,
                Err(error) => {
                    report.check(&name, Some(error));
                    continue;
                }
            };
            let (seen, stderr) = there(suite, case, &built)?;
            let code = match case.exit {
                Exit::Code(code) => code,
                Exit::Trap => 134,
            };
            let fault = if seen.code != Some(code) {
                Some(format!("exit code {:?} instead of {code}: {stderr}", seen.code))
            } else if seen.stdout != expected.stdout && !OF_THE_MACHINE.contains(&case.name) {
                Some(format!("printed {:?}, in the simulator {:?}", text(&seen.stdout), text(&expected.stdout)))
            } else {
                None
            };
            report.check(&name, fault);
        }
    }
    Ok(())
}

fn build(suite: &Suite, case: &Case, platform: &str, engine: &str) -> Result<Built, String> {
    let wasm = guest(case.program, "wasm32-wasip2").map_err(|error| error.to_string())?;
    let cap = if case.max_memory > 0 { case.max_memory } else { 64 << 20 }.to_string();
    suite.build(&wasm, "program", platform, &["--engine", engine, "--max-memory", &cap])
}

/// The options and arguments of a run.
fn line<'a>(case: &Case, bundle: &'a str, backend: &'a str, data: &'a str, variables: &'a [String]) -> Vec<&'a str> {
    let mut line = vec!["run", bundle, "--backend", backend, "--timeout", "300s"];
    match case.data {
        Data::None => {}
        Data::Empty => line.extend(["--dir", data]),
        Data::ReadOnly => line.extend(["--read-only-dir", data]),
    }
    if case.network {
        line.push("--net");
    }
    variables.iter().for_each(|variable| line.extend(["--env", variable]));
    line.push("--");
    line.extend(case.args);
    line
}

fn variables(case: &Case) -> Vec<String> {
    case.env.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn here(suite: &Suite, case: &Case) -> Result<Seen> {
    let built = build(suite, case, "sim", "pulley").map_err(anyhow::Error::msg)?;
    let outer = suite.work.join("data");
    let _ = fs::remove_dir_all(&outer);
    fs::create_dir_all(outer.join("data"))?;
    fs::write(outer.join("secret"), "not for the guest")?;
    if case.data == Data::ReadOnly {
        fs::write(outer.join("data/seed"), SEED)?;
        fs::write(outer.join("data/big"), big())?;
    }
    let (data, variables) = (format!("{}::/data", outer.join("data").display()), variables(case));
    let bundle = built.path.display().to_string();
    let mut command = suite.command();
    command.args(line(case, &bundle, "sim", &data, &variables));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    // A guest that does not read its input closes it, which is not an error.
    let _ = child.stdin.take().context("no standard input")?.write_all(case.stdin.as_bytes());
    Ok(child.wait_with_output()?.into())
}

fn there(suite: &Suite, case: &Case, built: &Built) -> Result<(Seen, String)> {
    let bundle = suite.put(built)?;
    let variables = variables(case);
    let line = line(case, &bundle, "keystone", "outer/data::/data", &variables);
    let seed = if case.data == Data::ReadOnly { "cp seed big outer/data/ && " } else { "" };
    let fresh = "rm -rf outer && mkdir -p outer/data && echo not for the guest > outer/secret && ";
    let script = format!("{fresh}{seed}{}", Remote::line(&line));
    let output = suite.remote.shell(&script, case.stdin.as_bytes())?;
    let stderr = text(&output.stderr);
    Ok((output.into(), stderr))
}
