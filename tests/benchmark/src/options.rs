//! The options of the command line: what is measured.

use crate::{SECTIONS, network};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "\
usage: wasmstone-benchmark [--only SECTION] [--load-seconds NUMBER] [--plots DIRECTORY] [--trusted-lines NUMBER]

  --only SECTION          measure this part of the table only
  --load-seconds NUMBER   how long servers are put under load, on each side; by default 10
  --plots DIRECTORY       where to write plots
  --trusted-lines NUMBER  for the last row";

/// The options.
#[derive(Debug)]
pub struct Options {
    /// The number in the last row, if given.
    pub trusted_lines: Option<u64>,
    /// The directory in which plots are written.
    pub plots: Option<PathBuf>,
    /// How long servers are put under load.
    pub load: Duration,
    /// The only section that is measured, if given.
    pub only: Option<String>,
}

/// Reads the command line.
///
/// # Errors
/// If the command line has an unknown argument; the text gives the usage.
pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options { trusted_lines: None, plots: None, load: network::LOAD, only: None };
    while let Some(option) = arguments.next() {
        let value = arguments.next().context(USAGE)?;
        match option.as_str() {
            "--trusted-lines" => options.trusted_lines = Some(value.parse().context(USAGE)?),
            "--plots" => options.plots = Some(value.into()),
            "--load-seconds" => {
                let seconds = value.parse().ok().filter(|seconds| *seconds > 0).context(USAGE)?;
                options.load = Duration::from_secs(seconds);
            }
            "--only" => {
                let names = SECTIONS.map(|(name, _)| name);
                if !names.contains(&value.as_str()) {
                    bail!("there is no section `{value}`; there are {}\n\n{USAGE}", names.join(", "));
                }
                options.only = Some(value);
            }
            _ => bail!(USAGE),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::{Options, parse};
    use std::time::Duration;

    fn options(line: &str) -> anyhow::Result<Options> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_is_measured_unless_one_section_is_named() {
        assert_eq!(options("").unwrap().only, None);
        let options = options("--only network --load-seconds 60 --trusted-lines 7").unwrap();
        assert_eq!(options.only.as_deref(), Some("network"));
        assert_eq!((options.load, options.trusted_lines), (Duration::from_secs(60), Some(7)));
    }

    #[test]
    fn anything_else_is_refused_with_the_usage() {
        for line in ["network", "--only", "--only nothing", "--load-seconds 0", "--trusted-lines x", "--x y"] {
            assert!(format!("{:#}", options(line).unwrap_err()).contains("usage: "), "{line}");
        }
    }
}
