//! From the command line to the exit code.

use crate::arguments::Arguments;
use crate::enclave::Enclave;
use crate::{clock, timer};
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Instant;
use wasmstone_bundle::{Bundle, TrustPolicy, verify};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Outcome, exit_code};
use wasmstone_happ::edge_server::{Config, Input, Output, Server, Service, StopHandle, Task};
use wasmstone_policy::{Network, Target};

/// The exit code if the harness fails, or the enclave does what it must not do.
const HARNESS: u8 = 1;

/// Runs the bundle.
pub fn main() -> ExitCode {
    ExitCode::from(run(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        HARNESS
    }))
}

fn run(arguments: &Arguments) -> Result<u8> {
    let trust = TrustPolicy { allow_unsigned: true, allow_unknown_signer: true, ..TrustPolicy::default() };
    let bundle = Bundle::open(&arguments.bundle)
        .with_context(|| format!("cannot read the bundle {}", arguments.bundle.display()))?;
    let mut programs = verify(&bundle, &trust)?.into_contents().programs;
    // The last program is run, which is the native one if there is a choice.
    programs.retain(|program| match arguments.target {
        Some(target) => program.target == target,
        None => [Target::Pulley64, Target::Riscv64].contains(&program.target),
    });
    let mut program = programs.pop().context("the bundle holds no such program")?;

    let config = Config {
        arguments: arguments.arguments.clone(),
        environment: arguments.env.clone(),
        directories: arguments.directories()?,
        task: arguments.report.as_ref().map_or(Task::Run, |nonce| Task::Report { nonce: nonce.clone().into() }),
        entropy: arguments.same_entropy.then_some([7; 32]),
        network: if arguments.net { Network::Any } else { Network::Denied },
        stdin: if arguments.serve.is_some() { Input::Empty } else { Input::process()? },
        serve: arguments.serve.map(service).transpose()?,
        stdout: Output::process_stdout()?,
        stderr: Output::process_stderr()?,
        program: std::mem::take(&mut program.program).into(),
        ..Config::default()
    };
    let mut server = Server::new(config)?;
    server.set_timebase(clock::timebase());
    let mut enclave = Enclave::load(&program, arguments.float_host)?;
    drop(program);
    timer::start(arguments.interrupt, arguments.timeout, overdue)?;
    let start = Instant::now();
    let outcome = enclave.run(&mut server)?;
    if arguments.seconds {
        eprintln!("{}", serde_json::json!({ "seconds": start.elapsed().as_secs_f64() }));
    }
    if let Some(report) = server.attested() {
        println!("{}", hex::encode(report));
    }
    if arguments.edge_calls {
        eprintln!("{}", serde_json::to_string(&server.counts())?);
    }
    if let Some(changed) = enclave.floats_changed() {
        eprintln!("{}", serde_json::json!({ "floats-changed": changed }));
    }
    if let Some(secret) = &arguments.secret
        && let Some(address) = enclave.find(secret.as_bytes())
    {
        bail!("after {outcome:?}, the secret is left in the enclave's memory, at {address:#x}");
    }
    Ok(ended(&outcome, server.explanation()))
}

/// A service at `address` that ends when standard input ends.
fn service(address: SocketAddr) -> Result<Service> {
    let stop = StopHandle::new()?;
    let asking = stop.clone();
    std::thread::Builder::new().name("stop".into()).spawn(move || {
        // If standard input cannot be read any more, it has ended too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        asking.stop();
    })?;
    let listening = |address| eprintln!("Serving HTTP on http://{address}/");
    Ok(Service { address, stop, listening: Some(Box::new(listening)) })
}

/// The exit code, which is that of `wasmstone run`. Prints an error if the end is not the guest's own.
fn ended(outcome: &Outcome, explanation: Option<&str>) -> u8 {
    if !matches!(outcome, Outcome::Ended(ExitStatus::Guest(_))) {
        eprintln!("error: {outcome:?}: {}", explanation.unwrap_or_default());
    }
    outcome.exit_code()
}

fn overdue() -> ! {
    eprintln!("error: {:?}", Outcome::TimedOut);
    std::process::exit(exit_code::TIMED_OUT.into())
}
