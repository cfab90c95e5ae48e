//! The arguments of the commands that run a suite.

use super::Expectations;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::PathBuf;
use wasmstone_test_support::shell::{cargo, root, run, step, target};

/// The arguments.
#[derive(Debug, Default)]
pub struct Options {
    /// The checkout of the suite.
    pub suite: PathBuf,
    /// Runs only tests with this text in their names.
    pub only: Option<String>,
    /// The engine to build for and to run on; without it, `wasmstone` chooses.
    pub engine: Option<String>,
    /// Prints the result as JSON on standard output, and the lines on standard error.
    pub json: bool,
    /// Reads this file instead of the checked-in expectations.
    pub expectations: Option<PathBuf>,
    /// Runs this `wasmstone`, instead of the one that is built for it.
    pub wasmstone: Option<PathBuf>,
}

/// The arguments, for the usage of a command.
pub const USAGE: &str = "DIR [--only NAME] [--engine pulley|native] [--json] [--expectations FILE] [--wasmstone FILE]";

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// If the arguments are not as [`USAGE`] says.
    pub fn parse(command: &str, arguments: &[String]) -> Result<Self> {
        let usage = || format!("usage: cargo xtask {command} {USAGE}");
        let mut options = Self::default();
        let mut directory = None;
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--json" {
                options.json = true;
            } else if !argument.starts_with('-') {
                ensure!(directory.replace(PathBuf::from(argument)).is_none(), usage());
            } else {
                let value = arguments.next().with_context(usage)?;
                match argument.as_str() {
                    "--only" => options.only = Some(value.clone()),
                    "--engine" if ["pulley", "native"].contains(&value.as_str()) => {
                        options.engine = Some(value.clone());
                    }
                    "--expectations" => options.expectations = Some(value.into()),
                    "--wasmstone" => options.wasmstone = Some(value.into()),
                    _ => bail!(usage()),
                }
            }
        }
        options.suite = directory.with_context(usage)?;
        Ok(options)
    }

    /// Whether a test is to be run.
    pub fn chooses(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }

    /// The expectations of a suite: `tests/conformance/expectations/SUITE.toml`, unless the options name another
    /// file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn expectations(&self, suite: &str) -> Result<Expectations> {
        let checked_in = || root().join(format!("tests/conformance/expectations/{suite}.toml"));
        let path = self.expectations.clone().unwrap_or_else(checked_in);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Expectations::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The command that runs the bundles; it is built if the options name none.
    ///
    /// # Errors
    /// If the command cannot be built.
    pub fn wasmstone(&self) -> Result<PathBuf> {
        if let Some(named) = &self.wasmstone {
            return named.canonicalize().with_context(|| format!("cannot find {}", named.display()));
        }
        step("wasmstone");
        run(cargo().args(["build", "--quiet", "--workspace", "--lib", "--bins", "--examples", "--locked"]))?;
        Ok(target()?.join("debug/wasmstone"))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> anyhow::Result<Options> {
        Options::parse("x", &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_come_in_any_order() {
        let options = parse("--engine native suite --json --only c/").unwrap();
        assert_eq!(options.suite.to_str(), Some("suite"));
        assert_eq!(options.engine.as_deref(), Some("native"));
        assert!(options.json && options.chooses("c/a") && !options.chooses("rust/a"));
        assert!(parse("suite").unwrap().chooses("anything"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["", "a b", "a --engine fast", "a --only", "a --fast x", "--json"] {
            assert!(parse(line).unwrap_err().to_string().contains("usage: cargo xtask x DIR"), "{line}");
        }
    }
}
