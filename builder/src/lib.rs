//! From a WebAssembly file to a bundle: what is accepted, how it is compiled, what it may use.
//!
//! [`source`] reads the file and says what it is where it is something else, [`build`] makes a bundle of
//! it, and [`project`] reads `wasmstone.toml`, which says in a file what the command line says in flags.
//! The bundle is not signed yet: that is the step after, see [`wasmstone_bundle::Bundle::sign`].

#![deny(unsafe_code)]

mod adapt;
mod compile;
mod cpu;
pub mod engine;
mod instances;
mod interfaces;
mod lengths;
pub mod memory;
pub mod operators;
pub mod project;
mod requirements;
mod rewrite;
pub mod source;
mod survey;
mod wasm_error;

pub use compile::{CompileError, Settings, config};
pub use cpu::UnknownFeature;
pub use engine::{Engine, EngineError};
pub use instances::InstancesError;
use memory::Needs;
pub use memory::{MemoryError, MemorySize};
pub use project::{Project, ProjectError};
pub use source::{SourceError, WasmKind};
pub use wasm_error::{Names, WasmError};

use engine::Wanted;
use operators::Functions;
use std::borrow::Cow;
use wasmstone_bundle::{
    Bundle, Platform, Sha256Digest,
    bundle::{BuildError as PackError, Parts, ProgramPart},
    platform::SIM,
    stand_in,
};
use wasmstone_policy::{Entry, Launch, Policy, Program, Target};

/// What to build.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// A component, or a core module for WASI 0.1.
    pub wasm: &'a [u8],
    /// The program's name, its argument zero.
    pub name: String,
    /// What of the program is called; `None`: `wasi:cli/run` where it has that, else
    /// `wasi:http/incoming-handler`.
    pub entry: Option<Entry>,
    /// How many instances of a program that serves run at once; `None`: 16, or as many as begin with less
    /// memory than there may be.
    pub instances: Option<u32>,
    /// The most memory that the guest's linear memories may have, together.
    pub max_memory: MemorySize,
    /// What the guest may have.
    pub policy: Policy,
    /// What to build for.
    pub platform: &'a Platform,
    /// The engine.
    pub engine: Engine,
    /// The targets to build for; empty: those of the engine.
    pub targets: Vec<Target>,
    /// The CPU features that machine code may use beyond its target's base; `None`: the platform's.
    pub cpu_features: Option<Vec<String>>,
    /// Whether floating-point registers are used although the platform does not protect them.
    pub insecure_float: bool,
}

impl<'a> Request<'a> {
    /// A request for what `build` does when nothing else is asked for.
    pub fn new(wasm: &'a [u8], name: impl Into<String>, platform: &'a Platform) -> Self {
        Self {
            wasm,
            name: name.into(),
            entry: None,
            instances: None,
            max_memory: MemorySize::default(),
            policy: Policy::open(),
            platform,
            engine: Engine::Auto,
            targets: Vec::new(),
            cpu_features: None,
            insecure_float: false,
        }
    }
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
    /// The interfaces that the program imports, with their versions, such as `wasi:cli/stdout@0.2.3`; in order.
    pub interfaces: Vec<String>,
    /// What the enclave app will be told: one launch for each target, ascending.
    pub launches: Vec<Launch>,
    /// Functions that compute with floats.
    pub floats: Functions,
    /// Why the program is not machine code, where `auto` decided so.
    pub why: Option<String>,
}

/// The component that a bundle of this program is compiled from: the program itself, or what a core module
/// is adapted to. `adapting` is called before that is done.
///
/// # Errors
/// [`BuildError`] says what to change.
pub fn component(wasm: &[u8], adapting: impl FnOnce()) -> Result<Cow<'_, [u8]>, BuildError> {
    if WasmKind::of(wasm)? == WasmKind::Component {
        return Ok(Cow::Borrowed(wasm));
    }
    let survey = requirements::diagnosed(wasm, || survey::survey(wasm))?;
    interfaces::check_module(&survey)?;
    adapting();
    Ok(Cow::Owned(requirements::diagnosed(wasm, || adapt::to_component(wasm))?))
}

