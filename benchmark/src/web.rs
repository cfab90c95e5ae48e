//! The experiment of the WasmStone paper: pictures that are sent to a classifier, one after another.
//!
//! Whatever answers like `examples/digits` can be measured, wherever it runs: the caller names its address.

use crate::statistics::Rounds;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::Agent;

/// The first argument of a process that measures a server.
pub const COMMAND: &str = "web-requests";

const USAGE: &str = "\
usage: web-requests ADDRESS:PORT [--count NUMBER] [--rounds NUMBER] [--keep-alive] [--json]

  --count NUMBER   pictures in a round, by default 100
  --rounds NUMBER  rounds, by default 10
  --keep-alive     send all on one connection, instead of each on one of its own
  --json           print the result as JSON";

/// Longer than an interpreter in an emulator takes for one picture.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What a server is asked.
struct Experiment {
    address: SocketAddr,
    count: usize,
    rounds: usize,
    keep_alive: bool,
}

/// A picture that one connection or many have to carry.
struct Picture {
    file: Vec<u8>,
    digit: u64,
}

/// Measures the server that the arguments name, and prints what came out.
///
/// # Errors
/// Where the arguments are wrong, or an answer is missing or wrong.
pub fn command(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (experiment, as_json) = parse(arguments)?;
    let rounds = experiment.run(&pictures()?)?;
    print!("{}", if as_json { experiment.json(&rounds) } else { experiment.text(&rounds) });
    Ok(())
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<(Experiment, bool)> {
    let (mut address, mut count, mut rounds, mut keep_alive, mut as_json) = (None, 100, 10, false, false);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok()).filter(|number| *number > 0);
        match argument.as_str() {
            "--count" => count = number().context(USAGE)?,
            "--rounds" => rounds = number().context(USAGE)?,
            "--keep-alive" => keep_alive = true,
            "--json" => as_json = true,
            other if address.is_none() => {
                address = Some(other.parse().with_context(|| format!("`{other}` is no ADDRESS:PORT\n\n{USAGE}"))?);
            }
            _ => bail!(USAGE),
        }
    }
    Ok((Experiment { address: address.context(USAGE)?, count, rounds, keep_alive }, as_json))
}

/// The example's own pictures: each is named after its digit.
fn pictures() -> Result<Vec<Picture>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples/digits/pictures");
    let mut pictures = Vec::new();
    for digit in 0..10 {
        let named = ["png", "pgm"].map(|kind| directory.join(format!("{digit}.{kind}")));
        let file = named.iter().find_map(|path| fs::read(path).ok());
        let file = file.with_context(|| format!("{} has no picture of a {digit}", directory.display()))?;
        pictures.push(Picture { file, digit });
    }
    Ok(pictures)
}

impl Experiment {
    /// Seconds that each round took. Every picture is sent once before, uncounted.
    fn run(&self, pictures: &[Picture]) -> Result<Rounds> {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        let agent = config.max_idle_connections(usize::from(self.keep_alive)).build().new_agent();
        for picture in pictures {
            self.send(&agent, picture)?;
        }
        let round = |_| {
            let start = Instant::now();
            for picture in pictures.iter().cycle().take(self.count) {
                self.send(&agent, picture)?;
            }
            Ok(start.elapsed().as_secs_f64())
        };
        (0..self.rounds).map(round).collect()
    }

    /// Sends a picture and checks the answer.
    fn send(&self, agent: &Agent, picture: &Picture) -> Result<()> {
        let mut request = agent.post(format!("http://{}/classify", self.address));
        if !self.keep_alive {
            request = request.header("Connection", "close");
        }
        let response = request.send(&picture.file[..]);
        let mut response = response.with_context(|| format!("{} does not answer", self.address))?;
        let status = response.status();
        let body = response.body_mut().read_to_string().context("the answer breaks off")?;
        ensure!(status == 200, "the server answers {status}: {body}");
        let answer: Value = serde_json::from_str(&body).with_context(|| format!("the answer is {body:?}"))?;
        ensure!(answer["digit"] == picture.digit, "a {} was taken for something else: {body}", picture.digit);
        Ok(())
    }

    fn text(&self, rounds: &Rounds) -> String {
        let Self { address, count, .. } = self;
        let connections = if self.keep_alive { "one connection" } else { "a connection each" };
        let mut text = format!("{count} pictures to {address}, {connections}\n");
        for seconds in rounds.values() {
            text += &format!("{seconds:10.4} s\n");
        }
        text + &format!(
            "mean {:.4} s, median {:.4} s, standard deviation {:.4} s, {:.4} – {:.4} s\n",
            rounds.mean(),
            rounds.median(),
            rounds.deviation(),
            rounds.min(),
            rounds.max()
        )
    }

    fn json(&self, rounds: &Rounds) -> String {
        let result = json!({
            "address": self.address.to_string(),
            "count": self.count,
            "keep_alive": self.keep_alive,
            "seconds": rounds.values(),
            "mean": rounds.mean(),
            "median": rounds.median(),
            "deviation": rounds.deviation(),
            "min": rounds.min(),
            "max": rounds.max(),
        });
        format!("{result:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{Experiment, parse, pictures};
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread;

    fn experiment(line: &str) -> anyhow::Result<(Experiment, bool)> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_papers_experiment_is_the_default() {
        let (experiment, json) = experiment("127.0.0.1:80").unwrap();
        assert_eq!((experiment.count, experiment.rounds, experiment.keep_alive, json), (100, 10, false, false));
    }

    #[test]
    fn other_arguments_are_refused_with_the_usage() {
        for line in ["", "localhost", "127.0.0.1:80 x", "127.0.0.1:80 --count 0", "--rounds", "127.0.0.1:80 --rounds x"]
        {
            let error = experiment(line).err().unwrap();
            assert!(format!("{error:#}").contains("usage: "), "{line}: {error:#}");
        }
    }

    /// Answers every picture with this body, and returns how many came.
    fn answer(listener: &TcpListener, requests: usize, body: &str) -> usize {
        for _ in 0..requests {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            assert!(length > 0);
            let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            reader.get_mut().write_all(reply.as_bytes()).unwrap();
        }
        requests
    }

    #[test]
    fn every_picture_is_sent_and_every_answer_checked() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = format!("{} --count 3 --rounds 2", listener.local_addr().unwrap());
        let (experiment, _) = experiment(&line).unwrap();
        let sevens: Vec<_> = pictures().unwrap().into_iter().filter(|picture| picture.digit == 7).collect();
        let server = thread::spawn(move || answer(&listener, 1 + 2 * 3, r#"{"digit": 7}"#));
        let rounds = experiment.run(&sevens).unwrap();
        assert_eq!((rounds.values().len(), server.join().unwrap()), (2, 7));

        let text = experiment.text(&rounds);
        assert!(text.contains("3 pictures to 127.0.0.1:") && text.lines().count() == 4, "{text}");
        let json: serde_json::Value = serde_json::from_str(&experiment.json(&rounds)).unwrap();
        assert_eq!((json["count"].as_u64(), json["seconds"].as_array().unwrap().len()), (Some(3), 2));
    }

    #[test]
    fn a_wrong_answer_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (experiment, _) = experiment(&listener.local_addr().unwrap().to_string()).unwrap();
        let server = thread::spawn(move || answer(&listener, 1, r#"{"digit": 7}"#));
        let error = experiment.run(&pictures().unwrap()).unwrap_err();
        assert!(error.to_string().contains("taken for something else"), "{error:#}");
        server.join().unwrap();
    }
}
