//! `cargo xtask keystone`: the end-to-end suite on a machine that has Keystone.

mod client;
mod figures;
mod floats;
mod programs;
mod remote;
mod report;
mod serve;
mod server;
mod trouble;
mod trust;
mod web;

use anyhow::{Context, Result, bail, ensure};
use remote::Remote;
use report::Report;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use wasmstone_test_support::shell::{self, step, target};

/// The environment variable that names the access to a machine with Keystone, like `--host`.
pub const HOST: &str = "WASMSTONE_KEYSTONE_HOST";

const USAGE: &str = "\
usage: cargo xtask keystone --host USER@HOST --platform NAME [--ssh COMMAND] [--only PART]

  --host USER@HOST  the machine; without it, the environment variable WASMSTONE_KEYSTONE_HOST
  --platform NAME   what `wasmstone platform add` called its Keystone build
  --ssh COMMAND     how to get there, with options [default: ssh]
  --only PART       one of: programs, floats, trouble, web, serve, trust; or figures, which only measures";

/// The program for the board, below the target directory.
const BOARD_PROGRAM: &str = "riscv64gc-unknown-linux-gnu/small/wasmstone";

/// The part that only measures.
const FIGURES: &str = "figures";

/// What the parts of the suite share.
struct Suite {
    remote: Remote,
    platform: String,
    /// The directory of the programs that were built for this machine.
    built: PathBuf,
    /// The directory for bundles, and for files that are put on the board.
    work: PathBuf,
    /// The configuration directory. It replaces the user's own, but has the user's platforms.
    home: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the suite.
///
/// # Errors
/// If a check fails, or the machine cannot be used.
fn run(arguments: &[String]) -> Result<()> {
    let mut host = env::var(HOST).ok();
    let (mut platform, mut ssh, mut only) = (None, "ssh".to_owned(), None);
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().with_context(|| format!("{option} needs a value\n\n{USAGE}"))?.clone();
        match option.as_str() {
            "--host" => host = Some(value),
            "--platform" => platform = Some(value),
            "--ssh" => ssh = value,
            "--only" => only = Some(value),
            _ => bail!("there is no option {option}\n\n{USAGE}"),
        }
    }
    let host = host.with_context(|| format!("which machine? say --host, or set {HOST}\n\n{USAGE}"))?;
    let platform = platform.with_context(|| format!("which Keystone build? say --platform\n\n{USAGE}"))?;

    let binary = built(BOARD_PROGRAM)?;
    let suite = Suite::new(Remote::new(&ssh, host), platform, &binary)?;

    let mut report = Report::default();
    type Part = fn(&Suite, &mut Report) -> Result<()>;
    let parts: [(&str, Part); 7] = [
        ("programs", programs::run),
        ("floats", floats::run),
        ("trouble", trouble::run),
        ("web", web::run),
        ("serve", serve::run),
        ("trust", trust::run),
        (FIGURES, figures::run),
    ];
    ensure!(only.as_ref().is_none_or(|only| parts.iter().any(|(name, _)| name == only)), "{USAGE}");
    for (name, part) in parts {
        if only.as_ref().map_or(name != FIGURES, |only| only == name) {
            step(name);
            part(&suite, &mut report)?;
        }
    }
    println!("{report}");
    ensure!(report.failed == 0, "the suite failed on Keystone");
    Ok(())
}

impl Suite {
    fn new(remote: Remote, platform: String, binary: &Path) -> Result<Self> {
        let work = target()?.join("keystone");
        let home = work.join("home");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let suite = Self { remote, platform, built: target()?.join("debug"), work, home };
        suite.copy_platform()?;
        if !suite.home.join("keys").exists() {
            suite.wasmstone(&["key", "new", "default"])?;
        }
        step("Putting wasmstone on the target");
        suite.remote.prepare(binary)?;
        let key = suite.wasmstone(&["key", "show", "default"])?;
        suite.remote.trust(&key)?;
        let doctor = suite.remote.wasmstone(&["doctor"], b"")?;
        eprint!("{}", String::from_utf8_lossy(&doctor.stdout));
        ensure!(doctor.status.success(), "`wasmstone doctor` on the target finds a fault: fix it first");
        Ok(suite)
    }

    /// The platform is the user's; the rest of this suite's configuration is its own.
    fn copy_platform(&self) -> Result<()> {
        let source = match env::var_os("WASMSTONE_HOME") {
            Some(home) => PathBuf::from(home),
            None => env::home_dir().context("there is no home directory")?.join(".config/wasmstone"),
        };
        let (from, to) = (source.join("platforms").join(&self.platform), self.home.join("platforms"));
        ensure!(from.exists(), "there is no platform {}: add it with `wasmstone platform add`", self.platform);
        fs::create_dir_all(&to)?;
        shell::run(Command::new("cp").arg("-r").arg(&from).arg(&to))
    }

    /// Runs the command on this machine.
    ///
    /// # Errors
    /// If the command fails, with its output.
    fn wasmstone(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command().args(arguments).output().context("cannot run wasmstone")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`wasmstone {}` failed: {said}", arguments.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The command on this machine, without arguments yet.
    fn command(&self) -> Command {
        let mut command = Command::new(self.built.join("wasmstone"));
        command.env("WASMSTONE_HOME", &self.home).current_dir(&self.work);
        command
    }

    /// Builds a bundle for a platform, and returns the target of its program; an error text if the program cannot be
    /// built so.
    fn build(&self, wasm: &Path, name: &str, platform: &str, flags: &[&str]) -> Result<Built, String> {
        let bundle = self.work.join(format!("{name}.wsb"));
        let mut build = self.command();
        build.arg("build").arg(wasm).args(["--json", "--quiet", "--platform", platform, "-o"]).arg(&bundle).args(flags);
        let output = build.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let native = !String::from_utf8_lossy(&output.stdout).contains("\"pulley64\"");
        Ok(Built { path: bundle, native })
    }

    /// A bundle on the board.
    fn put(&self, built: &Built) -> Result<String> {
        let name = built.path.file_name().context("a bundle has a name")?.to_string_lossy().into_owned();
        self.remote.put(&name, &fs::read(&built.path)?)?;
        Ok(name)
    }
}

/// A bundle on this machine.
struct Built {
    path: PathBuf,
    /// Whether its program is native code.
    native: bool,
}

/// The output of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    code: Option<i32>,
    stdout: Vec<u8>,
}

impl From<Output> for Seen {
    fn from(output: Output) -> Self {
        Self { code: output.status.code(), stdout: output.stdout }
    }
}

/// The directory of what `cargo xtask keystone` built below the target directory before it started this program.
fn built(path: &str) -> Result<PathBuf> {
    let path = target()?.join(path);
    ensure!(path.exists(), "{} is missing: run `cargo xtask keystone`", path.display());
    Ok(path)
}

/// The web server of `examples/digits`.
fn digits() -> Result<PathBuf> {
    built("digits/wasm32-wasip2/release/digits.wasm")
}

/// A test program of `guests/`.
fn guest(program: &str, target_name: &str) -> Result<PathBuf> {
    built(&format!("guests/{target_name}/release/{program}.wasm"))
}

/// Words, quoted for a shell.
fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| shell::quoted(&OsString::from(word))).collect::<Vec<_>>().join(" ")
}
