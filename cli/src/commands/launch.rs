//! What `run` and `serve` have in common: they verify a bundle, launch its enclave, and answer the enclave's calls.

mod arguments;
mod enclave;
mod ending;
mod grants;
pub mod sealed;
pub mod timeout;
mod timings;
mod worker;

pub use arguments::EnclaveArguments;
pub use grants::directory;
pub use worker::Worker;

use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use arguments::Chosen;
use grants::GrantArguments;
use sealed::{FreshnessArguments, Sealed};
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use timings::TimingsView;
use wasmstone_happ::backend::{Grace, Limits};
use wasmstone_happ::edge_server::{
    Config, Input, Log, Output, Server, Service, StopHandle, allow_many_sockets, listening_at,
};
use wasmstone_policy::{Entry, Grants, Network};

/// Options of both commands.
#[derive(clap::Args)]
pub struct LaunchArguments {
    #[command(flatten)]
    grants: GrantArguments,
    #[command(flatten)]
    freshness: FreshnessArguments,
    /// Write a line for each access that the host refused to this file; - stands for standard error.
    #[arg(long, value_name = "FILE|-")]
    log: Option<PathBuf>,
    /// At the end, print how often the enclave called the host, as JSON on standard error.
    #[arg(long)]
    edge_calls: bool,
    /// At the end, print how long the phases of the enclave's start took, as JSON on standard error.
    #[arg(long)]
    timings: bool,
    #[command(flatten)]
    enclave: EnclaveArguments,
}

/// What a command launches a bundle for.
#[derive(Debug)]
pub enum Purpose {
    /// `run`: to run its program with these arguments.
    Command { arguments: Vec<String> },
    /// `serve`: to answer HTTP requests at this address; at the end, requests in flight have this time.
    Http { address: SocketAddr, grace: Duration },
}

impl Purpose {
    /// Checks that a bundle with this entry point is for this command.
    ///
    /// # Errors
    /// Which command it is for.
    fn check(&self, entry: Entry, bundle: &Path) -> Result<(), Fault> {
        let bundle = bundle.display();
        let message = match (self, entry) {
            (Self::Command { .. }, Entry::Command) | (Self::Http { .. }, Entry::Http) => return Ok(()),
            (Self::Command { .. }, Entry::Http) => {
                format!("this program answers HTTP requests: start it with \"wasmstone serve {bundle}\"")
            }
            (Self::Http { .. }, Entry::Command) => {
                format!(
                    "this program is a command and does not answer HTTP requests: start it with \"wasmstone run {bundle}\""
                )
            }
        };
        Err(Fault::new(Exit::Usage, message))
    }
}

impl LaunchArguments {
    /// Launches the bundle, and returns when its enclave has ended.
    ///
    /// # Errors
    /// What went wrong, or how the enclave ended if not with the guest's own exit code.
    pub fn launch(self, purpose: Purpose) -> anyhow::Result<Exit> {
        let Chosen { mut enclave, fp_safe, verify, .. } = self.enclave.choose()?;
        purpose.check(enclave.program.launch.entry, self.enclave.bundle())?;
        enclave.check_cpu()?;
        if enclave.program.launch.program.hardware_float && !fp_safe {
            console::warn(
                "--insecure-float: the program computes with floating-point registers, which the platform does not \
                 protect: the host can read and change what it computes",
            );
        }

        let program = std::mem::take(&mut enclave.program.program);
        let (mut config, grace) = self.config(purpose, program)?;
        let address = config.serve.as_ref().map(|service| service.address);
        let directories = config.directories.iter().map(|granted| (granted.guest.clone(), granted.access)).collect();
        let grants = Grants {
            arguments: config.arguments.clone(),
            environment: config.environment.clone(),
            directories,
            network: config.network.clone(),
        };
        let policy = &enclave.program.launch.policy;
        policy.admit(grants).context(
            "more was granted than the bundle's policy allows: leave the option out, \
             or allow it in wasmstone.toml and rebuild the bundle",
        )?;
        let sealed = Sealed::prepare(&self.freshness, policy, &mut config.directories)?;
        if config.network != Network::Denied {
            allow_many_sockets();
        }
        let mut server = Server::new(config)?;
        let launched = enclave.launch(&mut server, &Limits { grace: grace.as_ref(), ..self.enclave.limits() });
        if self.edge_calls {
            console::say(serde_json::to_string(&server.counts())?);
        }
        let launched = launched?;
        if self.timings {
            console::say(serde_json::to_string(&TimingsView { verify, launch: launched.timings })?);
        }
        sealed.say_unknown(server.freshness(), &launched.outcome);
        sealed.keep(server.freshness())?;
        match (address, server.unserved()) {
            (Some(address), Some(status)) => Err(ending::unserved(address, status).into()),
            _ => ending::ended(launched.outcome, server.explanation(), sealed.advice().as_deref()),
        }
    }

    /// What the options grant for `purpose`, and how the enclave is ended gracefully.
    fn config(&self, purpose: Purpose, program: Vec<u8>) -> anyhow::Result<(Config, Option<Grace>)> {
        let mut config = Config {
            environment: self.grants.environment()?,
            directories: self.grants.directories()?,
            network: self.grants.network(),
            stdout: Output::process_stdout().context("cannot use standard output")?,
            stderr: Output::process_stderr().context("cannot use standard error")?,
            program: program.into(),
            log: self.log()?,
            ..Config::default()
        };
        match purpose {
            Purpose::Command { arguments } => {
                config.arguments = arguments;
                config.stdin = Input::process().context("cannot use standard input")?;
                Ok((config, None))
            }
            Purpose::Http { address, grace: time } => {
                let stop = StopHandle::new().context("cannot make the event that asks the enclave to end")?;
                config.network = listening_at(config.network, address);
                config.serve = Some(Service { address, stop: stop.clone(), listening: Some(Box::new(listening)) });
                Ok((config, Some(Grace { stop, time, asked })))
            }
        }
    }

    fn log(&self) -> anyhow::Result<Option<Log>> {
        let Some(path) = &self.log else { return Ok(None) };
        if path.as_os_str() == "-" {
            return Ok(Some(Box::new(|line| console::say(line))));
        }
        let opened = File::options().create(true).append(true).open(path);
        let mut file =
            opened.with_context(|| Fault::new(Exit::Output, format!("cannot write the log {}", path.display())))?;
        // If the log cannot be written any more, the program goes on without it.
        Ok(Some(Box::new(move |line| drop(writeln!(file, "{line}")))))
    }
}

/// Says that the program accepts connections.
fn listening(address: SocketAddr) {
    console::say(format_args!("Serving HTTP on http://{address}/ (ctrl-c ends it)"));
}

/// Says what the command waits for.
fn asked(time: Duration) {
    console::say(format_args!("Ending: requests that have begun may take {time:?} (ctrl-c ends it at once)"));
}
