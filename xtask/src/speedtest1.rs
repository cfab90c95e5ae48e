//! `cargo xtask speedtest1`: SQLite's own benchmark, in a bundle and under Wasmtime.

use crate::debian;
use crate::sqlite::Sqlite;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{self, cargo, run, step, target};

/// The program's file, and its directory in SQLite's source.
const FILE: &str = "speedtest1.c";
const IN_SOURCE: &str = "test/speedtest1.c";

/// Builds the benchmark, and runs it in a simulated enclave on a plain and on a sealed directory, and under Wasmtime:
/// `[SOURCE] [ARGUMENTS]`.
///
/// # Errors
/// If its source cannot be fetched, or something cannot be built or run.
pub fn measure(arguments: &[String]) -> Result<()> {
    let (source, rest) = match arguments.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (Some(Path::new(first)), rest),
        _ => (None, arguments),
    };
    let wasm = build(source)?;
    step("Building wasmstone for release");
    shell::run(cargo().args(["build", "--release", "--workspace", "--locked"]))?;
    step("Measuring: let the machine do nothing else");
    run(Command::new(target()?.join("release/wasmstone-benchmark")).arg("speedtest1").arg(wasm).args(rest))
}

/// Builds `target/sqlite/speedtest1.wasm`, and returns its path. `source` is the file, or a directory with SQLite's
/// source; without it, the file comes from this system's source package, unless that was fetched before.
///
/// # Errors
/// If the source cannot be fetched, or does not compile.
pub fn build(source: Option<&Path>) -> Result<PathBuf> {
    let file = match source {
        Some(path) => given(path)?,
        None => fetched()?,
    };
    Sqlite::compiled()?.link(&file, &["-w"])
}

fn given(path: &Path) -> Result<PathBuf> {
    let candidates = [path.to_owned(), path.join(IN_SOURCE), path.join(FILE)];
    candidates.into_iter().find(|candidate| candidate.is_file()).with_context(|| {
        format!(
            "{} is neither {FILE} nor a directory with SQLite's source: get that with `apt-get source sqlite3`, or \
             leave it out, and it is fetched where apt-get is",
            path.display()
        )
    })
}

/// The file from the system's source package.
fn fetched() -> Result<PathBuf> {
    let directory = target()?.join("sqlite/source");
    let file = directory.join(FILE);
    if file.exists() {
        return Ok(file);
    }
    step("SQLite's source package");
    let package = directory.join("package");
    // The remains of an interrupted attempt would be in the way.
    if package.exists() {
        fs::remove_dir_all(&package).context("cannot remove what was fetched before")?;
    }
    fs::create_dir_all(&package).with_context(|| format!("cannot make {}", package.display()))?;
    debian::fetch_source("sqlite3", &package)?;
    let archive = fs::read_dir(&package)?.filter_map(|entry| Some(entry.ok()?.path()));
    let archive = archive.filter(|path| path.to_string_lossy().contains(".orig.tar")).min();
    let archive = archive.context("the source package holds no .orig.tar")?;
    let mut unpack = Command::new("tar");
    unpack.arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(&directory);
    run(unpack.args(["--wildcards", "--strip-components=2", &format!("*/{IN_SOURCE}")]))
        .context("cannot unpack it: this needs tar and xz-utils")?;
    ensure!(file.exists(), "{} has no {IN_SOURCE}", archive.display());
    fs::remove_dir_all(&package).context("cannot remove the package")?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::{IN_SOURCE, given};
    use std::fs;
    use tempfile::TempDir;

    #[test]
    fn the_source_is_a_file_or_a_directory() {
        let directory = TempDir::new().unwrap();
        let error = given(directory.path()).unwrap_err().to_string();
        assert!(error.contains("apt-get source sqlite3"), "{error}");
        let file = directory.path().join(IN_SOURCE);
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(&file, "int main(void) {}").unwrap();
        for path in [directory.path(), &file, file.parent().unwrap()] {
            assert_eq!(given(path).unwrap(), file);
        }
    }
}
