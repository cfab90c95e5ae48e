//! Both places in one executable, which is this one.
//!
//! How fast an interpreter is depends on where the linker puts its loop, by a tenth and more. A comparison of two
//! separately linked programs would measure that too, so computing programs are run by the same machine code at the
//! same addresses, inside and outside.

use crate::place::LAUNCH;
use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use wasmstone_bundle::{Bundle, TrustPolicy, verify};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Backend, Files, Limits, Outcome};
use wasmstone_happ::edge_server::{Config, Input, Output, Server};
use wasmstone_peer::{self as peer, RunConfig, run};
use wasmstone_policy::{Launch, Network};
use wasmstone_simulator::Simulator;

/// The first argument of a process that acts as `wasmstone run`.
pub const INSIDE: &str = "__inside";

/// The first argument of a process that becomes a simulated enclave.
pub const ENCLAVE: &str = "__enclave";

/// The first argument of a process that acts as `wasmstone-peer`.
pub const OUTSIDE: &str = "__outside";

/// Verifies a bundle and runs it in a simulated enclave, as the command does.
///
/// # Errors
/// If the run fails, or the program does.
pub fn inside(bundle: &Path, arguments: Vec<String>) -> Result<()> {
    let trust = TrustPolicy { allow_unknown_signer: true, ..TrustPolicy::default() };
    let verified = verify(&Bundle::open(bundle)?, &trust)?;
    let program = verified.into_contents().programs.into_iter().next().context("the bundle holds no program")?;
    let (stdin, stdout, stderr) = (Input::process()?, Output::process_stdout()?, Output::process_stderr()?);
    let bytes = program.program.into();
    let config =
        Config { arguments, network: Network::Any, stdin, stdout, stderr, program: bytes, ..Config::default() };
    let simulator = Simulator { arguments: vec![ENCLAVE.into()], ..Simulator::new(std::env::current_exe()?) };
    let files = Files { loader: b"", runtime: b"", image: &program.image, measurement: program.measurement };
    match simulator.launch(&files, &mut Server::new(config)?, &Limits::default())?.outcome {
        Outcome::Ended(ExitStatus::Guest(0)) => Ok(()),
        outcome => bail!("the enclave ended otherwise: {outcome:?}"),
    }
}

/// Runs a precompiled program outside, as the peer does.
///
/// # Errors
/// If the run fails, or the program does.
pub fn outside(precompiled: &Path, mut arguments: Vec<String>) -> Result<()> {
    let program = std::fs::read(precompiled)?;
    arguments.insert(0, "program".to_owned());
    let (stdin, stdout, stderr) = (peer::Input::Inherit, peer::Output::Inherit, peer::Output::Inherit);
    let config = RunConfig { args: arguments, stdin, stdout, stderr, network: true, ..RunConfig::default() };
    let launch = Launch::decode(&std::fs::read(precompiled.with_extension(LAUNCH))?)?;
    let engine = peer::engine(&launch.program);
    // SAFETY: the file was taken from a bundle that this program has built, see `Places::program`.
    let outcome = engine.and_then(|engine| unsafe { run(&engine, &program, config) });
    match outcome.map_err(|error| anyhow!("{error:#}"))?.end.code() {
        0 => Ok(()),
        code => bail!("the program ended with {code}"),
    }
}
