//! Whether the simulator works: by running a program in it.

use super::Check;
use crate::exit::Exit;
use anyhow::Context;
use std::time::Duration;
use wasmstone_builder::{MemorySize, Request};
use wasmstone_bundle::{Platform, verify::contents};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Outcome, sim};
use wasmstone_happ::serve::{Config, Server};
use wasmstone_policy::Policy;

/// `(module (memory (export "memory") 1) (func (export "_start")))`
const PROGRAM: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x04\x01\x60\0\0\
    \x03\x02\x01\0\
    \x05\x03\x01\0\x01\
    \x07\x13\x02\x06memory\x02\0\x06_start\0\0\
    \x0a\x04\x01\x02\0\x0b";

/// Far more than the program needs on a slow and busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

const NAME: &str = "simulator";

pub fn check() -> Check {
    match run() {
        Ok(Outcome::Ended(ExitStatus::Guest(0))) => Check::ok(NAME, "built and ran a program"),
        Ok(Outcome::Ended(status)) => missing(format!("the program ended with {status:?}")),
        Ok(Outcome::TimedOut) => missing("the program did not end".to_owned()),
        Ok(Outcome::OutOfMemory) => missing("the program ran out of memory".to_owned()),
        Ok(Outcome::Crashed { reason }) => missing(reason),
        Err(error) => missing(format!("{error:#}")),
    }
}

fn missing(found: String) -> Check {
    let remedy = "needs Linux 5.9 or later with seccomp filters, memfd and pidfd; \
                  in a container, allow these system calls (for Docker: --security-opt seccomp=unconfined)";
    Check::missing(NAME, found, remedy, Exit::NoSimulator)
}

fn run() -> anyhow::Result<Outcome> {
    let platform = Platform::sim();
    let request = Request {
        wasm: PROGRAM,
        name: "doctor".to_owned(),
        max_memory: MemorySize::from_bytes(4 << 20)?,
        policy: Policy::closed(),
        platform: &platform,
    };
    let built = wasmstone_builder::build(&request, |_| {})?;
    let program = contents(&built.bundle)?.programs.into_iter().next().context("nothing was built")?;
    let mut server = Server::new(Config { program: program.program.into(), ..Config::default() })?;
    let options = sim::Options { executable: std::env::current_exe()?, timeout: Some(TIMEOUT) };
    Ok(sim::launch(&program.image, &mut server, &options)?)
}
