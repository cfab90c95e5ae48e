//! The two places in which a program runs: a simulated enclave, and Wasmtime outside.

use crate::same_executable;
use crate::served::Served;
use crate::statistics::Rounds;
use anyhow::{Context, Result, anyhow, ensure};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wasmstone_builder::WasmKind;
use wasmstone_bundle::Bundle;
use wasmstone_policy::Target;
use wasmtime::Engine;

/// The extension of a file that holds a launch.
pub const LAUNCH: &str = "launch";

/// The policy of programs whose directory is sealed.
const SEALED: &str = "arguments = \"any\"\n[[directory]]\nguest = \"/data\"\naccess = \"read-write\"\nsealed = true\n";

/// The options of a measurement, and the directories of its files.
pub struct Places {
    /// The directory of what `cargo xtask` has built.
    pub target: PathBuf,
    /// The command.
    pub wasmstone: PathBuf,
    peer: PathBuf,
    this: PathBuf,
    work: TempDir,
    plots: Option<PathBuf>,
    /// How long a load is put on servers.
    pub load: Duration,
}

/// A program: in a bundle, and as it is run outside.
pub struct Program {
    /// The bundle.
    pub bundle: PathBuf,
    precompiled: PathBuf,
    /// The bundle's launch; `None` if Wasmtime runs the program with its own defaults.
    launch: Option<PathBuf>,
}

/// One run of a program.
pub struct Task<'a> {
    program: &'a Program,
    arguments: Vec<String>,
    directory: Option<&'a Path>,
    /// The directory of the other side, if that side has another one.
    other_directory: Option<&'a Path>,
    same_executable: bool,
    /// The bundle that is run inside, if it is not the program outside.
    against: Option<&'a Path>,
}

/// A program that serves, in both places at once: the server that gets no requests does nothing.
pub struct Servers {
    /// In the simulated enclave.
    pub inside: Served,
    /// Under Wasmtime.
    pub outside: Served,
}

impl Servers {
    /// Measures both in turn, after a first round that is not counted.
    ///
    /// # Errors
    /// If a measurement fails.
    pub fn in_turn(&self, rounds: usize, measure: impl Fn(&Served) -> Result<f64>) -> Result<Both> {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for _ in 0..=rounds {
            inside.push(measure(&self.inside)?);
            outside.push(measure(&self.outside)?);
        }
        Ok(Both { inside: inside.into_iter().skip(1).collect(), outside: outside.into_iter().skip(1).collect() })
    }
}

