//! Options that choose the bundle, the backend and the engine, and say whose signatures count.

use super::enclave::Enclave;
use super::timeout;
use crate::backend::{self, Insecure};
use crate::console;
use crate::engine::{self, EngineName};
use crate::home::Home;
use crate::keys;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wasmstone_bundle::{TrustPolicy, Verified, verify};
use wasmstone_happ::backend::{Backend, Kind, Limits};

/// Options of every command that launches an enclave.
#[derive(clap::Args)]
pub struct EnclaveArguments {
    /// Bundle to launch.
    bundle: PathBuf,
    /// Stop the enclave after this time, such as 500ms, 30s, 5m or 1h.
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    timeout: Option<Duration>,
    /// On Keystone, give up if the enclave makes no call to the host for this long after its start
    /// [default: 30s, and 0.5s for each MiB of its memory].
    #[arg(long, value_name = "TIME", value_parser = timeout::parse)]
    boot_timeout: Option<Duration>,
    #[cfg_attr(
        feature = "simulator",
        doc = "Backend that runs the bundle [default: keystone if its device exists, otherwise sim]."
    )]
    #[cfg_attr(
        not(feature = "simulator"),
        doc = "Backend that runs the bundle: only keystone, since this wasmstone has no simulator."
    )]
    #[arg(long, value_parser = backend::parser())]
    backend: Option<Kind>,
    /// Engine whose program in the bundle is run [default: native if the bundle has native code for this machine].
    #[arg(long, value_parser = engine::of_built())]
    engine: Option<EngineName>,
    #[command(flatten)]
    insecure: InsecureArguments,
}

#[derive(clap::Args)]
struct InsecureArguments {
    /// Insecure: run a bundle that nobody has signed.
    #[arg(long = "insecure-allow-unsigned")]
    allow_unsigned: bool,
    /// Insecure: run a bundle that is signed by a key that is not trusted.
    #[arg(long = "insecure-allow-unknown-signer")]
    allow_unknown_signer: bool,
    /// Insecure: simulate an enclave even if its process cannot be confined, for example under an emulator.
    #[arg(long = "insecure-no-lockdown", hide = !cfg!(feature = "simulator"))]
    no_lockdown: bool,
    /// Insecure: do not keep a Keystone enclave's floating-point registers while the enclave does not run. For tests.
    #[arg(long = "insecure-foreign-floats")]
    foreign_floats: bool,
}

/// An enclave that can be launched.
pub struct Chosen {
    /// The enclave.
    pub enclave: Enclave,
    /// Whether the platform protects floating-point registers.
    pub fp_safe: bool,
    /// How long reading and verifying the bundle took.
    pub verify: Duration,
}

impl EnclaveArguments {
    /// The bundle's path.
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Reads and verifies the bundle, and chooses the program and the backend that runs it.
    ///
    /// # Errors
    /// If the bundle is not to be run, or none of its programs runs here.
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

    /// How long the enclave may take.
    pub fn limits(&self) -> Limits<'static> {
        Limits { timeout: self.timeout, boot_timeout: self.boot_timeout, ..Limits::default() }
    }

    fn trust(&self) -> anyhow::Result<TrustPolicy> {
        let mut trust = match Home::find() {
            Ok(home) => keys::trusted(&home)?,
            // Without a configuration directory there are no trusted keys, which these options do not need.
            Err(_) if self.insecure.allow_unsigned || self.insecure.allow_unknown_signer => TrustPolicy::default(),
            Err(none) => return Err(none.into()),
        };
        trust.allow_unsigned = self.insecure.allow_unsigned;
        trust.allow_unknown_signer = self.insecure.allow_unknown_signer;
        Ok(trust)
    }

    /// Warns of the insecure options that are in use.
    fn banner(&self, verified: &Verified) {
        for (used, option, consequence) in [
            (self.insecure.allow_unsigned, "--insecure-allow-unsigned", "this bundle runs even if nobody signed it"),
            (
                self.insecure.allow_unknown_signer,
                "--insecure-allow-unknown-signer",
                "this bundle runs no matter who signed it",
            ),
        ] {
            if used {
                let trusted = if verified.is_trusted() { "; a trusted key did" } else { ", and no trusted key did" };
                console::warn(format_args!("{option}: {consequence}{trusted}"));
            }
        }
    }

    /// The backend that was asked for, or the default. The simulator is never used without a notice.
    fn backend(&self) -> anyhow::Result<Box<dyn Backend>> {
        let InsecureArguments { no_lockdown: unconfined, foreign_floats, .. } = self.insecure;
        let kind = self.backend.unwrap_or_else(backend::default);
        let backend = backend::find(kind, Insecure { unconfined, foreign_floats })?;
        if let Some(notice) = backend.notice() {
            console::say(format_args!("wasmstone: {notice}"));
        }
        if unconfined {
            console::warn(
                "--insecure-no-lockdown: if the machine cannot confine the enclave's process, \
                 a program that breaks out of its engine can do whatever you can",
            );
        }
        Ok(backend)
    }
}
