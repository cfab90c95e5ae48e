//! SQLite for WASI 0.1: the amalgamation that the crate `libsqlite3-sys` carries, compiled by Debian's clang.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasmstone_test_support::shell::{cargo, root, run, step, target};

/// The options that the amalgamation is compiled with; docs/sqlite.md gives the reasons.
const FLAGS: [&str; 4] =
    ["-DHAVE_PREAD", "-DHAVE_PWRITE", "-DSQLITE_TEMP_STORE=2", "-DSQLITE_DEFAULT_UNIX_VFS=\"unix-none\""];

/// Options for all C files that are linked with it. wasi-libc has a process id only if it is asked for.
const COMMON: [&str; 3] = ["--target=wasm32-wasi", "-O2", "-D_WASI_EMULATED_GETPID"];

/// Libraries of wasi-libc.
const LIBRARIES: [&str; 1] = ["-lwasi-emulated-getpid"];

/// Compiled SQLite.
pub struct Sqlite {
    directory: PathBuf,
    object: PathBuf,
    /// The directory of its headers.
    include: PathBuf,
}

/// Compiles SQLite and the workload of the tests into `target/sqlite/workload.wasm`.
///
/// # Errors
/// As [`Sqlite::compiled`].
pub fn build() -> Result<()> {
    let sqlite = Sqlite::compiled()?;
    sqlite.link(&root().join("tests/guests/sqlite/workload.c"), &["-Wall", "-Wextra", "-Werror"]).map(drop)
}

impl Sqlite {
    /// Compiles SQLite, unless that was done before: it takes a minute.
    ///
    /// # Errors
    /// If its source cannot be fetched, or there is no compiler for it.
    pub fn compiled() -> Result<Self> {
        let directory = target()?.join("sqlite");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let include = source()?;
        let (source, object) = (include.join("sqlite3.c"), directory.join("sqlite3.o"));
        let stamp = format!("{} {COMMON:?} {FLAGS:?}", source.display());
        let stamped = directory.join("sqlite3.stamp");
        if !object.exists() || fs::read_to_string(&stamped).ok().as_ref() != Some(&stamp) {
            step("SQLite, which takes a minute");
            run(clang().args(FLAGS).arg("-c").arg(&source).arg("-o").arg(&object)).context(NEEDS)?;
            fs::write(&stamped, stamp).context("cannot note how SQLite was compiled")?;
        }
        Ok(Self { directory, object, include })
    }

    /// Compiles a program of one file and links it with SQLite; returns its path.
    ///
    /// # Errors
    /// If the program does not compile.
    pub fn link(&self, program: &Path, flags: &[&str]) -> Result<PathBuf> {
        let name = program.file_stem().context("a program without a name")?;
        let wasm = self.directory.join(name).with_extension("wasm");
        let mut compile = clang();
        compile.args(flags).arg("-isystem").arg(&self.include).args([program, &self.object]);
        run(compile.args(LIBRARIES).arg("-o").arg(&wasm)).context(NEEDS)?;
        Ok(wasm)
    }
}

const NEEDS: &str =
    "SQLite needs clang, lld and wasi-libc: sudo apt install clang lld wasi-libc libclang-rt-dev-wasm32";

fn clang() -> Command {
    let mut clang = Command::new("clang");
    clang.args(COMMON);
    clang
}

/// The directory of the amalgamation and its headers, which Cargo fetches.
fn source() -> Result<PathBuf> {
    let mut metadata = cargo();
    metadata.args(["metadata", "--quiet", "--locked", "--format-version", "1", "--manifest-path"]);
    let output = metadata.arg(root().join("tests/guests/sqlite/Cargo.toml")).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cannot fetch SQLite: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata says nothing sensible")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let package = packages.iter().find(|package| package["name"] == "libsqlite3-sys");
    let manifest = package.and_then(|package| package["manifest_path"].as_str()).context("there is no SQLite")?;
    Ok(Path::new(manifest).with_file_name("sqlite3"))
}
