//! `cargo xtask budget`: how many lines an auditor has to trust.

mod count;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use wasmstone_test_support::shell::root;

/// The most lines that the crates of `eapp/` may have together.
const LIMIT: usize = 13_900;

/// Prints a table of the trusted crates.
///
/// # Errors
/// If a file cannot be read, or there are more lines than the limit.
pub fn run() -> Result<()> {
    let crates = trusted_crates()?;
    println!("{:<16}{:>6}", "trusted crate", "lines");
    for Trusted { name, lines } in &crates {
        println!("{name:<16}{lines:>6}");
    }
    let sum = sum(&crates);
    println!("{:<16}{sum:>6}", "in all");
    println!("\nat most {LIMIT} are allowed, not counting tests, blank lines and comments");
    if sum > LIMIT {
        bail!("the trusted code is over its budget: remove something from eapp/, or move it to happ/");
    }
    Ok(())
}

/// How many lines the crates of `eapp/` have together.
///
/// # Errors
/// If a file cannot be read.
pub fn trusted_lines() -> Result<usize> {
    Ok(sum(&trusted_crates()?))
}

/// A crate whose code runs inside the enclave.
#[derive(Debug)]
struct Trusted {
    /// Its folder in `eapp/`.
    name: String,
    /// Lines of code.
    lines: usize,
}

/// Every crate in `eapp/`, by name. The path alone decides what is measured.
fn trusted_crates() -> Result<Vec<Trusted>> {
    let eapp = root().join("eapp");
    let mut crates = Vec::new();
    for entry in fs::read_dir(&eapp).with_context(|| format!("cannot read {}", eapp.display()))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            let name = entry.file_name().to_string_lossy().into_owned();
            crates.push(Trusted { name, lines: lines(&entry.path().join("src"))? });
        }
    }
    crates.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(crates)
}

fn sum(crates: &[Trusted]) -> usize {
    crates.iter().map(|krate| krate.lines).sum()
}

/// The lines of code below a directory of sources.
fn lines(directory: &Path) -> Result<usize> {
    let mut sum = 0;
    for file in sources(directory)? {
        let source = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        sum += count::lines(&source).with_context(|| format!("cannot count {}", file.display()))?;
    }
    Ok(sum)
}

/// Every source file below a directory: `.rs`, and `.in` for files that build scripts include. Test modules in
/// separate files are called `tests`.
fn sources(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        } else if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "in") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, sum, trusted_crates};

    #[test]
    fn trusted_code_keeps_to_its_budget() {
        let crates = trusted_crates().unwrap();
        assert!(sum(&crates) <= LIMIT, "{crates:?} is over {LIMIT}");
        assert!(crates.iter().all(|krate| krate.lines > 0), "{crates:?}: a crate has no sources");
        for name in ["app", "edge-protocol", "policy", "sealed-storage"] {
            assert!(crates.iter().any(|krate| krate.name == name), "{crates:?} lacks {name}");
        }
    }
}
