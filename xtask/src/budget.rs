//! `cargo xtask budget`: how many lines an auditor has to trust.

mod count;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use wasmstone_test_support::shell::root;

/// The most lines that the enclave app, the wire and sealed storage may have together.
const LIMIT: usize = 12_000;

/// The crates that run inside the enclave, and whether the limit is about them.
const TRUSTED: [(&str, bool); 4] =
    [("app", true), ("edge-protocol", true), ("sealed-storage", true), ("policy", false)];

/// Prints a table of the trusted crates.
///
/// # Errors
/// Where a file cannot be read, or there are more lines than the limit.
pub fn run() -> Result<()> {
    let counts = TRUSTED.map(|(name, limited)| Ok((name, limited, lines(name)?)));
    let counts = counts.into_iter().collect::<Result<Vec<_>>>()?;
    println!("{:<16}{:>6}", "trusted crate", "lines");
    for (name, _, lines) in &counts {
        println!("{name:<16}{lines:>6}");
    }
    println!("{:<16}{:>6}", "in all", counts.iter().map(|(_, _, lines)| lines).sum::<usize>());
    let limited = limited(&counts);
    println!(
        "\neapp, edge-protocol and sealed-storage: {limited} of at most {LIMIT}, without tests, blank lines and comments"
    );
    if limited > LIMIT {
        bail!("the trusted code is over its budget: take something out, or move it to the host app");
    }
    Ok(())
}

/// How many lines the limit is about.
///
/// # Errors
/// Where a file cannot be read.
pub fn trusted_lines() -> Result<usize> {
    TRUSTED.iter().filter(|(_, limited)| *limited).map(|(name, _)| lines(name)).sum()
}

fn limited(counts: &[(&str, bool, usize)]) -> usize {
    counts.iter().filter(|(_, limited, _)| *limited).map(|(_, _, lines)| lines).sum()
}

/// The lines of a crate's sources.
fn lines(name: &str) -> Result<usize> {
    let mut sum = 0;
    for file in sources(&root().join("eapp").join(name).join("src"))? {
        let source = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        sum += count::lines(&source).with_context(|| format!("cannot count {}", file.display()))?;
    }
    Ok(sum)
}

/// Every source file below a directory: `.rs`, and `.in` for what build scripts put in. Test modules
/// in files of their own are called `tests`.
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
    use super::*;

    #[test]
    fn trusted_code_keeps_to_its_budget() {
        let counts = TRUSTED.map(|(name, limited)| (name, limited, lines(name).unwrap()));
        assert!(limited(&counts) <= LIMIT, "{counts:?} is over {LIMIT}");
        assert!(counts.iter().all(|(_, _, lines)| *lines > 0), "{counts:?}: a crate is not where it was");
    }
}
