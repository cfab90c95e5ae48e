//! `wasmstone run`.

mod grants;
mod launching;
mod timeout;
mod timings;

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use anyhow::Context;
use clap::ValueEnum;
use grants::GrantArguments;
use launching::{Enclave, Limits};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use timings::TimingsView;
use wasmstone_bundle::{TrustPolicy, Verified, verify};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Backend, Outcome};
use wasmstone_happ::serve::{Config, Input, Log, Output, Server, allow_many_sockets};
use wasmstone_policy::{Grants, Network};

/// Run a bundle: verify it, then launch its enclave and serve it.
///
/// Standard input, output and error are the program's, and so is the exit code. What the program may have
/// is what these options grant, within the bundle's policy.
#[derive(clap::Args)]
pub struct Run {
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
    /// The program's arguments.
    #[arg(last = true)]
    arguments: Vec<String>,
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

impl Run {
    pub fn run(self) -> anyhow::Result<Exit> {
        let start = Instant::now();
        let bundle = super::open(&self.bundle)?;
        let verified =
            verify(&bundle, &self.trust()?).with_context(|| format!("will not run {}", self.bundle.display()))?;
        drop(bundle);
        let verify = start.elapsed();
        self.banner(&verified);
        let (platform, fp_safe) = (verified.manifest().platform.name.clone(), verified.manifest().platform.fp_safe);
        let mut enclave = Enclave::choose(verified.into_contents(), &platform, self.backend()?, self.engine)?;
        enclave.check_cpu()?;
        if enclave.program.launch.program.hardware_float && !fp_safe {
            console::warn(
                "--insecure-float: the program computes with floating-point registers, which the platform does not \
                 protect: the host can read and change what it computes",
            );
        }

        let directories = self.grants.directories()?;
        let grants = Grants {
            arguments: self.arguments.clone(),
            environment: self.grants.environment()?,
            directories: directories.iter().map(|granted| (granted.guest.clone(), granted.access)).collect(),
            network: self.grants.network(),
        };
        enclave.program.launch.policy.admit(grants.clone()).context(
            "more was granted than the bundle's policy allows: leave the option out, \
             or allow it in wasmstone.toml and build the bundle anew",
        )?;
        let config = Config {
            arguments: grants.arguments,
            environment: grants.environment,
            directories,
            network: grants.network,
            stdin: Input::process().context("cannot use standard input")?,
            stdout: Output::process_stdout().context("cannot use standard output")?,
            stderr: Output::process_stderr().context("cannot use standard error")?,
            program: std::mem::take(&mut enclave.program.program).into(),
            log: self.log()?,
        };
        if config.network != Network::Denied {
            allow_many_sockets();
        }
        let mut server = Server::new(config)?;
        let limits =
            Limits { timeout: self.timeout, boot_timeout: self.boot_timeout, unconfined: self.insecure_no_lockdown };
        let launched = enclave.launch(&mut server, &limits);
        if self.edge_calls {
            console::say(serde_json::to_string(server.counts())?);
        }
        let launched = launched?;
        if self.timings {
            console::say(serde_json::to_string(&TimingsView { verify, launch: launched.timings })?);
        }
        ended(launched.outcome, server.explanation())
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

/// The exit code for an enclave's end, with a word to the person where it is not the guest's own.
fn ended(outcome: Outcome, explanation: Option<&str>) -> anyhow::Result<Exit> {
    let why = explanation.map(|text| format!(": {text}")).unwrap_or_default();
    let (exit, message) = match outcome {
        Outcome::Ended(ExitStatus::Guest(code)) => return Ok(Exit::Guest(code)),
        Outcome::Ended(ExitStatus::Trap) => (Exit::Trap, format!("the program trapped{why}")),
        Outcome::Ended(ExitStatus::Violation) => (
            Exit::Violation,
            "the host broke the edge protocol, and the enclave ended itself: \
             the host is faulty or hostile, do not rely on what the program did"
                .to_owned(),
        ),
        Outcome::Ended(ExitStatus::Refused) => {
            let advice = "build the bundle anew with this release, with a larger --max-memory where memory is short";
            (Exit::Refused, format!("the enclave refused to run the program{why}; {advice}"))
        }
        Outcome::Ended(ExitStatus::OutOfMemory) | Outcome::OutOfMemory => (
            Exit::OutOfMemory,
            "the enclave ran out of memory: build the bundle with a larger --max-memory, or give the program less to do"
                .to_owned(),
        ),
        Outcome::Interrupted { signal } => return Ok(Exit::by_signal(signal)),
        Outcome::NotStarted { after } => {
            let message = format!(
                "nothing was heard of the enclave for {} s, and it was stopped: its runtime may have met an instruction \
                 that this processor lacks, and says so on the machine's console; see \"wasmstone doctor\", \
                 and --boot-timeout where the machine is slow",
                after.as_secs()
            );
            (Exit::NotStarted, message)
        }
        Outcome::TimedOut => (Exit::TimedOut, "the program was stopped: the time given by --timeout is up".to_owned()),
        Outcome::Ended(ExitStatus::Internal) => {
            (Exit::Enclave, "the enclave app failed; please report it, with the bundle if you can".to_owned())
        }
        Outcome::Crashed { reason } => {
            let message = format!("the enclave ended abnormally: {reason}; please report it, with the bundle if you can");
            (Exit::Enclave, message)
        }
    };
    Err(Fault::new(exit, message).into())
}
