//! Programs that serve, until they are not needed any more.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, PipeReader, pipe};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A program that serves; it ends with this.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    process: Child,
    // Open as long as it is to run, since it may end with the one and must not fail for the other.
    _stdin: Option<ChildStdin>,
    _output: BufReader<PipeReader>,
}

impl Served {
    /// Starts it, and waits until it prints a line that has a URL in it, or is a port of this machine.
    ///
    /// # Errors
    /// Where it ends before.
    pub fn start(mut command: Command) -> Result<Self> {
        let (output, writer) = pipe().context("cannot make a pipe")?;
        command.stdin(Stdio::piped()).stdout(writer.try_clone().context("cannot make a pipe")?).stderr(writer);
        let mut process = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let stdin = process.stdin.take();
        // What is printed comes to its end only once the command has no copies of the pipe either.
        drop(command);
        let (mut output, mut printed) = (BufReader::new(output), String::new());
        let address = loop {
            let line = printed.len();
            if output.read_line(&mut printed).unwrap_or(0) == 0 {
                let _ = process.kill();
                let _ = process.wait();
                bail!("a server ended before it listened: {printed}");
            }
            if let Some(address) = printed.get(line..).and_then(address) {
                break address;
            }
        };
        Ok(Self { address, process, _stdin: stdin, _output: output })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    match line.split_once("http://") {
        Some((_, address)) => address.split(['/', ' ', '\n']).next()?.parse().ok(),
        None => line.trim_end().parse().ok().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Served, address};
    use std::process::Command;

    #[test]
    fn servers_say_where_they_listen() {
        let on = "Serving HTTP on http://127.0.0.1:80/ (ctrl-c ends it)\n";
        for line in ["listening on http://127.0.0.1:80\n", on, "80\n"] {
            assert_eq!(address(line), "127.0.0.1:80".parse().ok(), "{line}");
        }
        for line in ["", "\n", "nothing is protected\n", "port true\n", "http://localhost\n"] {
            assert_eq!(address(line), None, "{line}");
        }
    }

    #[test]
    fn one_that_ends_at_once_is_an_error_with_what_it_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2"]);
        let error = Served::start(command).err().unwrap().to_string();
        assert!(error.contains("out\n") && error.contains("err\n"), "{error}");
    }
}
