//! Running `wasmstone` on a case's bundle: alone, in a pipe, or as a server.

use super::case::{Case, Stdin};
use super::exchange;
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

/// Runs a command with the case's standard input, and reads its output.
///
/// # Errors
/// If the command cannot be run.
pub fn alone(mut run: Command, case: &Case) -> Result<Output> {
    run.stdin(match case.stdin {
        Stdin::Text(_) => Stdio::piped(),
        Stdin::Directory => File::open("/")?.into(),
    });
    let mut child = spawn(&mut run)?;
    let stderr = child.stderr.take().context("there is no standard error")?;
    let stderr = thread::spawn(move || read(stderr, u64::MAX));
    let mut stdout = child.stdout.take().context("there is no standard output")?;
    let stdout = match case.stdout_closes_after {
        None => {
            write(&mut child, &case.stdin);
            read(stdout, u64::MAX)
        }
        Some(length) => {
            let first = read(&mut stdout, length as u64);
            drop(stdout);
            write(&mut child, &case.stdin);
            first
        }
    };
    let status = child.wait().context("cannot wait for wasmstone")?;
    Ok(Output { status, stdout, stderr: stderr.join().unwrap_or_default() })
}

/// Runs two commands; the second reads what the first writes. If the first fails, its end counts, otherwise the
/// second's.
///
/// # Errors
/// If a command cannot be run.
pub fn pipe(mut from: Command, mut into: Command) -> Result<Output> {
    let mut from = spawn(&mut from)?;
    let stdout = from.stdout.take().context("there is no standard output")?;
    let into = into.stdin(stdout).output().context("cannot run wasmstone")?;
    let from = from.wait_with_output().context("cannot wait for wasmstone")?;
    Ok(if from.status.success() { into } else { from })
}

/// Runs a command that serves HTTP until it has answered the case's requests, and ends it.
///
/// # Errors
/// If the command cannot be run, or an answer is not as expected; with its standard error.
pub fn served(mut run: Command, case: &Case, echo: &str) -> Result<Output> {
    let mut child = spawn(&mut run)?;
    let mut stderr = BufReader::new(child.stderr.take().context("there is no standard error")?);
    let stdout = child.stdout.take().context("there is no standard output")?;
    let stdout = thread::spawn(move || read(stdout, u64::MAX));
    let mut first = Vec::new();
    let address = address(&mut stderr, &mut first);
    let stderr = thread::spawn(move || read(stderr, u64::MAX));
    let answered = address.and_then(|address| exchange::all(&case.requests, &address, echo));
    // The command may have ended already.
    let _ = Command::new("kill").arg(child.id().to_string()).stderr(Stdio::null()).status();
    let status = child.wait().context("cannot wait for wasmstone")?;
    first.extend(stderr.join().unwrap_or_default());
    answered.with_context(|| String::from_utf8_lossy(&first).trim().to_owned())?;
    Ok(Output { status, stdout: stdout.join().unwrap_or_default(), stderr: first })
}

/// Reads up to the line that names the address at which it listens.
fn address(stderr: &mut impl BufRead, read: &mut Vec<u8>) -> Result<String> {
    loop {
        let start = read.len();
        ensure!(stderr.read_until(b'\n', read)? > 0, "it did not say where it listens");
        let line = String::from_utf8_lossy(read.get(start..).unwrap_or_default());
        if let Some((_, address)) = line.split_once("http://") {
            return Ok(address.split('/').next().unwrap_or_default().to_owned());
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot run wasmstone")
}

/// Gives a child its standard input and closes it. A child that has ended need not have read it.
fn write(child: &mut Child, stdin: &Stdin) {
    if let (Some(mut pipe), Stdin::Text(text)) = (child.stdin.take(), stdin) {
        let _ = pipe.write_all(text.as_bytes());
    }
}

/// Reads to the end or to the first error. After an error the case fails too, since output is missing.
fn read(from: impl Read, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = from.take(length).read_to_end(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::exchange::Exchange;
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::null());
        shell
    }

    #[test]
    fn streams_are_those_of_the_case() {
        let stdin = Stdin::Text("in".to_owned());
        let output = alone(shell("cat; echo err >&2; exit 3"), &Case { stdin, ..Case::default() }).unwrap();
        assert_eq!(
            (output.status.code(), &output.stdout[..], &output.stderr[..]),
            (Some(3), &b"in"[..], &b"err\n"[..])
        );
        let output = alone(shell("cat"), &Case { stdin: Stdin::Directory, ..Case::default() }).unwrap();
        assert!(!output.status.success());
    }

    #[test]
    fn standard_output_can_close_before_standard_input() {
        let case = Case { stdout_closes_after: Some(2), ..Case::default() };
        let output = alone(shell("trap '' PIPE; echo '> '; cat; echo more || exit 7"), &case).unwrap();
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(7), &b"> "[..]));
    }

    #[test]
    fn a_pipe_ends_as_the_one_that_failed() {
        let output = pipe(shell("echo a"), shell("sed s/a/b/; exit 4")).unwrap();
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(4), &b"b\n"[..]));
        assert_eq!(pipe(shell("exit 5"), shell("cat")).unwrap().status.code(), Some(5));
    }

    #[test]
    fn a_server_that_does_not_serve_is_an_error() {
        let case = Case { requests: vec![Exchange::default()], ..Case::default() };
        for (script, word) in
            [("echo no >&2", "where it listens"), ("echo at http://127.0.0.1:1/ >&2; exec sleep 9", "request 0")]
        {
            let error = format!("{:#}", served(shell(script), &case, "").unwrap_err());
            assert!(error.contains(word), "{error}");
        }
    }
}