/// Builds a bundle. The same request gives the same bytes, wherever and whenever it is made.
///
/// # Errors
/// [`BuildError`] says what to change.
pub fn build(request: &Request<'_>, mut progress: impl FnMut(Stage)) -> Result<Built, BuildError> {
    progress(Stage::Checking);
    let kind = WasmKind::of(request.wasm)?;
    let component = component(request.wasm, || progress(Stage::Adapting))?;
    let survey = requirements::diagnosed(request.wasm, || survey::survey(&component))?;
    let interfaces = interfaces::check_component(&survey)?;
    let entry = interfaces::entry(&survey, request.entry)?;
    interfaces::check_tables(&survey)?;
    let adapter = if kind == WasmKind::CoreModule { adapt::ADAPTER_MEMORY } else { 0 };
    let minimum = survey.minimum_memory.saturating_add(adapter);
    let operators = requirements::diagnosed(request.wasm, || operators::scan(&component))?;
    let wanted = Wanted { engine: request.engine, targets: &request.targets, insecure_float: request.insecure_float };
    let choice = engine::choose(&wanted, request.platform, &operators)?;
    let asked = request.cpu_features.as_deref();
    if let Some(asked) = asked {
        cpu::check(asked, &choice.targets)?;
    }
    let asked = asked.unwrap_or(&request.platform.cpu_features);
    let eapp = generic_eapp(request.platform, choice.hardware_float);
    request.max_memory.holds(minimum, request.platform, &eapp)?;
    let instances = instances::choose(entry, request.instances, minimum, request.max_memory)?;
    let minimum = minimum.saturating_mul(instances.max(1).into());

    progress(Stage::Compiling);
    // Valid or not: first the program as it was given, then as it was adapted.
    let diagnosed = |work: &dyn Fn() -> Result<Vec<u8>, CompileError>| {
        requirements::diagnosed(request.wasm, || requirements::diagnosed(&component, work))
    };
    diagnosed(&|| compile::check(&component, entry).map(|()| Vec::new()))?;
    // Instances that run at once share the room for memories.
    let memory_may_move = survey.has_several_memories() || entry == Entry::Http;
    // Launches are at most a megabyte, so their directories can be counted.
    let sealed = request.policy.sealed_directories().count() as u32;
    let mut programs = Vec::new();
    for target in &choice.targets {
        let cpu_features = cpu::features(*target, asked);
        let hardware_float = choice.hardware_float;
        let simulated = request.platform.name == SIM;
        let settings =
            Settings { target: *target, cpu_features: &cpu_features, hardware_float, memory_may_move, simulated };
        let program = diagnosed(&|| compile::precompile(&component, &settings))?;
        let size = program.len() as u64;
        let needs = Needs { minimum, target: *target, program: size, instances, sealed };
        let memory = request.max_memory.layout(&needs, request.platform, &eapp)?;
        let launch = Launch {
            memory,
            name: request.name.clone(),
            entry,
            instances,
            program: Program {
                target: *target,
                size,
                sha256: Sha256Digest::of(&program).0,
                cpu_features,
                hardware_float: choice.hardware_float,
                memory_may_move,
            },
            policy: request.policy.clone(),
        };
        programs.push((launch, program));
    }

    progress(Stage::Packing);
    let parts = programs.iter().map(|(launch, program)| ProgramPart { launch, program }).collect();
    let bundle = Bundle::build(&Parts { platform: request.platform, eapp: &eapp, programs: parts })?;
    let launches = programs.into_iter().map(|(launch, _)| launch).collect();
    Ok(Built { bundle, kind, interfaces, launches, floats: operators.float, why: choice.why })
}

/// The generic enclave app of this release for a platform.
fn generic_eapp(platform: &Platform, hardware_float: bool) -> Cow<'static, [u8]> {
    if platform.name == SIM {
        stand_in::eapp().into()
    } else if hardware_float {
        wasmstone_generic_eapp::HARD.into()
    } else {
        wasmstone_generic_eapp::SOFT.into()
    }
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
    /// What was asked for cannot be machine code.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A CPU feature that is none.
    #[error(transparent)]
    Cpu(#[from] UnknownFeature),
    /// The compiler failed on a program that is valid.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The memory cap does not fit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Not so many instances.
    #[error(transparent)]
    Instances(#[from] InstancesError),
    /// The parts do not make a bundle.
    #[error(transparent)]
    Pack(#[from] PackError),
}
