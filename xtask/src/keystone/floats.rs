//! Floating point: programs full of it, while other processes of the target compute with floats too.
//! Keystone neither saves nor protects floating-point registers, so a fault would show as a wrong number.

use super::remote::{Remote, text};
use super::report::Report;
use super::{Seen, Suite, guest};
use anyhow::Result;

/// Programs and arguments that keep each busy for some seconds under emulation.
const PROGRAMS: [(&str, &str); 3] = [("mandelbrot", "60"), ("floats", "3000"), ("matmul", "40")];

const ROUNDS: u32 = 5;

/// A process of the target that does nothing but multiply and add: a float kernel in the simulator.
const LOAD: (&str, &str) = ("floats", "2000000000");

/// Runs every program several times beside the load.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let load = Load::start(suite)?;
    let result = beside(suite, report);
    load.end(suite, report)?;
    result
}

/// Processes of the target that compute with floats.
pub struct Load {
    /// Their numbers.
    processes: String,
}

impl Load {
    /// Starts two of them.
    ///
    /// # Errors
    /// Where the program does not build, or ssh does not get there.
    pub fn start(suite: &Suite) -> Result<Self> {
        let load = suite.build(&guest(LOAD.0, "wasm32-wasip2")?, "load", "sim", &["--targets", "pulley64"]);
        let load = suite.put(&load.map_err(anyhow::Error::msg)?)?;
        let line = Remote::line(&["run", &load, "--backend", "sim", "--", LOAD.1]);
        let script = format!("for i in 1 2; do {line} < /dev/null > /dev/null 2>&1 & echo $!; done");
        let started = suite.remote.shell(&script, b"")?;
        Ok(Self { processes: text(&started.stdout).replace('\n', " ") })
    }

    /// Ends them; that they were still there is one more check.
    ///
    /// # Errors
    /// Where ssh does not get there.
    pub fn end(self, suite: &Suite, report: &mut Report) -> Result<()> {
        let alive = suite.remote.shell(&format!("kill {}", self.processes), b"")?;
        report.check("the load ran all the time", (!alive.status.success()).then(|| text(&alive.stderr)));
        Ok(())
    }
}

fn beside(suite: &Suite, report: &mut Report) -> Result<()> {
    for (program, size) in PROGRAMS {
        let wasm = guest(program, "wasm32-wasip2")?;
        let here = suite.build(&wasm, program, "sim", &[]).map_err(anyhow::Error::msg)?;
        let expected: Seen = {
            let bundle = here.path.display().to_string();
            suite.command().args(["run", &bundle, "--backend", "sim", "--", size]).output()?.into()
        };
        let built = suite.build(&wasm, program, &suite.platform, &["--max-memory", "16M"]);
        let bundle = suite.put(&built.map_err(anyhow::Error::msg)?)?;
        for round in 1..=ROUNDS {
            let output = suite.remote.wasmstone(&["run", &bundle, "--backend", "keystone", "--", size], b"")?;
            let stderr = text(&output.stderr);
            let seen = Seen::from(output);
            let fault = (seen != expected)
                .then(|| format!("{:?} instead of {:?}: {stderr}", text(&seen.stdout), text(&expected.stdout)));
            report.check(&format!("{program} beside floating-point load, round {round}"), fault);
        }
    }
    Ok(())
}
