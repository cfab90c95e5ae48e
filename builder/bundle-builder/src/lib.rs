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
pub mod float;
pub mod fold;
mod instances;
mod interfaces;
mod lengths;
mod make;
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
pub use float::{Float, FloatsLeft};
pub use instances::InstancesError;
pub use memory::{MemoryError, MemorySize};
pub use project::{Project, ProjectError};
pub use source::{SourceError, WasmKind};
pub use wasm_error::{Names, WasmError};

use engine::Wanted;
use make::Maker;
use operators::Functions;
use std::borrow::Cow;
use wasmstone_bundle::{
    Bundle, Platform,
    bundle::{BuildError as PackError, Parts, ProgramPart},
    platform::SIM,
    stand_in,
};
use wasmstone_float_lowering::Lowered;
use wasmstone_policy::{Entry, Launch, Policy, Target};

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
    /// How floats are computed; `None`: in registers where the platform protects them, else lowered.
    pub float: Option<Float>,
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
            float: None,
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
    /// Putting integer code in the place of floats.
    Lowering,
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
    /// The programs that were compiled, one for each target, ascending.
    pub programs: Vec<Compiled>,
    /// Functions that compute with floats.
    pub floats: Functions,
    /// What was lowered, where a program is that.
    pub lowering: Option<Lowering>,
    /// Why the program is not machine code, where `auto` decided so.
    pub why: Option<String>,
}

/// A program for one target.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the enclave app will be told.
    pub launch: Launch,
    /// How it computes floats; `None` where it has none.
    pub float: Option<Float>,
    /// Bytes of the image, which is measured.
    pub image: u64,
    /// Bytes that the security monitor hashes before the enclave's first instruction.
    pub measured: u64,
}

/// What became of a program's floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// Operators that integer code has taken the place of.
    pub operators: u64,
    /// The functions that they are in.
    pub functions: u64,
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
    let component = requirements::diagnosed(request.wasm, || fold::folded(&component))?;
    let adapter = if kind == WasmKind::CoreModule { adapt::ADAPTER_MEMORY } else { 0 };
    let minimum = survey.minimum_memory.saturating_add(adapter);
    let operators = requirements::diagnosed(request.wasm, || operators::scan(&component))?;
    // Without floats there is nothing to protect.
    let float = request.float.filter(|float| *float != Float::Hardware || !operators.float.is_empty());
    let rule = float::rule(float, request.insecure_float, request.platform)?;
    let wanted = Wanted { engine: request.engine, targets: &request.targets, rule };
    let lowered = if wanted.lowers(&operators) {
        progress(Stage::Lowering);
        Some(requirements::diagnosed(request.wasm, || float::lowered(&component))?)
    } else {
        None
    };
    let refused = lowered.as_ref().and_then(|lowered| lowered.as_ref().err());
    let choice = engine::choose(&wanted, request.platform, &operators, refused)?;
    let lowered = lowered.and_then(Result::ok);
    let asked = request.cpu_features.as_deref();
    if let Some(asked) = asked {
        cpu::check(asked, &choice.targets)?;
    }
    let eapp = generic_eapp(request.platform, choice.hardware_float())?;
    request.max_memory.holds(minimum, request.platform, &eapp)?;
    let instances = instances::choose(entry, request.instances, minimum, request.max_memory)?;

    progress(Stage::Compiling);
    // Valid or not: first the program as it was given, then as it was adapted.
    let diagnosed = |work: &dyn Fn() -> Result<(), CompileError>| {
        requirements::diagnosed(request.wasm, || requirements::diagnosed(&component, work))
    };
    diagnosed(&|| compile::check(&component, entry))?;
    let maker = Maker {
        request,
        choice: &choice,
        component: &component,
        lowered: lowered.as_ref().map(|lowered| lowered.wasm.as_slice()),
        eapp: &eapp,
        entry,
        instances,
        minimum: minimum.saturating_mul(instances.max(1).into()),
        // Instances that run at once share the room for memories.
        memory_may_move: survey.has_several_memories() || entry == Entry::Http,
    };
    let (programs, too_large) = maker.programs()?;

    progress(Stage::Packing);
    let parts = programs.iter().map(|(launch, program)| ProgramPart { launch, program }).collect();
    let bundle = Bundle::build(&Parts { platform: request.platform, eapp: &eapp, programs: parts })?;
    let programs = programs.into_iter().map(|(launch, program)| maker.compiled(launch, &program));
    let programs = programs.collect::<Result<Vec<_>, BuildError>>()?;
    let lowering = lowered.filter(|_| programs.iter().any(|program| program.float == Some(Float::Lowered)));
    Ok(Built {
        bundle,
        kind,
        interfaces,
        programs,
        floats: operators.float,
        lowering: lowering.map(|Lowered { operators, functions, .. }| Lowering { operators, functions }),
        why: choice.why.or(too_large),
    })
}

/// The generic enclave app of this release for a platform.
///
/// # Errors
/// [`EngineError::NoHardEapp`].
fn generic_eapp(platform: &Platform, hardware_float: bool) -> Result<Cow<'static, [u8]>, EngineError> {
    if platform.name == SIM {
        Ok(stand_in::eapp().into())
    } else if hardware_float {
        wasmstone_generic_eapp::HARD.map(Cow::Borrowed).ok_or(EngineError::NoHardEapp)
    } else {
        Ok(wasmstone_generic_eapp::SOFT.into())
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
    /// The program was lowered, and floats are left.
    #[error(transparent)]
    FloatsLeft(#[from] FloatsLeft),
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
