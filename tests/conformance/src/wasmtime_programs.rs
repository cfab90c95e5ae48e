//! `cargo xtask wasmtime-programs`: the programs with which Wasmtime tests its own WASI 0.1 and 0.2.
//!
//! Wasmtime runs them from Rust code, so the input and the expected result of each are in
//! `tests/conformance/expectations/wasmtime-programs-cases.toml`.

mod build;
mod generated;

use crate::suite::{self, Case, Expectations, Options, files};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv6Addr, TcpListener};
use std::path::Path;

/// The suite, and its expectations in `tests/conformance/expectations`.
const SUITE: &str = "wasmtime-programs";

/// The directory of their sources in a checkout.
const SOURCES: &str = "crates/test-programs/src/bin";

/// The prefixes of names that tell the subject of a program; the longest match counts. Other programs are about WASI
/// 0.3, or about Wasmtime itself.
const KINDS: [&str; 8] = ["p1_", "p1_cli_", "p2_", "p2_api_", "p2_cli_", "p2_http_", "p2_tls_", "piped_"];

/// Builds the programs of a checkout and runs each.
///
/// # Errors
/// If there are no such programs, or they cannot be built; the errors of [`suite::run`].
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(SUITE, arguments)?;
    let programs = programs(&options.suite)?;
    let expectations = options.expectations(SUITE)?;
    let mut table = Table::parse(include_str!("../expectations/wasmtime-programs-cases.toml"))?;
    table.cases.extend(generated::cases());
    let mut cases = table.into_cases(&programs, &expectations)?;
    let needed = |program: &&String| cases.iter().any(|case| is_needed(case, program, &expectations, &options));
    let needed: Vec<&String> = programs.iter().filter(needed).collect();
    let built = build::build(&options.suite, &needed)?;
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    for case in &mut cases {
        case.program = built(program(&case.name));
        if !has_ipv6 {
            case.env.insert("DISABLE_IPV6".to_owned(), "1".to_owned());
        }
    }
    suite::run(SUITE, &cases, &expectations, &options)
}

fn is_needed(case: &Case, name: &str, expectations: &Expectations, options: &Options) -> bool {
    program(&case.name) == name && options.chooses(&case.name) && expectations.left_out(&case.name).is_none()
}

/// The program of a case: its name, or the first word if a program is run in several ways.
fn program(case: &str) -> &str {
    case.split(' ').next().unwrap_or(case)
}

/// The subject of a program.
fn kind(program: &str) -> Option<&'static str> {
    KINDS.into_iter().filter(|kind| program.starts_with(kind)).max_by_key(|kind| kind.len())
}

/// The names of the programs.
fn programs(suite: &Path) -> Result<Vec<String>> {
    let sources = files(&suite.join(SOURCES), "rs")?;
    let names = sources.iter().filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let programs: Vec<String> = names.filter(|name| kind(name).is_some()).collect();
    if programs.is_empty() {
        bail!(
            "{} has no {SOURCES}/p2_NAME.rs: get the suite with `git clone --branch release-48.0.0 \
             https://github.com/bytecodealliance/wasmtime`",
            suite.display()
        );
    }
    Ok(programs)
}

/// How programs are run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// By kind: all programs that have no case of their own.
    defaults: BTreeMap<String, Case>,
    /// By name.
    cases: BTreeMap<String, Case>,
}

impl Table {
    fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("the table of cases cannot be read")
    }

    /// One case or more for each program.
    fn into_cases(self, programs: &[String], expectations: &Expectations) -> Result<Vec<Case>> {
        let known: BTreeSet<&str> = programs.iter().map(String::as_str).collect();
        if let Some(stray) = self.cases.keys().find(|name| !known.contains(program(name))) {
            bail!("there is a case for {stray}, which is not among the programs: remove it");
        }
        let named: BTreeSet<String> = self.cases.keys().map(|name| program(name).to_owned()).collect();
        let mut cases = self.cases;
        for name in programs.iter().filter(|name| !named.contains(*name)) {
            let case = match kind(name).and_then(|kind| self.defaults.get(kind)) {
                Some(case) => case.clone(),
                None if expectations.left_out(name).is_some() => Case::default(),
                None => {
                    bail!("{name} is new: say how it is run, or why it is left out, in tests/conformance/expectations")
                }
            };
            cases.insert(name.clone(), case);
        }
        Ok(cases.into_iter().map(|(name, case)| Case { name, ..case }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn names(table: &str, programs: &[&str], expectations: &str) -> Result<Vec<String>> {
        let programs: Vec<String> = programs.iter().map(|name| (*name).to_owned()).collect();
        let cases = Table::parse(table)?.into_cases(&programs, &Expectations::parse(expectations)?)?;
        Ok(cases.into_iter().map(|case| case.name).collect())
    }

    #[test]
    fn a_program_has_its_own_cases_or_that_of_its_kind() {
        let table = "[defaults.p1_]\nargs = [\".\"]\n[cases.\"p2_y one\"]\n[cases.\"p2_y two\"]\n[cases.p2_z]\n";
        let names = names(table, &["p1_x", "p2_tls_w", "p2_y", "p2_z"], "[left-out]\np2_tls_w = \"no TLS\"").unwrap();
        assert_eq!(names, ["p1_x", "p2_tls_w", "p2_y one", "p2_y two", "p2_z"]);
    }

    #[test]
    fn every_program_is_spoken_of() {
        let error = names("[defaults.p1_]\n[cases]\n", &["p1_x", "p2_cli_new"], "").unwrap_err().to_string();
        assert!(error.starts_with("p2_cli_new is new"), "{error}");
        let error = names("[defaults.p1_]\n[cases.p2_gone]\n", &["p1_x"], "").unwrap_err().to_string();
        assert!(error.contains("p2_gone"), "{error}");
        assert!(names("[defaults.p1_]\n[cases.p1_x]\nstdoutt = \"\"", &["p1_x"], "").is_err());
    }

    #[test]
    fn only_programs_for_wasi_count() {
        let suite = TempDir::new().unwrap();
        let error = programs(suite.path()).unwrap_err().to_string();
        assert!(error.contains("https://github.com/bytecodealliance/wasmtime"), "{error}");
        let sources = suite.path().join(SOURCES);
        fs::create_dir_all(&sources).unwrap();
        for name in ["p3_sleep.rs", "p1_a.rs", "p2_cli_b.rs", "dwarf_c.rs", "p2_d.wat"] {
            fs::write(sources.join(name), "").unwrap();
        }
        assert_eq!(programs(suite.path()).unwrap(), ["p1_a", "p2_cli_b"]);
        assert_eq!(kind("p2_cli_b"), Some("p2_cli_"));
    }

    #[test]
    fn what_is_checked_in_can_be_read() {
        Options::default().expectations(SUITE).unwrap();
        let table = Table::parse(include_str!("../expectations/wasmtime-programs-cases.toml")).unwrap();
        for kind in table.defaults.keys() {
            assert!(KINDS.contains(&kind.as_str()), "{kind}");
        }
    }
}
