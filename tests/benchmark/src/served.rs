//! Programs that serve until they are stopped.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, PipeReader, pipe};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(300);

/// A program that serves; it ends when this is dropped.
pub struct Served {
    /// The address at which it listens.
    pub address: SocketAddr,
    process: Child,
    // The pipes stay open as long as the program runs: it may end when one closes, and must not fail when it writes
    // to another.
    _stdin: Option<ChildStdin>,
    _output: BufReader<PipeReader>,
}

impl Served {
    /// Starts the program, and waits until it prints a line with a URL, or with a port of this machine.
    ///
    /// # Errors
    /// If the program ends before that.
    pub fn start(mut command: Command) -> Result<Self> {
        let (output, writer) = pipe().context("cannot make a pipe")?;
        command.stdin(Stdio::piped()).stdout(writer.try_clone().context("cannot make a pipe")?).stderr(writer);
        let mut process = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let stdin = process.stdin.take();
        // The output only ends once the command has no copies of the pipe either.
        let command = {
            let line = format!("{command:?}");
            drop(command);
            line
        };
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(listening(BufReader::new(output))));
        let listening = receiver.recv_timeout(START);
        let ended = match listening {
            Ok(Ok((address, output))) => return Ok(Self { address, process, _stdin: stdin, _output: output }),
            Ok(Err(printed)) => format!("a server ended before it listened: {printed}"),
            Err(_) => format!("a server did not print where it listens within {START:?}: {command}"),
        };
        let _ = process.kill();
        let _ = process.wait();
        bail!(ended)
    }
}

/// Reads lines until one tells where the server listens; if none does, all lines.
fn listening(mut output: BufReader<PipeReader>) -> Result<(SocketAddr, BufReader<PipeReader>), String> {
    let mut printed = String::new();
    loop {
        let line = printed.len();
        if output.read_line(&mut printed).unwrap_or(0) == 0 {
            return Err(printed);
        }
        if let Some(address) = printed.get(line..).and_then(address) {
            return Ok((address, output));
        }
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
