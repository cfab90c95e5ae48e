//! The programs of a bundle: compiled for each target, and given their share of the enclave's memory.

use crate::engine::{Choice, Engine};
use crate::memory::Needs;
use crate::requirements::diagnosed;
use crate::{BuildError, Compiled, Float, MemoryError, Request, Settings, compile, cpu};
use wasmstone_bundle::{Sha256Digest, bundle::BuildError as PackError, image, measurement, platform::SIM};
use wasmstone_policy::{Entry, Launch, Program, Target};

/// What the programs of a bundle have in common.
pub struct Maker<'a> {
    pub request: &'a Request<'a>,
    pub choice: &'a Choice,
    pub component: &'a [u8],
    /// The component without floats, where one of the programs is to be made of that.
    pub lowered: Option<&'a [u8]>,
    /// The generic enclave app.
    pub eapp: &'a [u8],
    pub entry: Entry,
    pub instances: u32,
    /// Bytes of memory at start, of all instances.
    pub minimum: u64,
    pub memory_may_move: bool,
}

/// A program, and what the enclave app is told of it.
pub type Made = (Launch, Vec<u8>);

impl Maker<'_> {
    /// Compiles for every target; where machine code turns out not to fit and nobody insists on it, for Pulley,
    /// and then says why.
    ///
    /// # Errors
    /// [`BuildError`] as of [`crate::build`].
    pub fn programs(&self) -> Result<(Vec<Made>, Option<String>), BuildError> {
        let free = self.request.engine == Engine::Auto && self.request.targets.is_empty();
        let mut programs = Vec::new();
        for target in &self.choice.targets {
            let program = self.compile(*target)?;
            match self.launch(*target, &program) {
                Ok(launch) => programs.push((launch, program)),
                Err(error) if free && target.is_native() => {
                    let why = format!("its machine code of {}K does not fit: {error}", program.len().div_ceil(1024));
                    let program = self.compile(Target::Pulley64)?;
                    return Ok((vec![(self.launch(Target::Pulley64, &program)?, program)], Some(why)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok((programs, None))
    }

    /// What was made of the program for the launch's target.
    ///
    /// # Errors
    /// Where there is no image of it.
    pub fn compiled(&self, launch: Launch, program: &[u8]) -> Result<Compiled, BuildError> {
        let image = image::compose(self.eapp, &launch, program).map_err(PackError::from)?.len() as u64;
        let platform = self.request.platform;
        let measured =
            measurement::measured_bytes([platform.loader.len() as u64, platform.runtime.len() as u64, image]);
        let float = self.choice.float(launch.program.target);
        Ok(Compiled { launch, float, image, measured })
    }

    fn compile(&self, target: Target) -> Result<Vec<u8>, BuildError> {
        let cpu_features = self.cpu_features(target);
        let lowered = self.lowered.filter(|_| self.choice.float(target) == Some(Float::Lowered));
        let settings = Settings {
            target,
            cpu_features: &cpu_features,
            hardware_float: self.choice.hardware_float(),
            memory_may_move: self.memory_may_move,
            simulated: self.request.platform.name == SIM,
            lowered: lowered.is_some(),
        };
        let component = lowered.unwrap_or(self.component);
        diagnosed(self.request.wasm, || diagnosed(self.component, || compile::precompile(component, &settings)))
    }

    fn cpu_features(&self, target: Target) -> Vec<String> {
        cpu::features(target, self.request.cpu_features.as_deref().unwrap_or(&self.request.platform.cpu_features))
    }

    fn launch(&self, target: Target, program: &[u8]) -> Result<Launch, MemoryError> {
        let Self { request, entry, instances, minimum, .. } = *self;
        let size = program.len() as u64;
        // Launches are at most a megabyte, so their directories can be counted.
        let sealed = request.policy.sealed_directories().count() as u32;
        let needs = Needs { minimum, target, program: size, instances, sealed };
        Ok(Launch {
            memory: request.max_memory.layout(&needs, request.platform, self.eapp)?,
            name: request.name.clone(),
            entry,
            instances,
            program: Program {
                target,
                size,
                sha256: Sha256Digest::of(program).0,
                cpu_features: self.cpu_features(target),
                hardware_float: self.choice.hardware_float(),
                memory_may_move: self.memory_may_move,
            },
            policy: request.policy.clone(),
        })
    }
}
