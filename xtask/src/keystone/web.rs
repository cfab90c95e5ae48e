//! A web server in an enclave: `examples/digits`, asked from here through ssh.

use super::remote::{Remote, text};
use super::report::Report;
use super::{Built, Suite};
use crate::digits;
use anyhow::{Context, Result, bail};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The port, here and on the target.
pub const ADDRESS: &str = "127.0.0.1:8089";

/// How long the server may take to its first word: it is a program of 30 MB, emulated.
const PATIENCE: Duration = Duration::from_secs(300);

/// Sends pictures, and looks at the answers.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let wasm = digits::build()?;
    let engines =
        [("interpreted", &["--engine", "pulley"][..]), ("native", &["--engine", "native", "--insecure-float"])];
    for (name, flags) in engines {
        let flags = [flags, &["--max-memory", "128M"]].concat();
        let fault = match suite.build(&wasm, "digits", &suite.platform, &flags) {
            Ok(built) => ask(suite, &built).err().map(|error| format!("{error:#}")),
            Err(error) => Some(error),
        };
        report.check(&format!("examples/digits, {name}, answers 20 pictures"), fault);
    }
    Ok(())
}

fn ask(suite: &Suite, built: &Built) -> Result<()> {
    let bundle = suite.put(built)?;
    let line = Remote::line(&["run", &bundle, "--backend", "keystone", "--listen", ADDRESS, "--", ADDRESS]);
    let forward = format!("{ADDRESS}:{ADDRESS}");
    let mut server = suite.remote.start(&["-L", &forward], &line)?;
    let asked = wait(&mut server).and_then(|()| {
        let mut client = Command::new(suite.built.join("wasmstone-benchmark"));
        let output = client.args(["web-requests", ADDRESS, "--count", "20", "--rounds", "1"]).output()?;
        if output.status.success() { Ok(()) } else { bail!(text(&output.stderr)) }
    });
    // Ends the connection, and with it the server.
    let _ = server.kill();
    server.wait().context("cannot wait for ssh")?;
    asked
}

/// Waits until the server answers. The port is open at once, since ssh forwards it.
fn wait(server: &mut Child) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = server.try_wait()? {
            bail!("the server ended: {status}");
        }
        if answers() {
            return Ok(());
        }
        sleep(Duration::from_millis(500));
    }
    bail!("the server does not answer")
}

fn answers() -> bool {
    use std::io::{Read, Write};
    let Ok(mut connection) = TcpStream::connect(ADDRESS) else { return false };
    let request = format!("GET /health HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\r\n");
    let mut answer = [0; 12];
    connection.write_all(request.as_bytes()).is_ok()
        && connection.read_exact(&mut answer).is_ok()
        && answer.ends_with(b"200")
}
