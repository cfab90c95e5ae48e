//! `cargo xtask reproduce`: whether a build elsewhere gives the same enclave app, which is measured.

use crate::setup;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use wasmstone_test_support::shell::{cargo, root, run, step, target};

/// The package that builds the enclave apps.
const PACKAGE: &str = "wasmstone-generic-eapp";

/// The features with which it builds all of them, and their files in the target directory.
const FEATURES: &str = "exceptions,hard";
const EAPPS: [&str; 3] = ["soft", "soft-exceptions", "hard"];

/// Builds the enclave apps here, and once more from a copy of this tree, with another Cargo home.
///
/// # Errors
/// If they differ, or cannot be built.
pub fn run_both() -> Result<()> {
    setup::targets()?;
    step("Here");
    run(cargo().args(["build", "--locked", "--package", PACKAGE, "--features", FEATURES]))?;

    step("Elsewhere");
    let elsewhere = target()?.join("some where else");
    if elsewhere.exists() {
        fs::remove_dir_all(&elsewhere).with_context(|| format!("cannot remove {}", elsewhere.display()))?;
    }
    fs::create_dir(&elsewhere).with_context(|| format!("cannot make {}", elsewhere.display()))?;
    let [tree, home, there] = ["sources", "home", "built"].map(|name| elsewhere.join(name));
    copy(root(), &tree)?;
    fs::create_dir(&home)?;
    symlink(cargo_home()?.join("registry"), home.join("registry"))?;
    run(cargo()
        .args(["build", "--locked", "--release", "--package", PACKAGE, "--features", FEATURES, "--target-dir"])
        .arg(&there)
        .env("CARGO_HOME", &home)
        .current_dir(&tree))?;

    for name in EAPPS {
        let app = |target: &Path| -> Result<Vec<u8>> {
            let path = target.join("eapp").join(name);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        if app(&target()?)? != app(&there)? {
            bail!("the enclave app \"{name}\" depends on where it is built: its measurement says nothing");
        }
        println!("{name}: the same bytes");
    }
    Ok(())
}

/// Copies a tree without the directories `target` and `.git`.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() && !["target", ".git"].map(OsStr::new).contains(&&*entry.file_name()) {
            copy(&path, &copied)?;
        } else if kind.is_file() {
            fs::copy(&path, &copied).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

fn cargo_home() -> Result<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("there is no CARGO_HOME and no HOME")
}
