//! Which program of a bundle runs where, and launching it.

use super::arguments::{BackendName, EngineName, Limits};
use crate::exit::{Exit, Fault};
use crate::simulator;
use anyhow::Context;
use wasmstone_bundle::platform::{SIM, check_files};
use wasmstone_bundle::verify::{Contents, Program};
use wasmstone_happ::backend::Launched;
use wasmstone_happ::{cpu, keystone, edge_server::Server, signals::Signals};
use wasmstone_policy::Target;

/// What is launched.
pub struct Enclave {
    pub program: Program,
    loader: Vec<u8>,
    runtime: Vec<u8>,
    backend: BackendName,
}

impl Enclave {
    /// The program of `contents`, built for `platform`, that `backend` runs on this machine: by `engine`, or
    /// machine code where there is some for it.
    pub fn choose(
        contents: Contents,
        platform: &str,
        backend: BackendName,
        engine: Option<EngineName>,
    ) -> Result<Self, Fault> {
        if backend == BackendName::Keystone && platform == SIM {
            let message = "the bundle was built for the simulator, and holds neither Keystone's loader nor its runtime: \
                           build it with --platform, after \"wasmstone platform add\"";
            return Err(Fault::new(Exit::Platform, message));
        }
        let native = match backend {
            BackendName::Keystone => Some(Target::Riscv64),
            // On RISC-V, a program for Keystone's enclave app is none for this one.
            BackendName::Sim => Target::host().filter(|target| *target != Target::Riscv64 || platform == SIM),
        };
        let Contents { loader, runtime, programs, .. } = contents;
        if backend == BackendName::Keystone {
            check_files(&loader, &runtime).map_err(|unfit| {
                let message = format!("the bundle starts no enclave, since {unfit}; then build the bundle anew");
                Fault::new(Exit::Platform, message)
            })?;
        }
        let held: Vec<_> = programs.iter().map(|program| program.target.name()).collect();
        let runs = |target: Target| match engine {
            Some(EngineName::Pulley) => !target.is_native(),
            Some(EngineName::Native) => Some(target) == native,
            None => !target.is_native() || Some(target) == native,
        };
        let fits = programs.into_iter().filter(|program| runs(program.target));
        let program = fits.max_by_key(|program| program.target.is_native()).ok_or_else(|| {
            let wanted: Vec<_> =
                Target::ALL.iter().filter(|target| runs(**target)).map(|target| target.name()).collect();
            let advice = match wanted.join(" or ") {
                none if none.is_empty() => "leave --engine out: there is no machine code for this machine".to_owned(),
                wanted => format!("build it with --targets {wanted}"),
            };
            let message =
                format!("the bundle holds the program for {}, which does not run here: {advice}", held.join(", "));
            Fault::new(Exit::Platform, message)
        })?;
        Ok(Self { program, loader, runtime, backend })
    }

    /// Whether the processor has what the program was compiled for.
    pub fn check_cpu(&self) -> Result<(), Fault> {
        let missing = cpu::missing(&self.program.launch.program.cpu_features);
        if missing.is_empty() {
            return Ok(());
        }
        let features = missing.join(", ");
        let message = format!(
            "this processor lacks {features}, which the program was compiled for: \
             build the bundle without it in --cpu-features, or run it elsewhere"
        );
        Err(Fault::new(Exit::CpuFeature, message))
    }

    pub fn launch(&self, server: &mut Server, limits: &Limits) -> anyhow::Result<Launched> {
        let signals = Signals::hold().context("cannot watch signals")?;
        let signals = Some(&signals);
        let (timeout, grace) = (limits.timeout, limits.grace.as_ref());
        Ok(match self.backend {
            BackendName::Keystone => {
                let files =
                    keystone::Files { loader: &self.loader, runtime: &self.runtime, image: &self.program.image };
                let Limits { boot_timeout, foreign_floats, .. } = *limits;
                let options = keystone::Options { timeout, boot_timeout, signals, grace, foreign_floats };
                keystone::launch(&files, server, &options)?
            }
            BackendName::Sim => {
                let unconfined = limits.unconfined;
                let options = simulator::options(self.program.measurement)?;
                let options = wasmstone_simulator::Options { unconfined, timeout, signals, grace, ..options };
                wasmstone_simulator::launch(&self.program.image, server, &options)?
            }
        })
    }
}
