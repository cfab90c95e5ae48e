//! `wasmstone run`.

mod grants;
mod timeout;

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use anyhow::Context;
use clap::ValueEnum;
use grants::GrantArguments;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use wasmstone_bundle::{TrustPolicy, Verified, verify};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::{Backend, KEYSTONE_DEVICE, Outcome, sim};
use wasmstone_happ::serve::{Config, Input, Log, Output, Server};
use wasmstone_policy::Grants;

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
    /// What runs the bundle [default: keystone where there is its device, else sim].
    #[arg(long)]
    backend: Option<BackendName>,
    /// For each access that the host refused, write a line to this file, or with - to standard error.
    #[arg(long, value_name = "FILE|-")]
    log: Option<PathBuf>,
    /// At the end, print how often the enclave called the host, as JSON on standard error.
    #[arg(long)]
    edge_calls: bool,
    /// Insecure: run a bundle that nobody has signed.
    #[arg(long)]
    insecure_allow_unsigned: bool,
    /// Insecure: run a bundle that is signed by a key that is not trusted.
    #[arg(long)]
    insecure_allow_unknown_signer: bool,
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

impl Run {
    pub fn run(self) -> anyhow::Result<Exit> {
        let bundle = super::open(&self.bundle)?;
        let verified =
            verify(&bundle, &self.trust()?).with_context(|| format!("will not run {}", self.bundle.display()))?;
        drop(bundle);
        self.banner(&verified);
        self.backend()?;
        let program = verified.into_contents().programs.into_iter().next();
        let program = program.ok_or_else(|| Fault::new(Exit::Refused, "the bundle holds no program: build it anew"))?;

        let directories = self.grants.directories()?;
        let grants = Grants {
            arguments: self.arguments.clone(),
            environment: self.grants.environment()?,
            directories: directories.iter().map(|granted| (granted.guest.clone(), granted.access)).collect(),
        };
        program.launch.policy.admit(grants.clone()).context(
            "more was granted than the bundle's policy allows: leave the option out, \
             or allow it in wasmstone.toml and build the bundle anew",
        )?;
        let config = Config {
            arguments: grants.arguments,
            environment: grants.environment,
            directories,
            stdin: Input::process().context("cannot use standard input")?,
            stdout: Output::process_stdout().context("cannot use standard output")?,
            stderr: Output::process_stderr().context("cannot use standard error")?,
            program: program.program.into(),
            log: self.log()?,
        };
        let mut server = Server::new(config)?;
        let executable = std::env::current_exe().context("cannot find this program itself")?;
        let options = sim::Options { executable, timeout: self.timeout };
        let outcome = sim::launch(&program.image, &mut server, &options);
        if self.edge_calls {
            console::say(serde_json::to_string(server.counts())?);
        }
        ended(outcome?, server.explanation())
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

    /// Only the simulator can be used; says so, rather than falling back to it.
    fn backend(&self) -> Result<(), Fault> {
        let wanted = self.backend.unwrap_or(match Backend::detect() {
            Backend::Keystone => BackendName::Keystone,
            Backend::Sim => BackendName::Sim,
        });
        if wanted == BackendName::Keystone {
            return Err(Fault::new(
                Exit::Backend,
                format!(
                    "this release cannot run bundles on Keystone yet ({KEYSTONE_DEVICE}): \
                     --backend sim simulates it, which protects nothing"
                ),
            ));
        }
        console::say("wasmstone: simulated enclave, nothing is protected");
        Ok(())
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
