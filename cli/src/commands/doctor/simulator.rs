//! Whether the simulator works: runs a program in it.

use super::Check;
use crate::backend::{self, Insecure};
use crate::exit::Exit;
use std::time::Duration;
use wasmstone_bundle::{measurement::measure, stand_in};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Backend, Files, Kind, Limits, Outcome};
use wasmstone_happ::edge_server::{Config, Server};

#[cfg_attr(feature = "build", path = "simulator/built.rs")]
#[cfg_attr(not(feature = "build"), path = "simulator/refused.rs")]
mod program;

/// Far more than the program needs on a slow and busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

const NAME: &str = "simulator";

/// A program that is run, and how it must end.
struct Trial {
    image: Vec<u8>,
    program: Vec<u8>,
    expected: ExitStatus,
    /// What this shows.
    found: &'static str,
}

pub fn check() -> Check {
    let simulator = match backend::find(Kind::Sim, Insecure::default()) {
        Ok(simulator) => simulator,
        Err(error) => {
            let remedy = "install all programs of this release into one directory";
            return Check::missing(NAME, format!("{error:#}"), remedy, Exit::NoSimulator);
        }
    };
    match program::trial().and_then(|trial| Ok((run(&*simulator, &trial)?, trial))) {
        Ok((Outcome::Ended(status), trial)) if status == trial.expected => Check::ok(NAME, trial.found),
        Ok((Outcome::Ended(status), _)) => missing(format!("the program ended with {status:?}")),
        Ok((Outcome::TimedOut | Outcome::NotStarted { .. } | Outcome::Interrupted { .. }, _)) => {
            missing("the program did not end".to_owned())
        }
        Ok((Outcome::OutOfMemory, _)) => missing("the program ran out of memory".to_owned()),
        Ok((Outcome::Crashed { reason }, _)) => missing(reason),
        Err(error) => missing(format!("{error:#}")),
    }
}

fn missing(found: String) -> Check {
    let remedy = "needs Linux 5.9 or later with seccomp filters, memfd and pidfd; \
                  in a container, allow these system calls (for Docker: --security-opt seccomp=unconfined)";
    Check::missing(NAME, found, remedy, Exit::NoSimulator)
}

fn run(simulator: &dyn Backend, trial: &Trial) -> anyhow::Result<Outcome> {
    let mut server = Server::new(Config { program: trial.program.clone().into(), ..Config::default() })?;
    let (loader, runtime, image) = (&stand_in::loader(), &stand_in::runtime(), &trial.image);
    let files = Files { loader, runtime, image, measurement: measure(loader, runtime, image) };
    Ok(simulator.launch(&files, &mut server, &Limits { timeout: Some(TIMEOUT), ..Limits::default() })?.outcome)
}
