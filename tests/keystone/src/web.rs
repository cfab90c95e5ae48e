//! A web server in an enclave: `examples/digits`. Requests go to it from here through ssh.

use super::remote::{Remote, text};
use super::report::Report;
use super::server::Server;
use super::{Built, Suite, digits};
use anyhow::{Result, ensure};
use std::process::Command;

/// The port, here and on the board.
const ADDRESS: &str = "127.0.0.1:8089";

/// Sends pictures, and checks the answers.
pub fn run(suite: &Suite, report: &mut Report) -> Result<()> {
    let wasm = digits()?;
    let engines = [
        ("interpreted", &["--engine", "pulley"][..]),
        ("lowered", &["--engine", "native"]),
        ("native with floating-point registers", &["--engine", "native", "--insecure-float"]),
    ];
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
    let server = Server::start(suite, ADDRESS, &line, "/health")?;
    let mut client = Command::new(suite.built.join("wasmstone-benchmark"));
    let output = client.args(["web-requests", server.address, "--count", "20", "--rounds", "1"]).output()?;
    ensure!(output.status.success(), "{}", text(&output.stderr));
    Ok(())
}
