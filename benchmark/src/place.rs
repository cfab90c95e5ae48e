//! The two places that a program runs in: a simulated enclave, and Wasmtime outside.

use crate::alike;
use crate::statistics::Rounds;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;
use wasmstone_bundle::Bundle;

/// What is measured, and where its files are.
pub struct Places {
    /// What `cargo xtask` has built.
    pub target: PathBuf,
    /// The command.
    pub wasmstone: PathBuf,
    peer: PathBuf,
    this: PathBuf,
    work: TempDir,
}

/// A program: in a bundle, and beside it as it is compiled there.
pub struct Program {
    /// The bundle.
    pub bundle: PathBuf,
    precompiled: PathBuf,
}

/// One run of a program.
pub struct Task<'a> {
    program: &'a Program,
    arguments: Vec<String>,
    directory: Option<&'a Path>,
    alike: bool,
}

/// How long a run took, inside and outside, in seconds.
pub struct Both {
    /// In the simulated enclave.
    pub inside: Rounds,
    /// Under Wasmtime.
    pub outside: Rounds,
}

impl Both {
    /// Inside ÷ outside.
    pub fn ratio(&self) -> Rounds {
        self.inside.with(&self.outside, |inside, outside| inside / outside)
    }

    /// Inside − outside.
    pub fn difference(&self) -> Rounds {
        self.inside.with(&self.outside, |inside, outside| inside - outside)
    }
}

impl Places {
    /// Finds the programs that were built with this one.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn new() -> Result<Self> {
        let this = std::env::current_exe().context("cannot find this program")?;
        let (wasmstone, peer) = (this.with_file_name("wasmstone"), this.with_file_name("wasmstone-peer"));
        let target = this.ancestors().nth(2).context("this program is not in a target directory")?.to_owned();
        for built in [&wasmstone, &peer] {
            ensure!(built.exists(), "{} is missing: run `cargo xtask bench`", built.display());
        }
        // Not in the system's directory, which may be in memory and too small.
        let work = TempDir::with_prefix_in("benchmark-", &target).context("cannot make a directory")?;
        Ok(Self { target, wasmstone, peer, this, work })
    }

    /// A fresh directory.
    ///
    /// # Errors
    /// Where there is one of that name already.
    pub fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.work.path().join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Builds the bundle of a test program.
    ///
    /// # Errors
    /// Where that fails.
    pub fn program(&self, name: &str) -> Result<Program> {
        let wasm = self.target.join(format!("guests/wasm32-wasip2/release/{name}.wasm"));
        let bundle = self.work.path().join(format!("{name}.wsb"));
        let precompiled = bundle.with_extension("precompiled");
        let mut build = self.command();
        build.args(["build", "--quiet", "--max-memory", "256M"]).arg(&wasm).arg("--output").arg(&bundle);
        let output = build.output().context("cannot run wasmstone")?;
        ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let opened = Bundle::open(&bundle)?;
        let program = opened.member("pulley64/program").context("the bundle holds no Pulley program")??;
        fs::write(&precompiled, program).context("cannot write the program")?;
        Ok(Program { bundle, precompiled })
    }

    /// Runs a task inside and outside in turn, to its end. Both must print the same.
    ///
    /// # Errors
    /// Where a run fails.
    pub fn compare(&self, task: &Task<'_>, rounds: usize) -> Result<Both> {
        self.in_turn(task, rounds, |command| {
            let start = Instant::now();
            let output = command.output().context("cannot run")?;
            let seconds = start.elapsed().as_secs_f64();
            ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
            Ok((seconds, output.stdout))
        })
    }

    /// As [`Self::compare`], but throws away what is printed.
    ///
    /// # Errors
    /// Where a run fails.
    pub fn compare_silently(&self, task: &Task<'_>, rounds: usize) -> Result<Both> {
        self.in_turn(task, rounds, |command| {
            let start = Instant::now();
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("cannot run")?;
            let seconds = start.elapsed().as_secs_f64();
            ensure!(status.success(), "{command:?} failed: {status}");
            Ok((seconds, Vec::new()))
        })
    }

    /// As [`Self::compare`], but only until the first byte comes out.
    ///
    /// # Errors
    /// Where a run fails.
    pub fn compare_start(&self, task: &Task<'_>, rounds: usize) -> Result<Both> {
        self.in_turn(task, rounds, |command| {
            let start = Instant::now();
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("cannot run")?;
            let mut stdout = child.stdout.take().context("there is no pipe")?;
            let mut output = vec![0];
            let first = stdout.read_exact(&mut output);
            let seconds = start.elapsed().as_secs_f64();
            stdout.read_to_end(&mut output).context("cannot read the output")?;
            let status = child.wait().context("cannot wait")?;
            ensure!(status.success() && first.is_ok(), "{command:?} failed: {status}");
            Ok((seconds, output))
        })
    }

    /// The first round of each is not counted: it reads what is not in memory yet.
    fn in_turn(
        &self,
        task: &Task<'_>,
        rounds: usize,
        measure: impl Fn(&mut Command) -> Result<(f64, Vec<u8>)>,
    ) -> Result<Both> {
        let mut pairs = Vec::new();
        for _ in 0..=rounds {
            let (inside, printed_inside) = measure(&mut self.inside(task))?;
            let (outside, printed_outside) = measure(&mut self.outside(task))?;
            ensure!(
                printed_inside == printed_outside,
                "{} prints {:?} inside, {:?} outside",
                task.program.bundle.display(),
                String::from_utf8_lossy(&printed_inside),
                String::from_utf8_lossy(&printed_outside)
            );
            pairs.push((inside, outside));
        }
        let counted = || pairs.iter().skip(1);
        Ok(Both {
            inside: counted().map(|(inside, _)| *inside).collect(),
            outside: counted().map(|(_, outside)| *outside).collect(),
        })
    }

    fn inside(&self, task: &Task<'_>) -> Command {
        if task.alike {
            return self.alike(alike::INSIDE, &task.program.bundle, task);
        }
        let mut command = self.command();
        command.arg("run").arg(&task.program.bundle).args(["--backend", "sim"]);
        task.grant(&mut command);
        command.arg("--").args(&task.arguments);
        command
    }

    fn outside(&self, task: &Task<'_>) -> Command {
        if task.alike {
            return self.alike(alike::OUTSIDE, &task.program.precompiled, task);
        }
        let mut command = Command::new(&self.peer);
        task.grant(&mut command);
        command.arg(&task.program.precompiled).args(&task.arguments);
        command
    }

    fn alike(&self, side: &str, program: &Path, task: &Task<'_>) -> Command {
        let mut command = Command::new(&self.this);
        command.arg(side).arg(program).args(&task.arguments).stdin(Stdio::null());
        command
    }

    /// wasmstone, with a configuration of its own.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.wasmstone);
        command.env("WASMSTONE_HOME", self.work.path().join("home"));
        command
    }
}

impl Program {
    /// A run with these arguments.
    pub fn task(&self, arguments: &[&str]) -> Task<'_> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Task { program: self, arguments, directory: None, alike: false }
    }
}

impl<'a> Task<'a> {
    /// Grants a directory as `/data`.
    pub fn directory(mut self, directory: &'a Path) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Runs in one and the same executable inside and outside, see [`alike`]. Nothing is granted then.
    pub fn alike(mut self) -> Self {
        self.alike = true;
        self
    }

    fn grant(&self, command: &mut Command) {
        if let Some(directory) = self.directory {
            command.arg("--dir").arg(format!("{}::/data", directory.display()));
        }
        command.stdin(Stdio::null());
    }
}
