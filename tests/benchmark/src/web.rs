//! Requests to a web server that classifies digits, one after another or many at once.
//!
//! Every server that answers like `examples/digits` can be measured, wherever it runs: the caller names its address.

pub mod client;
pub mod load;
pub mod sequence;

use anyhow::{Context, Result, bail};
use client::pictures;
use load::Load;
use sequence::Sequence;
use std::net::SocketAddr;
use std::time::Duration;

/// The first argument of a process that measures a server.
pub const COMMAND: &str = "web-requests";

const USAGE: &str = "\
usage: web-requests ADDRESS:PORT [--count NUMBER] [--rounds NUMBER] [--keep-alive] [--json]
       web-requests ADDRESS:PORT --connections NUMBER [--seconds NUMBER] [--json]

  --count NUMBER        pictures in a round, by default 100
  --rounds NUMBER       rounds, by default 10
  --keep-alive          send all on one connection, instead of each on one of its own
  --connections NUMBER  send on so many kept connections at once
  --seconds NUMBER      for so long, by default 60
  --json                print the result as JSON";

/// What is measured of a server.
enum Experiment {
    OneByOne(Sequence),
    AtOnce(Load),
}

/// The command line.
struct Arguments {
    address: SocketAddr,
    experiment: Experiment,
    as_json: bool,
}

/// Measures the server that the arguments name, and prints the result.
///
/// # Errors
/// If the arguments are wrong, or an answer is missing or wrong.
pub fn command(arguments: impl Iterator<Item = String>) -> Result<()> {
    let Arguments { address, experiment, as_json } = parse(arguments)?;
    let pictures = pictures()?;
    match experiment {
        Experiment::OneByOne(sequence) => {
            let rounds = sequence.run(address, &pictures)?;
            print!("{}", if as_json { sequence.json(address, &rounds) } else { sequence.text(address, &rounds) });
        }
        Experiment::AtOnce(load) => {
            let carried = load.run(address, &pictures);
            print!("{}", if as_json { load.json(address, &carried) } else { load.text(address, &carried) });
            if !carried.errors.is_empty() {
                bail!("{} of {} connections failed", carried.errors.len(), load.connections);
            }
        }
    }
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments> {
    let (mut address, mut sequence, mut as_json) = (None, Sequence::PAPER, false);
    let (mut connections, mut seconds) = (None, None);
    let mut one_by_one = false;
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok()).filter(|number| *number > 0);
        one_by_one |= ["--count", "--rounds", "--keep-alive"].contains(&argument.as_str());
        match argument.as_str() {
            "--count" => sequence.count = number().context(USAGE)?,
            "--rounds" => sequence.rounds = number().context(USAGE)?,
            "--keep-alive" => sequence.keep_alive = true,
            "--connections" => connections = Some(number().context(USAGE)?),
            "--seconds" => seconds = Some(number().context(USAGE)?),
            "--json" => as_json = true,
            other if address.is_none() => {
                address = Some(other.parse().with_context(|| format!("`{other}` is no ADDRESS:PORT\n\n{USAGE}"))?);
            }
            _ => bail!(USAGE),
        }
    }
    let experiment = match (connections, seconds) {
        (None, None) => Experiment::OneByOne(sequence),
        (Some(connections), seconds) if !one_by_one => {
            let duration = Duration::from_secs(seconds.unwrap_or(60) as u64);
            Experiment::AtOnce(Load { connections, duration })
        }
        _ => bail!(USAGE),
    };
    Ok(Arguments { address: address.context(USAGE)?, experiment, as_json })
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Experiment, parse};
    use std::time::Duration;

    fn arguments(line: &str) -> anyhow::Result<Arguments> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_papers_experiment_is_the_default() {
        let arguments = arguments("127.0.0.1:80").unwrap();
        let Experiment::OneByOne(sequence) = arguments.experiment else { panic!("not the paper's") };
        assert_eq!((sequence.count, sequence.rounds, sequence.keep_alive), (100, 10, false));
        assert!(!arguments.as_json);
    }

    #[test]
    fn connections_at_once_are_another_experiment() {
        let arguments = arguments("127.0.0.1:80 --connections 64 --json").unwrap();
        let Experiment::AtOnce(load) = arguments.experiment else { panic!("not at once") };
        assert_eq!((load.connections, load.duration), (64, Duration::from_secs(60)));
        assert!(arguments.as_json);
    }

    #[test]
    fn other_arguments_are_refused_with_the_usage() {
        for line in [
            "",
            "localhost",
            "127.0.0.1:80 x",
            "127.0.0.1:80 --count 0",
            "--rounds",
            "127.0.0.1:80 --rounds x",
            "127.0.0.1:80 --seconds 60",
            "127.0.0.1:80 --connections 64 --keep-alive",
            "127.0.0.1:80 --count 100 --connections 64",
        ] {
            let error = arguments(line).err().unwrap();
            assert!(format!("{error:#}").contains("usage: "), "{line}: {error:#}");
        }
    }
}
