//! `cargo xtask wasi-testsuite`: the official WASI test suite's programs for WASI 0.1.

mod manifest;

use crate::suite::{self, Case, Options, files};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// The suite, and its expectations in `tests/conformance/expectations`.
const SUITE: &str = "wasi-testsuite";

/// The folder of a language's programs for WASI 0.1.
const VERSION: &str = "wasm32-wasip1";

/// Runs every program of a checkout.
///
/// # Errors
/// If there is no such suite; the errors of [`suite::run`].
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(SUITE, arguments)?;
    let cases = cases(&options.suite)?;
    suite::run(SUITE, &cases, &options.expectations(SUITE)?, &options)
}

/// The programs `tests/LANGUAGE/testsuite/wasm32-wasip1/NAME.wasm`, each as its `NAME.json` says.
fn cases(suite: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for language in ["assemblyscript", "c", "rust"] {
        for program in files(&suite.join("tests").join(language).join("testsuite").join(VERSION), "wasm")? {
            cases.push(case(language, &program).with_context(|| format!("in {}", program.display()))?);
        }
    }
    if cases.is_empty() {
        bail!(
            "{} has no tests/LANGUAGE/testsuite/{VERSION}/NAME.wasm: get the suite with `git clone --branch \
             prod/testsuite-base https://github.com/WebAssembly/wasi-testsuite`",
            suite.display()
        );
    }
    Ok(cases)
}

fn case(language: &str, program: &Path) -> Result<Case> {
    let name = program.file_stem().context("it has no name")?.to_string_lossy();
    let path = program.with_extension("json");
    let text = if path.exists() { fs::read_to_string(&path)? } else { "{}".to_owned() };
    let folder = program.parent().context("it lies nowhere")?;
    let case = manifest::read(&text, folder)?;
    Ok(Case { name: format!("{language}/{name}"), program: program.canonicalize()?, ..case })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn tests_are_named_after_language_and_file() {
        let suite = TempDir::new().unwrap();
        let folder = suite.path().join("tests/c/testsuite/wasm32-wasip1");
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in [("b.wasm", ""), ("a.wasm", ""), ("a.json", r#"{"exit_code": 3}"#), ("a.c", "")] {
            fs::write(folder.join(name), content).unwrap();
        }
        let cases = cases(suite.path()).unwrap();
        let seen: Vec<_> = cases.iter().map(|case| (case.name.as_str(), case.exit)).collect();
        assert_eq!(seen, [("c/a", 3), ("c/b", 0)]);

        fs::write(folder.join("b.json"), "{").unwrap();
        let error = format!("{:#}", super::cases(suite.path()).unwrap_err());
        assert!(error.contains("b.wasm"), "{error}");
    }

    #[test]
    fn a_directory_without_the_suite_says_where_to_get_it() {
        let error = cases(TempDir::new().unwrap().path()).unwrap_err().to_string();
        assert!(error.contains("prod/testsuite-base https://github.com/WebAssembly/wasi-testsuite"), "{error}");
    }

    #[test]
    fn the_checked_in_expectations_can_be_read() {
        Options::default().expectations(SUITE).unwrap();
    }
}