/// The time of a run, inside and outside, in seconds.
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
    /// Finds the programs that were built with this one. Plots are written to `plots`; a load is put on servers for
    /// the time `load`.
    ///
    /// # Errors
    /// If a program is missing.
    pub fn new(plots: Option<PathBuf>, load: Duration) -> Result<Self> {
        let this = std::env::current_exe().context("cannot find this program")?;
        let (wasmstone, peer) = (this.with_file_name("wasmstone"), this.with_file_name("wasmstone-peer"));
        let target = this.ancestors().nth(2).context("this program is not in a target directory")?.to_owned();
        for built in [&wasmstone, &peer] {
            ensure!(built.exists(), "{} is missing: run `cargo xtask bench`", built.display());
        }
        // Not in the system's directory for temporary files, which may be in memory and too small.
        let work = TempDir::with_prefix_in("benchmark-", &target).context("cannot make a directory")?;
        Ok(Self { target, wasmstone, peer, this, work, plots, load })
    }

    /// A fresh directory.
    ///
    /// # Errors
    /// If a directory with this name exists already.
    pub fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.work.path().join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(path)
    }

    /// Builds the bundle of a test program for Pulley. Outside, the same bytes are run.
    ///
    /// # Errors
    /// If the bundle cannot be built.
    pub fn program(&self, name: &str) -> Result<Program> {
        self.pulley(&self.guest(name))
    }

    /// As [`Self::program`], for any program.
    ///
    /// # Errors
    /// If the bundle cannot be built.
    pub fn pulley(&self, wasm: &Path) -> Result<Program> {
        Self::extracted(self.bundle(wasm, "pulley")?, Target::Pulley64)
    }

    /// A bundle of machine code. Outside, the same bytes are run.
    ///
    /// # Errors
    /// If the bundle holds no machine code for this machine.
    pub fn same_code(bundle: PathBuf) -> Result<Program> {
        Self::extracted(bundle, Target::host().context("there is no machine code for this machine")?)
    }

    fn extracted(bundle: PathBuf, target: Target) -> Result<Program> {
        let precompiled = bundle.with_extension("precompiled");
        let launch = bundle.with_extension(LAUNCH);
        let opened = Bundle::open(&bundle)?;
        for (member, file) in [("program", &precompiled), ("launch", &launch)] {
            let member = format!("{}/{member}", target.name());
            let content = opened.member(&member).with_context(|| format!("the bundle holds no {member}"))??;
            fs::write(file, content).context("cannot write the program")?;
        }
        Ok(Program { bundle, precompiled, launch: Some(launch) })
    }

    /// Builds the bundle of a program as machine code. Outside, the same component is run as Wasmtime compiles it by
    /// its own defaults for the processor of this machine.
    ///
    /// # Errors
    /// If the bundle cannot be built, or the component cannot be compiled.
    pub fn native(&self, wasm: &Path) -> Result<Program> {
        let bundle = self.bundle(wasm, "native")?;
        let precompiled = bundle.with_extension("precompiled");
        let module = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
        let engine = Engine::default();
        let compiled = match wasmstone_builder::WasmKind::of(&module)? {
            WasmKind::Component => engine.precompile_component(&module),
            WasmKind::CoreModule => engine.precompile_module(&module),
        };
        let compiled = compiled.map_err(|error| anyhow!("{error:#}"))?;
        fs::write(&precompiled, compiled).context("cannot write the program")?;
        Ok(Program { bundle, precompiled, launch: None })
    }

    /// Starts a program that serves, in both places, with one executable as in the rows on computing.
    ///
    /// # Errors
    /// If the program does not begin to listen.
    pub fn serve(&self, program: &Program, arguments: &[&str]) -> Result<Servers> {
        let task = program.task(arguments).same_executable();
        let inside = Served::start(self.inside(&task))?;
        Ok(Servers { inside, outside: Served::start(self.outside(&task))? })
    }

    /// Starts a bundle that answers HTTP requests, with the command.
    ///
    /// # Errors
    /// If the bundle does not begin to listen.
    pub fn serve_http(&self, bundle: &Path) -> Result<Served> {
        let mut command = self.command();
        command.arg("serve").arg(bundle).args(["--backend", "sim", "--addr", "127.0.0.1:0"]);
        Served::start(command)
    }

    /// The file of the example `digits`.
    pub fn digits(&self) -> PathBuf {
        self.target.join("digits/wasm32-wasip2/release/digits.wasm")
    }

    /// The file of a test program.
    pub fn guest(&self, name: &str) -> PathBuf {
        self.target.join(format!("guests/wasm32-wasip2/release/{name}.wasm"))
    }

    /// Builds a bundle.
    ///
    /// # Errors
    /// If the bundle cannot be built.
    pub fn bundle(&self, wasm: &Path, engine: &str) -> Result<PathBuf> {
        self.build(wasm, engine, None)
    }

    /// Builds the bundle of a program as machine code, whose directory `/data` is sealed.
    ///
    /// # Errors
    /// If the bundle cannot be built.
    pub fn sealed(&self, wasm: &Path) -> Result<PathBuf> {
        let policy = self.work.path().join("sealed.toml");
        fs::write(&policy, SEALED).context("cannot write the policy")?;
        self.build(wasm, "native", Some(&policy))
    }

    fn build(&self, wasm: &Path, engine: &str, policy: Option<&Path>) -> Result<PathBuf> {
        let name = wasm.file_stem().unwrap_or_default().to_string_lossy();
        let kind = if policy.is_some() { "sealed" } else { engine };
        let bundle = self.work.path().join(format!("{name}-{kind}.wsb"));
        let mut build = self.command();
        build.args(["build", "--quiet", "--max-memory", "256M", "--engine", engine]);
        if let Some(policy) = policy {
            build.arg("--config").arg(policy);
        }
        let output = build.arg(wasm).arg("--output").arg(&bundle).output().context("cannot run wasmstone")?;
        ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(bundle)
    }

    /// Writes a plot into the directory of the documents, if the options ask for it.
    ///
    /// # Errors
    /// If the plot cannot be written.
    pub fn plot(&self, file: &str, svg: &str) -> Result<()> {
        let Some(directory) = &self.plots else { return Ok(()) };
        let path = directory.join(file);
        fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Runs a task inside and outside in turn, to its end. Both must print the same.
    ///
    /// # Errors
    /// If a run fails.
    pub fn compare(&self, task: &Task<'_>, rounds: usize) -> Result<Both> {
        self.in_turn(task, rounds, |command| {
            let start = Instant::now();
            let output = command.output().context("cannot run")?;
            let seconds = start.elapsed().as_secs_f64();
            ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
            Ok((seconds, output.stdout))
        })
    }

    /// As [`Self::compare`], but the output is thrown away.
    ///
    /// # Errors
    /// If a run fails.
    pub fn compare_silently(&self, task: &Task<'_>, rounds: usize) -> Result<Both> {
        self.in_turn(task, rounds, |command| {
            let start = Instant::now();
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("cannot run")?;
            let seconds = start.elapsed().as_secs_f64();
            ensure!(status.success(), "{command:?} failed: {status}");
            Ok((seconds, Vec::new()))
        })
    }

    /// As [`Self::compare`], but only until the first byte of output.
    ///
    /// # Errors
    /// If a run fails.
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

    /// The first round of each is not counted: it reads files that are not in memory yet.
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

    /// The command that runs a task inside.
    pub fn inside(&self, task: &Task<'_>) -> Command {
        if task.same_executable {
            return self.same_executable(same_executable::INSIDE, &task.program.bundle, task);
        }
        self.run(&task.program.bundle, task, task.directory)
    }

    fn run(&self, bundle: &Path, task: &Task<'_>, directory: Option<&Path>) -> Command {
        let mut command = self.command();
        command.arg("run").arg(bundle).args(["--backend", "sim"]);
        task.grant(directory, &mut command);
        command.arg("--").args(&task.arguments);
        command
    }

    /// The command that runs a task outside.
    pub fn outside(&self, task: &Task<'_>) -> Command {
        let directory = task.other_directory.or(task.directory);
        if let Some(other) = task.against {
            return self.run(other, task, directory);
        }
        if task.same_executable {
            return self.same_executable(same_executable::OUTSIDE, &task.program.precompiled, task);
        }
        let mut command = Command::new(&self.peer);
        if let Some(launch) = &task.program.launch {
            command.arg("--launch").arg(launch);
        }
        task.grant(directory, &mut command);
        command.arg(&task.program.precompiled).args(&task.arguments);
        command
    }

    fn same_executable(&self, side: &str, program: &Path, task: &Task<'_>) -> Command {
        let mut command = Command::new(&self.this);
        command.arg(side).arg(program).args(&task.arguments).stdin(Stdio::null());
        command
    }

    /// The command `wasmstone`, with its own configuration.
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
        Task { program: self, arguments, directory: None, other_directory: None, same_executable: false, against: None }
    }
}

impl<'a> Task<'a> {
    /// Grants a directory as `/data`.
    pub fn directory(mut self, directory: &'a Path) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Grants another directory as `/data` on the other side.
    pub fn other_directory(mut self, directory: &'a Path) -> Self {
        self.other_directory = Some(directory);
        self
    }

    /// Runs another bundle inside, instead of the program outside.
    pub fn against(mut self, bundle: &'a Path) -> Self {
        self.against = Some(bundle);
        self
    }

    /// Runs in the same executable inside and outside, see [`same_executable`]. Then the network is granted, and
    /// nothing else.
    pub fn same_executable(mut self) -> Self {
        self.same_executable = true;
        self
    }

    fn grant(&self, directory: Option<&Path>, command: &mut Command) {
        if let Some(directory) = directory {
            command.arg("--dir").arg(format!("{}::/data", directory.display()));
        }
        command.stdin(Stdio::null());
    }
}
