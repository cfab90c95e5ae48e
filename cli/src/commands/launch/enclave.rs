//! Choosing the program of a bundle that runs here, and launching its enclave.

use crate::engine::EngineName;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use wasmstone_bundle::verify::{Contents, Program};
use wasmstone_happ::backend::{Backend, Evidence, Files, Launched, Limits};
use wasmstone_happ::{cpu, edge_server::Server, signals::Signals};
use wasmstone_policy::Target;

/// An enclave that can be launched.
pub struct Enclave {
    pub program: Program,
    loader: Vec<u8>,
    runtime: Vec<u8>,
    backend: Box<dyn Backend>,
}

impl Enclave {
    /// The program of `contents`, built for `platform`, that `backend` runs on this machine: by `engine`, or by
    /// default native code if there is some for this machine.
    ///
    /// # Errors
    /// If the backend is for another platform, or runs none of the programs.
    pub fn choose(
        contents: Contents,
        platform: &str,
        backend: Box<dyn Backend>,
        engine: Option<EngineName>,
    ) -> anyhow::Result<Self> {
        let Contents { loader, runtime, programs, .. } = contents;
        backend.check_platform(platform, &loader, &runtime)?;
        let native = backend.machine_code(platform);
        let held: Vec<_> = programs.iter().map(|program| program.target.name()).collect();
        let runs = |target: Target| match engine {
            Some(EngineName::Pulley) => !target.is_native(),
            Some(EngineName::Native) => Some(target) == native,
            Some(EngineName::Auto) | None => !target.is_native() || Some(target) == native,
        };
        let fits = programs.into_iter().filter(|program| runs(program.target));
        let program = fits.max_by_key(|program| program.target.is_native()).ok_or_else(|| {
            let wanted: Vec<_> =
                Target::ALL.iter().filter(|target| runs(**target)).map(|target| target.name()).collect();
            let advice = match wanted.join(" or ") {
                none if none.is_empty() => "leave --engine out: there is no native code for this machine".to_owned(),
                wanted => format!("build it with --targets {wanted}"),
            };
            let message =
                format!("the bundle holds the program for {}, which does not run here: {advice}", held.join(", "));
            Fault::new(Exit::Platform, message)
        })?;
        Ok(Self { program, loader, runtime, backend })
    }

    /// Checks that the processor has the features that the program was compiled for.
    ///
    /// # Errors
    /// The features that it lacks.
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

    /// The form of the reports that it makes.
    pub fn evidence(&self) -> Evidence {
        self.backend.evidence()
    }

    /// Launches it, and answers its edge calls from `server` until it ends.
    ///
    /// # Errors
    /// Why it was not launched, or how it was lost.
    pub fn launch(&self, server: &mut Server, limits: &Limits<'_>) -> anyhow::Result<Launched> {
        let signals = Signals::hold().context("cannot watch signals")?;
        let Program { image, measurement, .. } = &self.program;
        let files = Files { loader: &self.loader, runtime: &self.runtime, image, measurement: *measurement };
        Ok(self.backend.launch(&files, server, &Limits { signals: Some(&signals), ..*limits })?)
    }
}
