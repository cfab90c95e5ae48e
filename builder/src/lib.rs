//! From a WebAssembly file to a bundle: what is accepted, how it is compiled, what it may use.
//!
//! [`source`] reads the file and says what it is where it is something else, [`build`] makes a bundle of
//! it, and [`project`] reads `wasmstone.toml`, which says in a file what the command line says in flags.
//! The bundle is not signed yet: that is the step after, see [`wasmstone_bundle::Bundle::sign`].

#![forbid(unsafe_code)]

mod adapt;
mod compile;
mod interfaces;
pub mod memory;
pub mod project;
mod requirements;
pub mod source;
mod survey;
mod wasm_error;

pub use compile::{CompileError, config};
pub use interfaces::Interface;
pub use memory::{MemoryError, MemorySize};
pub use project::{Project, ProjectError};
pub use source::{SourceError, WasmKind};
pub use wasm_error::{Names, WasmError};

use std::borrow::Cow;
use wasmstone_bundle::{
    Bundle, Measurement, Platform, Sha256Digest,
    bundle::{BuildError as PackError, Parts, ProgramPart},
    platform::SIM,
    stand_in,
};
use wasmstone_policy::{Launch, Policy, Program, Target};

/// What to build.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// A component, or a core module for WASI 0.1.
    pub wasm: &'a [u8],
    /// The program's name, its argument zero.
    pub name: String,
    /// The most memory that the guest's linear memories may have, together.
    pub max_memory: MemorySize,
    /// What the guest may have.
    pub policy: Policy,
    /// What to build for.
    pub platform: &'a Platform,
}

/// A step of [`build`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking at what the program imports and exports.
    Checking,
    /// Making a component of a core module.
    Adapting,
    /// Compiling; by far the longest.
    Compiling,
    /// Composing, measuring and compressing.
    Packing,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The bundle, not signed yet.
    pub bundle: Bundle,
    /// What the program's file was.
    pub kind: WasmKind,
    /// The interfaces that the program imports, in order.
    pub interfaces: Vec<Interface>,
    /// What the enclave app will be told.
    pub launch: Launch,
    /// What Keystone will measure.
    pub measurement: Measurement,
}

/// Builds a bundle. The same request gives the same bytes, wherever and whenever it is made.
///
/// # Errors
/// [`BuildError`] says what to change.
pub fn build(request: &Request<'_>, mut progress: impl FnMut(Stage)) -> Result<Built, BuildError> {
    let eapp = generic_eapp(request.platform)?;

    progress(Stage::Checking);
    let kind = WasmKind::of(request.wasm)?;
    let survey = requirements::diagnosed(request.wasm, || survey::survey(request.wasm))?;
    let component = match kind {
        WasmKind::Component => Cow::Borrowed(request.wasm),
        WasmKind::CoreModule => {
            interfaces::check_module(&survey)?;
            progress(Stage::Adapting);
            Cow::Owned(requirements::diagnosed(request.wasm, || adapt::to_component(request.wasm))?)
        }
    };
    let survey = if kind == WasmKind::Component { survey } else { survey::survey(&component)? };
    let interfaces = interfaces::check_component(&survey)?;
    interfaces::check_tables(&survey)?;
    let adapter = if kind == WasmKind::CoreModule { adapt::ADAPTER_MEMORY } else { 0 };
    let minimum = survey.minimum_memory.saturating_add(adapter);
    request.max_memory.holds(minimum, request.platform, &eapp)?;

    progress(Stage::Compiling);
    // Valid or not: first the program as it was given, then as it was adapted.
    let compile = || requirements::diagnosed(&component, || compile::precompile(&component));
    let program = requirements::diagnosed(request.wasm, compile)?;

    progress(Stage::Packing);
    let memory = request.max_memory.layout(minimum, program.len() as u64, request.platform, &eapp)?;
    let launch = Launch {
        name: request.name.clone(),
        program: Program { target: Target::Pulley64, size: program.len() as u64, sha256: Sha256Digest::of(&program).0 },
        memory,
        policy: request.policy.clone(),
    };
    let part = ProgramPart { launch: &launch, program: &program };
    let bundle = Bundle::build(&Parts { platform: request.platform, eapp: &eapp, programs: vec![part] })?;
    let measurement = bundle.measurement().ok_or(PackError::NoProgram)?;
    Ok(Built { bundle, kind, interfaces, launch, measurement })
}

/// The generic enclave app of this release for a platform.
fn generic_eapp(platform: &Platform) -> Result<Vec<u8>, BuildError> {
    if platform.name == SIM { Ok(stand_in::eapp()) } else { Err(BuildError::NoEnclaveApp(platform.name.clone())) }
}

/// Why no bundle was built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The file is not WebAssembly.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The program cannot run in an enclave.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// The compiler failed on a program that is valid.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The memory cap does not fit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// There is no enclave app for the platform.
    #[error(
        "this release has no RISC-V enclave app yet, so nothing can be built for the platform \"{0}\": \
         build for the simulator with --platform sim"
    )]
    NoEnclaveApp(String),
    /// The parts do not make a bundle.
    #[error(transparent)]
    Pack(#[from] PackError),
}
