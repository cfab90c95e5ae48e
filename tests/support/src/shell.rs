//! Runs other programs, and prints each command line.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}

/// The workspace's target directory.
///
/// # Errors
/// If this program is not in a target directory.
pub fn target() -> Result<PathBuf> {
    Ok(profile()?.parent().context("this program is not in a target directory")?.to_owned())
}

/// The folder of the target directory for the profile that this program was built with.
///
/// # Errors
/// If this program is not in a target directory.
pub fn profile() -> Result<PathBuf> {
    let this = env::current_exe().context("cannot find this program")?;
    // Tests lie in a subfolder of it.
    let mut folders = this.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    Ok(folders.next().context("this program is not in a target directory")?.to_owned())
}

/// Prints the title of the next step.
pub fn step(title: &str) {
    eprintln!("\n== {title}");
}

/// The Cargo that runs this, or the one in the path.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command after printing it; its output goes where this program's goes.
///
/// # Errors
/// If the command cannot be started, or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("cannot run `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed: {status}");
    }
    Ok(())
}

/// Whether a command succeeds; what it prints is thrown away.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(quoted).collect::<Vec<_>>().join(" ")
}

/// A word, quoted for a shell.
pub fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed() {
        let mut command = Command::new("/usr/bin/wasmstone");
        command.args(["run", "a b.wsb", "--dir", "x::/y", "--", "it's", ""]);
        assert_eq!(line(&command), r"wasmstone run 'a b.wsb' --dir x::/y -- 'it'\''s' ''");
    }

    #[test]
    fn a_failing_command_is_an_error() {
        assert!(run(&mut Command::new("false")).is_err());
        assert!(run(&mut Command::new("/there/is/no/such/program")).is_err());
        assert!(run(&mut Command::new("true")).is_ok());
    }
}
