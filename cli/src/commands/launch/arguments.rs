//! Which bundle is launched, by what, and who need have signed it.

use super::enclave::Enclave;
use super::timeout;
use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use anyhow::Context;
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wasmstone_bundle::{TrustPolicy, Verified, verify};
use wasmstone_happ::backend::{Backend, Grace};

/// Options of everything that starts an enclave.
#[derive(clap::Args)]
pub struct EnclaveArguments {
    /// The bundle.
    bundle: PathBuf,
    /// Stop the enclave after this time, such as 500ms, 30s, 5m or 1h.
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
    #[command(flatten)]
    insecure: Insecure,
}

#[derive(clap::Args)]
struct Insecure {
    /// Insecure: run a bundle that nobody has signed.
    #[arg(long = "insecure-allow-unsigned")]
    allow_unsigned: bool,
    /// Insecure: run a bundle that is signed by a key that is not trusted.
    #[arg(long = "insecure-allow-unknown-signer")]
    allow_unknown_signer: bool,
    /// Insecure: simulate an enclave even where its process cannot be confined, such as under an emulator.
    #[arg(long = "insecure-no-lockdown")]
    no_lockdown: bool,
    /// Insecure: do not keep a Keystone enclave's floating-point registers while it does not run. For tests.
    #[arg(long = "insecure-foreign-floats")]
    foreign_floats: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// A Keystone enclave.
    Keystone,
    /// A process that simulates one, and protects nothing.
    Sim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Portable bytecode, interpreted.
    Pulley,
    /// Machine code.
    Native,
}

/// An enclave that can be launched.
pub struct Chosen {
    /// It.
    pub enclave: Enclave,
    /// Whether the platform protects floating-point registers.
    pub fp_safe: bool,
    /// How long reading and verifying the bundle took.
    pub verify: Duration,
}

/// How long an enclave may take.
pub struct Limits {
    pub timeout: Option<Duration>,
    pub boot_timeout: Option<Duration>,
    /// What a first signal does that asks to end.
    pub grace: Option<Grace>,
    /// Whether a simulated enclave may run unconfined.
    pub unconfined: bool,
    /// Whether a Keystone enclave finds other floating-point registers whenever it is entered.
    pub foreign_floats: bool,
}

impl EnclaveArguments {
    /// The bundle's path.
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Reads and verifies the bundle, and chooses what of it runs where.
    ///
    /// # Errors
    /// Where the bundle is not to be run, or nothing of it runs here.
    pub fn choose(&self) -> anyhow::Result<Chosen> {
        let start = Instant::now();
        let bundle = crate::commands::open(&self.bundle)?;
        let verified =
            verify(&bundle, &self.trust()?).with_context(|| format!("will not run {}", self.bundle.display()))?;
        drop(bundle);
        let verify = start.elapsed();
        self.banner(&verified);
        let (platform, fp_safe) = (verified.manifest().platform.name.clone(), verified.manifest().platform.fp_safe);
        let enclave = Enclave::choose(verified.into_contents(), &platform, self.backend()?, self.engine)?;
        Ok(Chosen { enclave, fp_safe, verify })
    }

    /// What the options say of time and confinement.
    pub fn limits(&self) -> Limits {
        Limits {
            timeout: self.timeout,
            boot_timeout: self.boot_timeout,
            grace: None,
            unconfined: self.insecure.no_lockdown,
            foreign_floats: self.insecure.foreign_floats,
        }
    }

    fn trust(&self) -> anyhow::Result<TrustPolicy> {
        let mut trust = match Home::find() {
            Ok(home) => keys::trusted(&home)?,
            // Who asks for no trusted key needs none.
            Err(_) if self.insecure.allow_unsigned || self.insecure.allow_unknown_signer => TrustPolicy::default(),
            Err(none) => return Err(none.into()),
        };
        trust.allow_unsigned = self.insecure.allow_unsigned;
        trust.allow_unknown_signer = self.insecure.allow_unknown_signer;
        Ok(trust)
    }

    /// Says which insecure options are in use.
    fn banner(&self, verified: &Verified) {
        for (used, option, consequence) in [
            (self.insecure.allow_unsigned, "--insecure-allow-unsigned", "nobody need have signed this bundle"),
            (
                self.insecure.allow_unknown_signer,
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
        match (backend, self.insecure.no_lockdown) {
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
}
