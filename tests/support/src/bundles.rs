//! Builds and runs bundles with the real command.

use crate::processes::InTime;
use crate::shell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;
use wasmstone_bundle::Bundle;
use wasmstone_bundle::verify::{Program, contents};
#[cfg(feature = "end-to-end")]
use wasmstone_peer::{Outcome, RunConfig};
use wasmstone_policy::Target;

/// A configuration directory for the test process. It is made before the first build, so that tests that run at once
/// find the same key.
static HOME: LazyLock<TempDir> = LazyLock::new(|| {
    let home = TempDir::new().unwrap();
    let made = wasmstone(home.path()).args(["key", "new", "default"]).output_in_time();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    home
});

fn wasmstone(home: &Path) -> Command {
    let mut command = Command::new(program());
    command.env("WASMSTONE_HOME", home);
    command
}

/// The command `wasmstone`, which Cargo builds beside the executables of the tests.
///
/// # Panics
/// If it is missing, or one of its sources changed after it was built. The same holds for the program of simulated
/// enclaves.
pub fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        // The command starts the other program for each simulated enclave, so both have to be current.
        let [program, _] = ["wasmstone", ENCLAVE_PROGRAM].map(current);
        program
    });
    &PROGRAM
}

/// The program that becomes a simulated enclave. It lies beside the command and is built with it.
///
/// # Panics
/// If it or the command is missing or older than its sources.
pub fn enclave_program() -> PathBuf {
    program().with_file_name(ENCLAVE_PROGRAM)
}

const ENCLAVE_PROGRAM: &str = "wasmstone-simulated-enclave";

/// The path of a program that was built after its sources were last changed.
fn current(name: &str) -> PathBuf {
    const REMEDY: &str = "run `cargo test --workspace --no-run`";
    let program = shell::profile().unwrap().join(name);
    assert!(program.exists(), "{} is missing: {REMEDY}", program.display());
    if let Some(source) = newer_source(&program) {
        panic!("{} is older than {}: {REMEDY}", program.display(), source.display());
    }
    program
}

/// A source of the program that was written after the program, by the list that Cargo puts beside it.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let written = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok();
    let built = written(program)?;
    let list = fs::read_to_string(program.with_extension("d")).ok()?;
    let (_, sources) = list.split_once(": ")?;
    // As in a makefile, a space that belongs to a name has a backslash before it.
    let sources = sources.replace("\\ ", "\0");
    let sources = sources.split_whitespace().map(|source| PathBuf::from(source.replace('\0', " ")));
    sources.into_iter().find(|source| written(source).is_some_and(|written| written > built))
}

/// The command, with the tests' own configuration directory.
pub fn command() -> Command {
    wasmstone(HOME.path())
}

/// The directory in which `cargo xtask test` puts what it builds for the tests.
pub fn target_directory() -> PathBuf {
    shell::target().unwrap()
}

/// A test program.
pub fn guest(program: &str, target: &str) -> PathBuf {
    let path = target_directory().join(format!("guests/{target}/release/{program}.wasm"));
    assert!(path.exists(), "{} is missing: run `cargo xtask test`", path.display());
    path
}

/// A bundle, built in a directory of its own.
pub struct Bundled {
    directory: TempDir,
    program: Program,
}

impl Bundled {
    /// The bundle.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("program.wsb")
    }

    /// The bundle's first program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Runs the bundle's first program outside any enclave.
    #[cfg(feature = "end-to-end")]
    pub fn run_outside(&self, config: RunConfig) -> Outcome {
        let engine = wasmstone_peer::engine(&self.program.launch.program).unwrap();
        // SAFETY: the bundle was built by this test, so the program is what the compiler wrote.
        unsafe { wasmstone_peer::run(&engine, &self.program.program, config) }.unwrap()
    }
}

/// Both engines: the names that `run` takes, and the targets of a bundle for both.
pub const ENGINES: [&str; 2] = ["pulley", "native"];

/// The option that builds a bundle for [`ENGINES`].
pub fn both_engines() -> String {
    let native = Target::host().expect("the tests run where there is machine code");
    format!("--targets=pulley64,{}", native.name())
}

/// Builds a bundle.
pub fn build(wasm: &Path, flags: &[&str]) -> Bundled {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("program.wsb");
    let output = command().arg("build").arg(wasm).arg("-o").arg(&path).args(flags).output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let contents = contents(&Bundle::open(&path).unwrap()).unwrap();
    Bundled { directory, program: contents.programs.into_iter().next().unwrap() }
}

/// A run that is being prepared.
pub struct Enclave<'a> {
    bundled: &'a Bundled,
    options: Vec<String>,
}

impl<'a> Enclave<'a> {
    /// A run without grants.
    pub fn new(bundled: &'a Bundled) -> Self {
        Self { bundled, options: Vec::new() }
    }

    /// Adds an option of `wasmstone run`.
    pub fn option(&mut self, name: &str, value: &str) -> &mut Self {
        self.options.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// Adds options with their values.
    pub fn options(&mut self, options: &[String]) -> &mut Self {
        self.options.extend_from_slice(options);
        self
    }

    /// Adds an option without a value.
    pub fn flag(&mut self, name: &str) -> &mut Self {
        self.options.push(name.to_owned());
        self
    }

    /// The command line. A guest that hangs fails its test in the end.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.arg("run").arg(self.bundled.path()).args(["--backend", "sim", "--timeout", "300s"]).args(&self.options);
        command.arg("--").args(arguments);
        command
    }
}

/// The guest's own output to standard error: without the line that says that nothing is protected.
pub fn guests_own(stderr: &str) -> &str {
    let (first, rest) = stderr.split_once('\n').unwrap_or((stderr, ""));
    assert!(first.contains("nothing is protected"), "the first line is {first:?}");
    rest
}

#[cfg(test)]
mod tests {
    use super::newer_source;
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};
    use tempfile::TempDir;

    #[test]
    fn a_program_is_stale_once_a_source_changed() {
        let directory = TempDir::new().unwrap();
        let [program, old, new] = ["program", "old.rs", "new one.rs"].map(|name| directory.path().join(name));
        for (path, seconds) in [(&old, 1), (&program, 2), (&new, 3)] {
            let file = File::create(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
        let list = |sources: &str| fs::write(program.with_extension("d"), format!("program: {sources}\n")).unwrap();
        assert_eq!(newer_source(&program), None);
        list(&format!("{} /there/is/no/such/file {}", old.display(), directory.path().display()));
        assert_eq!(newer_source(&program), None);
        list(&format!("{} {}", old.display(), new.display().to_string().replace(' ', "\\ ")));
        assert_eq!(newer_source(&program), Some(new));
    }
}
