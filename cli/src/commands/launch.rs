//! What `run` and `serve` have in common: a bundle is verified, its enclave launched and served.

mod enclave;
mod ending;
mod grants;
pub mod timeout;
mod timings;

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use anyhow::Context;
use clap::ValueEnum;
use enclave::{Enclave, Limits};
use grants::GrantArguments;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use timings::TimingsView;
use wasmstone_bundle::{TrustPolicy, Verified, verify};
use wasmstone_happ::backend::{Backend, Grace};
use wasmstone_happ::serve::{
    Config, Input, Log, Output, Server, Service, StopHandle, allow_many_sockets, listening_at,
};
use wasmstone_policy::{Entry, Grants, Network};

/// Options of both.
#[derive(clap::Args)]
pub struct LaunchArguments {
    /// The bundle.
    bundle: PathBuf,
    #[command(flatten)]
    grants: GrantArguments,
    /// Stop the program after this time, such as 500ms, 30s, 5m or 1h.
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    timeout: Option<Duration>,
    /// On Keystone, give up where nothing is heard of the enclave for this long after its start
    /// [default: 30s, and 0.5s for each MiB of its memory].
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    boot_timeout: Option<Duration>,
    /// What runs the bundle [default: keystone where there is its device, else sim].
    #[arg(long)]
    backend: Option<BackendName>,
    /// Which of the bundle's programs is run [default: machine code where there is some for this machine].
    #[arg(long)]
    engine: Option<EngineName>,
    /// For each access that the host refused, write a line to this file, or with - to standard error.
    #[arg(long, value_name = "FILE|-")]
    log: Option<PathBuf>,
    /// At the end, print how often the enclave called the host, as JSON on standard error.
    #[arg(long)]
    edge_calls: bool,
    /// At the end, print how long the phases of its start took, as JSON on standard error.
    #[arg(long)]
    timings: bool,
    /// Insecure: run a bundle that nobody has signed.
    #[arg(long)]
    insecure_allow_unsigned: bool,
    /// Insecure: run a bundle that is signed by a key that is not trusted.
    #[arg(long)]
    insecure_allow_unknown_signer: bool,
    /// Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator.
    #[arg(long)]
    insecure_no_lockdown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BackendName {
    /// A Keystone enclave.
    Keystone,
    /// A process that simulates one, and protects nothing.
    Sim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// Portable bytecode, interpreted.
    Pulley,
    /// Machine code.
    Native,
}

/// What a bundle is launched for.
#[derive(Debug)]
pub enum Task {
    /// To run its command with these arguments.
    Command { arguments: Vec<String> },
    /// To serve HTTP there, and for so long after it was asked to end.
    Http { address: SocketAddr, grace: Duration },
}

impl Task {
    /// Says which command is for a bundle with this entry, where that is another one.
    fn check(&self, entry: Entry, bundle: &Path) -> Result<(), Fault> {
        let bundle = bundle.display();
        let message = match (self, entry) {
            (Self::Command { .. }, Entry::Command) | (Self::Http { .. }, Entry::Http) => return Ok(()),
            (Self::Command { .. }, Entry::Http) => {
                format!("this program answers HTTP requests: start it with \"wasmstone serve {bundle}\"")
            }
            (Self::Http { .. }, Entry::Command) => {
                format!(
                    "this program is a command, which answers no HTTP requests: start it with \"wasmstone run {bundle}\""
                )
            }
        };
        Err(Fault::new(Exit::Usage, message))
    }
}

impl LaunchArguments {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong, and how an enclave ended that had no exit code of its own.
    pub fn launch(self, task: Task) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let bundle = super::open(&self.bundle)?;
        let verified =
            verify(&bundle, &self.trust()?).with_context(|| format!("will not run {}", self.bundle.display()))?;
        drop(bundle);
        let verify = start.elapsed();
        self.banner(&verified);
        let (platform, fp_safe) = (verified.manifest().platform.name.clone(), verified.manifest().platform.fp_safe);
        let mut enclave = Enclave::choose(verified.into_contents(), &platform, self.backend()?, self.engine)?;
        task.check(enclave.program.launch.entry, &self.bundle)?;
        enclave.check_cpu()?;
        if enclave.program.launch.program.hardware_float && !fp_safe {
            console::warn(
                "--insecure-float: the program computes with floating-point registers, which the platform does not \
                 protect: the host can read and change what it computes",
            );
        }

