//! A program, its input, and its expected result.

use super::echo::Protocol;
use super::exchange::Exchange;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// One run of a program.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// Its name in the expectations.
    #[serde(skip)]
    pub name: String,
    /// The WebAssembly file.
    #[serde(skip)]
    pub program: PathBuf,
    /// More options of `wasmstone build`.
    pub build: Vec<String>,
    /// More options of `wasmstone run`.
    pub run: Vec<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The program's environment.
    pub env: BTreeMap<String, String>,
    /// What it may use of the file system.
    pub dirs: Vec<Dir>,
    /// Starts a server for it, whose address is in the environment as `HTTP_SERVER`.
    pub server: Option<Protocol>,
    /// Makes it serve HTTP, and sends it these requests.
    pub requests: Vec<Exchange>,
    /// The content of its standard input.
    pub stdin: Stdin,
    /// Closes its standard output after that many bytes, and only then its standard input; otherwise all is read.
    pub stdout_closes_after: Option<usize>,
    /// Starts the same program again, in this environment, to read what it writes to its standard output.
    pub into: Option<BTreeMap<String, String>>,
    /// The expected exit code.
    pub exit: i32,
    /// The expected standard output, up to where it is closed; `None`: anything.
    pub stdout: Option<String>,
    /// The expected standard error; `None`: anything.
    pub stderr: Option<String>,
    /// A text that its standard error must contain.
    pub stderr_contains: String,
}

/// The kind of a program's standard input.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stdin {
    /// These bytes, and then the end.
    Text(String),
    /// A directory, which cannot be read.
    Directory,
}

impl Default for Stdin {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// A directory of one run, which is removed after it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dir {
    /// The directory's name for the program.
    pub guest: String,
    /// Whether it is granted for reading only.
    pub read_only: bool,
    /// The directory that it is a copy of.
    #[serde(skip)]
    pub copy_of: Option<PathBuf>,
    /// The initial content of its files. A name that ends in `/` is a directory's.
    pub files: BTreeMap<String, String>,
    /// When its files were changed last, in seconds from 1970, as exactly as the file system can store it.
    pub modified: Option<i64>,
    /// The expected content of files after the run.
    pub leaves: BTreeMap<String, String>,
}

impl Dir {
    /// Makes the directory.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn make(&self, path: &Path) -> Result<()> {
        match &self.copy_of {
            Some(original) => copy(original, path)?,
            None => fs::create_dir(path)?,
        }
        for (name, content) in &self.files {
            let file = path.join(name);
            if name.ends_with('/') {
                fs::create_dir(&file)?;
                continue;
            }
            fs::write(&file, content)?;
            if let Some(seconds) = self.modified {
                // Some file systems refuse times that they cannot store; then it is the time of writing.
                let times = FileTimes::new().set_modified(time(seconds));
                let _ = File::options().write(true).open(&file)?.set_times(times);
            }
        }
        Ok(())
    }

    /// Checks the files after the run.
    ///
    /// # Errors
    /// A description of the first difference.
    pub fn check(&self, path: &Path) -> Result<()> {
        for (name, wanted) in &self.leaves {
            let found = fs::read(path.join(name)).with_context(|| format!("{name} was not left behind"))?;
            let found = String::from_utf8_lossy(&found);
            ensure!(found == *wanted, "{name} was left with {found:?}, not {wanted:?}");
        }
        Ok(())
    }
}

/// Copies a directory with its content, without what an earlier run under another runner left there.
fn copy(original: &Path, path: &Path) -> Result<()> {
    let copied = Command::new("cp").arg("-a").arg(original).arg(path).output().context("cannot run cp")?;
    if !copied.status.success() {
        bail!("cannot copy {}: {}", original.display(), String::from_utf8_lossy(&copied.stderr).trim());
    }
    for leftover in super::files(path, "cleanup")? {
        if leftover.is_dir() { fs::remove_dir_all(leftover) } else { fs::remove_file(leftover) }?;
    }
    Ok(())
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    time.unwrap_or(epoch)
}
