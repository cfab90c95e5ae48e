//! Builds the bundle of a case, runs it in a simulated enclave, and checks how it ended.

use super::case::Case;
use super::echo::Echo;
use super::options::Options;
use super::process::{alone, pipe, served};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// How long a program may run.
const TIMEOUT: &str = "120s";

/// How long the command itself may run, in seconds; longer, so that the timeout ends a program.
const PATIENCE: &str = "300";

/// The command, with a configuration directory of its own.
pub struct Wasmstone {
    command: PathBuf,
    engine: Option<String>,
    home: TempDir,
}

impl Wasmstone {
    /// Makes the configuration directory and the key that signs the bundles.
    ///
    /// # Errors
    /// If there is no such command, or it cannot make the key.
    pub fn new(options: &Options) -> Result<Self> {
        let home = TempDir::new().context("cannot make a temporary directory")?;
        let wasmstone = Self { command: options.wasmstone()?, engine: options.engine.clone(), home };
        succeed(wasmstone.command(wasmstone.home.path()).args(["key", "new", "default"]))?;
        Ok(wasmstone)
    }

    /// Builds a case's bundle, runs it, and checks how it ended.
    ///
    /// # Errors
    /// A description of the difference from the expected result.
    pub fn run(&self, case: &Case) -> Result<()> {
        let scratch = TempDir::new().context("cannot make a temporary directory")?;
        let bundle = scratch.path().join("program.wsb");
        let mut build = self.command(scratch.path());
        build.args(["build", "--quiet"]).arg(&case.program).arg("-o").arg(&bundle).args(&case.build);
        succeed(self.add_engine(&mut build)).context("the bundle cannot be built")?;

        let dirs: Vec<_> = (0..).map(|index: usize| scratch.path().join(index.to_string())).zip(&case.dirs).collect();
        let mut options = case.run.clone();
        for (path, dir) in &dirs {
            dir.make(path).with_context(|| format!("cannot make the directory {}", dir.guest))?;
            options.push(if dir.read_only { "--read-only-dir" } else { "--dir" }.to_owned());
            options.push(format!("{}::{}", path.display(), dir.guest));
        }
        let echo = case.server.map(Echo::start).transpose()?;
        let echo = echo.as_ref().map(Echo::address).unwrap_or_default();
        if !echo.is_empty() {
            options.push(format!("--env=HTTP_SERVER={echo}"));
        }

        let command = |how: &[&str], environment: &BTreeMap<String, String>| {
            let mut command = self.command(scratch.path());
            command.args(how).arg(&bundle).args(["--backend", "sim"]).args(&options);
            command.args(environment.iter().map(|(name, value)| format!("--env={name}={value}")));
            if !options.iter().any(|option| option == "--timeout") {
                command.args(["--timeout", TIMEOUT]);
            }
            self.add_engine(&mut command).arg("--").args(&case.args);
            command
        };
        let output = match &case.into {
            _ if !case.requests.is_empty() => {
                served(command(&["serve", "--addr", "127.0.0.1:0"], &case.env), case, &echo)
            }
            Some(environment) => pipe(command(&["run"], &case.env), command(&["run"], environment)),
            None => alone(command(&["run"], &case.env), case),
        };
        check(case, &output?)?;
        dirs.iter().try_for_each(|(path, dir)| dir.check(path))
    }

    fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new("timeout");
        // In the foreground: otherwise `timeout` sends each signal twice.
        command.args(["--foreground", "--kill-after=5", PATIENCE]).arg(&self.command);
        command.current_dir(directory).env("WASMSTONE_HOME", self.home.path()).stdin(Stdio::null());
        command
    }

    fn add_engine<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.args(self.engine.iter().flat_map(|engine| ["--engine", engine.as_str()]))
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command.output().context("cannot run wasmstone")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// Compares how a program ended with the expected end.
fn check(case: &Case, output: &Output) -> Result<()> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = own_errors(&stderr);
    let code = output.status.code().unwrap_or(-1);
    if code != case.exit {
        let lines: Vec<&str> = stderr.trim().lines().take(5).collect();
        bail!("exit code {code}, not {}: {}", case.exit, lines.join("\n    "));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    for (what, found, wanted) in [("output", stdout.as_ref(), &case.stdout), ("error", stderr, &case.stderr)] {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| *wanted != found) {
            bail!("standard {what} is {}, not {}", shown(found), shown(wanted));
        }
    }
    ensure!(
        stderr.contains(&case.stderr_contains),
        "standard error is {}, without {:?}",
        shown(stderr),
        case.stderr_contains
    );
    Ok(())
}

/// The program's output to standard error: without the line that says that nothing is protected.
fn own_errors(stderr: &str) -> &str {
    match stderr.split_once('\n') {
        Some((first, rest)) if first.contains("nothing is protected") => rest,
        _ => stderr,
    }
}

/// The beginning of a text, quoted.
fn shown(text: &str) -> String {
    const MOST: usize = 200;
    let beginning: String = text.chars().take(MOST).collect();
    match text.len() - beginning.len() {
        0 => format!("{text:?}"),
        more => format!("{beginning:?} and {more} bytes more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn an_end_is_held_against_what_it_has_to_be() {
        let output = |code: i32, stdout: &str, stderr: &str| Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.into(),
            stderr: stderr.into(),
        };
        let case =
            Case { exit: 3, stdout: Some("out".to_owned()), stderr: Some("err\n".to_owned()), ..Case::default() };
        check(&case, &output(3, "out", "wasmstone: nothing is protected\nerr\n")).unwrap();
        for (bad, word) in [
            (output(0, "out", "why\n"), "exit code 0, not 3: why"),
            (output(3, "other", "err\n"), "standard output is \"other\", not \"out\""),
            (output(3, "out", &"x".repeat(300)), "and 100 bytes more"),
        ] {
            let error = check(&case, &bad).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let case = Case { stderr_contains: "word".to_owned(), ..Case::default() };
        check(&case, &output(0, "anything", "a word")).unwrap();
        assert!(check(&case, &output(0, "", "none")).is_err());
    }
}