        let program = std::mem::take(&mut enclave.program.program);
        let (config, grace) = self.config(task, program)?;
        let address = config.serve.as_ref().map(|service| service.address);
        let directories = config.directories.iter().map(|granted| (granted.guest.clone(), granted.access)).collect();
        let grants = Grants {
            arguments: config.arguments.clone(),
            environment: config.environment.clone(),
            directories,
            network: config.network.clone(),
        };
        enclave.program.launch.policy.admit(grants).context(
            "more was granted than the bundle's policy allows: leave the option out, \
             or allow it in wasmstone.toml and build the bundle anew",
        )?;
        if config.network != Network::Denied {
            allow_many_sockets();
        }
        let mut server = Server::new(config)?;
        let limits = Limits {
            timeout: self.timeout,
            boot_timeout: self.boot_timeout,
            grace,
            unconfined: self.insecure_no_lockdown,
        };
        let launched = enclave.launch(&mut server, &limits);
        if self.edge_calls {
            console::say(serde_json::to_string(server.counts())?);
        }
        let launched = launched?;
        if self.timings {
            console::say(serde_json::to_string(&TimingsView { verify, launch: launched.timings })?);
        }
        match (address, server.unserved()) {
            (Some(address), Some(status)) => Err(ending::unserved(address, status).into()),
            _ => ending::ended(launched.outcome, server.explanation()),
        }
    }

    /// What is granted for `task`, and how it is ended gracefully.
    fn config(&self, task: Task, program: Vec<u8>) -> anyhow::Result<(Config, Option<Grace>)> {
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
        match task {
            Task::Command { arguments } => {
                config.arguments = arguments;
                config.stdin = Input::process().context("cannot use standard input")?;
                Ok((config, None))
            }
            Task::Http { address, grace: time } => {
                let stop = StopHandle::new().context("cannot make what asks the enclave to end")?;
                config.network = listening_at(config.network, address);
                config.serve = Some(Service { address, stop: stop.clone(), listening: Some(Box::new(listening)) });
                Ok((config, Some(Grace { stop, time, asked })))
            }
        }
    }

    fn trust(&self) -> anyhow::Result<TrustPolicy> {
        let mut trust = match Home::find() {
            Ok(home) => keys::trusted(&home)?,
            // Who asks for no trusted key needs none.
            Err(_) if self.insecure_allow_unsigned || self.insecure_allow_unknown_signer => TrustPolicy::default(),
            Err(none) => return Err(none.into()),
        };
        trust.allow_unsigned = self.insecure_allow_unsigned;
        trust.allow_unknown_signer = self.insecure_allow_unknown_signer;
        Ok(trust)
    }

    /// Says which insecure options are in use.
    fn banner(&self, verified: &Verified) {
        for (used, option, consequence) in [
            (self.insecure_allow_unsigned, "--insecure-allow-unsigned", "nobody need have signed this bundle"),
            (
                self.insecure_allow_unknown_signer,
                "--insecure-allow-unknown-signer",
                "anybody may have signed this bundle",
            ),
        ] {
            if used {
                let trusted = if verified.is_trusted() { "; a trusted key did" } else { ", and no trusted key did" };
                console::warn(format_args!("{option}: {consequence}{trusted}"));
            }
        }
    }

    /// What was asked for, or what this machine has. The simulator is never used without a word.
    fn backend(&self) -> Result<BackendName, Fault> {
        let backend = self.backend.unwrap_or_else(|| match Backend::detect() {
            Backend::Keystone => BackendName::Keystone,
            Backend::Sim => BackendName::Sim,
        });
        match (backend, self.insecure_no_lockdown) {
            (BackendName::Keystone, true) => {
                let message = "--insecure-no-lockdown is about the simulator: leave it out, or say --backend sim";
                return Err(Fault::new(Exit::Usage, message));
            }
            (BackendName::Keystone, false) => {}
            (BackendName::Sim, unconfined) => {
                console::say("wasmstone: simulated enclave, nothing is protected");
                if unconfined {
                    console::warn(
                        "--insecure-no-lockdown: where the machine cannot confine the enclave's process, \
                         a program that breaks out of its engine can do whatever you can",
                    );
                }
            }
        }
        Ok(backend)
    }

    fn log(&self) -> anyhow::Result<Option<Log>> {
        let Some(path) = &self.log else { return Ok(None) };
        if path.as_os_str() == "-" {
            return Ok(Some(Box::new(|line| console::say(line))));
        }
        let opened = File::options().create(true).append(true).open(path);
        let mut file =
            opened.with_context(|| Fault::new(Exit::Output, format!("cannot write the log {}", path.display())))?;
        // A log that cannot be written any more must not end the program.
        Ok(Some(Box::new(move |line| drop(writeln!(file, "{line}")))))
    }
}

/// Tells that requests can be made.
fn listening(address: SocketAddr) {
    console::say(format_args!("Serving HTTP on http://{address}/ (ctrl-c ends it)"));
}

/// Tells what is waited for.
fn asked(time: Duration) {
    console::say(format_args!("Ending: requests that have begun may take {time:?} (ctrl-c ends it at once)"));
}
