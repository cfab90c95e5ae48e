//! Floating point: programs with many floats, while other processes of the board compute with floats too. Keystone
//! neither saves nor protects floating-point registers, and here the host does not either, so a bug would show as a
//! wrong number.

use super::remote::text;
use super::report::Report;
use super::{Seen, Suite, built as file, guest};
use anyhow::Result;
use std::fs;

/// Programs, and arguments with which each computes for about a second under emulation, lowered to integer code.
const PROGRAMS: [(&str, &str); 8] = [
    ("mandelbrot", "120"),
    ("floats", "5000"),
    ("matmul", "80"),
    ("nbody", "4000"),
    ("spectral_norm", "80"),
    ("fft", "13"),
    ("div_sqrt", "100000"),
    ("neurons", "200"),
];

/// The number of rounds of lowered programs; in each round, every program runs once.
const ROUNDS: usize = 100;

/// How often the first programs run interpreted, which takes longer.
const INTERPRETED: usize = 6;

/// How often the first programs run with floating-point registers, to check that a bug would show.
const UNPROTECTED: usize = 3;

/// The registers of enclaves are not kept, but filled with other values at every entry.
const NOT_KEPT: &str = "--insecure-foreign-floats";

/// A process of the board that only multiplies and adds: a float kernel as a program for RISC-V Linux, below the target
/// directory, and its argument.
const LOAD: (&str, &str) = ("guests/riscv64gc-unknown-linux-gnu/release/floats", "2000000000");

/// Runs every program several times beside this load.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let load = Load::start(suite)?;
    let result = beside(suite, report);
    load.end(suite, report)?;
    result
}

/// Processes of the board that compute with floats.
pub struct Load {
    /// The processes' numbers.
    processes: String,
}

impl Load {
    /// Starts two of them.
    ///
    /// # Errors
    /// If the program does not build, or ssh does not reach the machine.
    pub fn start(suite: &Suite) -> Result<Self> {
        suite.remote.put("load", &fs::read(file(LOAD.0)?)?)?;
        let run = format!("./load {} < /dev/null > /dev/null 2>&1", LOAD.1);
        let script = format!("chmod +x load && for i in 1 2; do {run} & echo $!; done");
        let started = suite.remote.shell(&script, b"")?;
        Ok(Self { processes: text(&started.stdout).replace('\n', " ") })
    }

    /// Ends them; that they were still running is one more check.
    ///
    /// # Errors
    /// If ssh does not reach the machine.
    pub fn end(self, suite: &Suite, report: &mut Report) -> Result<()> {
        let alive = suite.remote.shell(&format!("kill {}", self.processes), b"")?;
        report.check("the load ran all the time", (!alive.status.success()).then(|| text(&alive.stderr)));
        Ok(())
    }
}

fn beside(suite: &Suite, report: &mut Report) -> Result<()> {
    let memory = ["--max-memory", "16M"];
    let programs = PROGRAMS.iter().map(|(program, size)| {
        let expected = here(suite, program, size)?;
        let lowered = built(suite, program, &[&memory[..], &["--engine", "native", "--float", "lowered"]].concat())?;
        Ok(Prepared { program, size, bundle: lowered, expected })
    });
    let programs = programs.collect::<Result<Vec<_>>>()?;
    for (round, prepared) in programs.iter().cycle().take(ROUNDS).enumerate() {
        let name = format!("{} lowered beside floating-point load, round {}", prepared.program, round + 1);
        report.check(&name, prepared.fault(suite)?);
    }
    for prepared in programs.iter().take(INTERPRETED) {
        let bundle = built(suite, prepared.program, &[&memory[..], &["--engine", "pulley"]].concat())?;
        let name = format!("{} interpreted beside floating-point load", prepared.program);
        report.check(&name, Prepared { bundle, ..prepared.clone() }.fault(suite)?);
    }
    // If no program is disturbed by the load, the checks above prove little.
    let mut disturbed = 0;
    for prepared in programs.iter().take(UNPROTECTED) {
        let flags = ["--engine", "native", "--float", "hardware", "--insecure-float"];
        let bundle = built(suite, prepared.program, &[&memory[..], &flags].concat())?;
        disturbed += usize::from(Prepared { bundle, ..prepared.clone() }.fault(suite)?.is_some());
    }
    let name = format!("with floating-point registers programs are wrong ({disturbed} of {UNPROTECTED})");
    report.check(&name, (disturbed == 0).then(|| "none was".to_owned()));
    Ok(())
}

/// A program on the board.
#[derive(Clone)]
struct Prepared<'a> {
    program: &'a str,
    size: &'a str,
    bundle: String,
    expected: Seen,
}

impl Prepared<'_> {
    /// Runs it, and returns what was wrong.
    fn fault(&self, suite: &Suite) -> Result<Option<String>> {
        let Self { size, bundle, expected, .. } = self;
        let arguments = ["run", bundle, "--backend", "keystone", "--timeout", "5m", NOT_KEPT, "--", size];
        let output = suite.remote.wasmstone(&arguments, b"")?;
        let stderr = text(&output.stderr);
        let seen = Seen::from(output);
        let fault = || format!("{:?} instead of {:?}: {stderr}", text(&seen.stdout), text(&expected.stdout));
        Ok((seen != *expected).then(fault))
    }
}

/// The output of a lowered program in the simulator on this machine.
fn here(suite: &Suite, program: &str, size: &str) -> Result<Seen> {
    let lowered = suite.build(&guest(program, "wasm32-wasip2")?, program, "sim", &["--float", "lowered"]);
    let bundle = lowered.map_err(anyhow::Error::msg)?.path.display().to_string();
    Ok(suite.command().args(["run", &bundle, "--backend", "sim", "--", size]).output()?.into())
}

/// Builds a program for the platform, and puts it on the board under its own name.
fn built(suite: &Suite, program: &str, flags: &[&str]) -> Result<String> {
    let built = suite.build(&guest(program, "wasm32-wasip2")?, program, &suite.platform, flags);
    suite.put(&built.map_err(anyhow::Error::msg)?)
}
