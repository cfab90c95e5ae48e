//! From a request to a bundle, in four stages: [`survey`] looks at the program, [`plan`] decides how it will run,
//! [`compile`] makes the programs of the bundle, and [`pack`] composes the bundle. Each stage is given what the
//! earlier ones return, and nothing else.

use crate::compile::{Settings, check_linking, precompile};
use crate::engine::{Choice, Engine, EngineOptions};
use crate::error::{BuildError, diagnosed};
use crate::float::{self, Float, lower_and_check};
use crate::memory::{MemoryError, Needs};
use crate::operators::{self, Operators};
use crate::outline::{self, Outline};
use crate::request::{Built, Compiled, Lowering, Request, Stage};
use crate::source::WasmKind;
use crate::{cpu, eapp, engine, fold, instances, interfaces, proposals};
use std::borrow::Cow;
use wasmstone_bundle::bundle::{BuildError as PackError, Bundle, Parts, ProgramPart};
use wasmstone_bundle::{Platform, Sha256Digest, image, measurement, platform::SIM};
use wasmstone_float_lowering::Lowered;
use wasmstone_policy::{Entry, Launch, Memories, Program, Target};

/// Builds a bundle. The same request gives the same bytes on every machine and at any time.
///
/// # Errors
/// [`BuildError`] says what to change.
pub fn build(request: &Request<'_>, mut progress: impl FnMut(Stage)) -> Result<Built, BuildError> {
    let surveyed = survey(request, &mut progress)?;
    let plan = plan(request, &surveyed, &mut progress)?;
    progress(Stage::Compiling);
    let programs = compile(request, &surveyed, &plan);
    // The program as it was given is valid, since it was validated first; what the builder made of it may not be.
    let programs = programs.map_err(|error| diagnosed(error, &[&surveyed.wasm]))?;
    progress(Stage::Packing);
    pack(request, surveyed, plan, programs)
}

/// What [`survey`] found out about a program.
struct Surveyed {
    kind: WasmKind,
    /// The program without functions that are never called or there twice.
    wasm: Vec<u8>,
    /// The interfaces that it imports.
    interfaces: Vec<String>,
    entry: Entry,
    /// Bytes that the memories of one instance have at start.
    minimum_memory: u64,
    several_memories: bool,
    /// Whether it uses exceptions, or other references that are collected.
    exceptions: bool,
    operators: Operators,
}

/// Looks at the program: whether it can be linked in an enclave, and what it needs.
fn survey(request: &Request<'_>, progress: &mut impl FnMut(Stage)) -> Result<Surveyed, BuildError> {
    progress(Stage::Checking);
    let kind = WasmKind::of(request.wasm)?;
    // First: what cannot run is refused before anything else takes time.
    let exceptions = proposals::validate(request.wasm)?;
    let outline: Outline = outline::read(request.wasm)?;
    let (interfaces, entry) = match kind {
        WasmKind::CoreModule => (interfaces::check_module(&outline, request.entry)?, Entry::Command),
        WasmKind::Component => (interfaces::check_component(&outline)?, interfaces::entry(&outline, request.entry)?),
    };
    interfaces::check_tables(&outline)?;
    let wasm = fold::fold_program(request.wasm)?;
    Ok(Surveyed {
        kind,
        operators: operators::scan(&wasm)?,
        wasm,
        interfaces,
        entry,
        minimum_memory: outline.minimum_memory.saturating_add(if exceptions {
            wasmstone_eapp::EXCEPTIONS_MEMORY
        } else {
            0
        }),
        several_memories: outline.has_several_memories(),
        exceptions,
    })
}

/// What [`plan`] decided.
struct Plan {
    /// The targets, and how each computes floats.
    choice: Choice,
    /// The program without floats, if one of the programs will be made from it.
    lowered: Option<Lowered>,
    /// The generic enclave app.
    eapp: Cow<'static, [u8]>,
    /// How many instances run at once; 0 for a command.
    instances: u32,
    memories: Memories,
}

/// Decides how the program will run: its targets, how it computes floats, in which enclave app, how many instances.
fn plan(request: &Request<'_>, surveyed: &Surveyed, progress: &mut impl FnMut(Stage)) -> Result<Plan, BuildError> {
    let Surveyed { operators, entry, minimum_memory, .. } = surveyed;
    // Without floats there is nothing to protect.
    let float = request.float.filter(|float| *float != Float::Hardware || !operators.float.is_empty());
    let rule = float::rule(float, request.insecure_float, request.platform)?;
    let options = EngineOptions { engine: request.engine, targets: &request.targets, rule };
    let lowering = if options.lowers(operators) {
        progress(Stage::Lowering);
        Some(lower_and_check(&surveyed.wasm)?)
    } else {
        None
    };
    // A refusal matters only where the choice of an engine depends on lowering.
    let refused = lowering.as_ref().and_then(|lowering| lowering.as_ref().err());
    let choice = engine::choose(&options, request.platform, operators, refused)?;
    if let Some(features) = &request.cpu_features {
        cpu::check(features, &choice.targets)?;
    }
    let eapp = eapp::generic(request.platform, choice.hardware_float(), surveyed.exceptions)?;
    request.max_memory.check_minimum(*minimum_memory, request.platform, &eapp)?;
    let instances = instances::choose(*entry, request.instances, *minimum_memory, request.max_memory)?;
    Ok(Plan {
        choice,
        lowered: lowering.and_then(Result::ok),
        eapp,
        instances,
        memories: match surveyed.exceptions {
            true => Memories::Collected,
            // Instances that run at once share the room for memories.
            false if surveyed.several_memories || *entry == Entry::Http => Memories::Moving,
            false => Memories::InPlace,
        },
    })
}

/// What [`compile`] made.
struct Programs {
    /// The compiled programs, ascending by target, each with the launch that describes it to the enclave app.
    programs: Vec<(Launch, Vec<u8>)>,
    /// Why machine code was given up for Pulley, if it was.
    too_large: Option<String>,
}

/// Compiles the program for every target of the plan. If machine code turns out not to fit into an enclave, and the
/// request leaves the engine open, the program is compiled for Pulley instead.
fn compile(request: &Request<'_>, surveyed: &Surveyed, plan: &Plan) -> Result<Programs, BuildError> {
    check_linking(&surveyed.wasm, surveyed.entry, plan.memories)?;
    let engine_is_open = request.engine == Engine::Auto && request.targets.is_empty();
    let mut programs = Vec::new();
    for target in &plan.choice.targets {
        let program = compile_for(*target, request, surveyed, plan)?;
        match launch(*target, &program, request, surveyed, plan) {
            Ok(launch) => programs.push((launch, program)),
            Err(error) if engine_is_open && target.is_native() => {
                let size = program.len().div_ceil(1024);
                let too_large = Some(format!("its machine code of {size}K does not fit: {error}"));
                let program = compile_for(Target::Pulley64, request, surveyed, plan)?;
                let launch = launch(Target::Pulley64, &program, request, surveyed, plan)?;
                return Ok(Programs { programs: vec![(launch, program)], too_large });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Programs { programs, too_large: None })
}

/// The compiled program for one target.
fn compile_for(target: Target, request: &Request<'_>, surveyed: &Surveyed, plan: &Plan) -> Result<Vec<u8>, BuildError> {
    let lowered = plan.lowered.as_ref().filter(|_| plan.choice.float(target) == Some(Float::Lowered));
    let settings = Settings {
        target,
        cpu_features: &cpu_features(target, request),
        hardware_float: plan.choice.hardware_float(),
        memories: plan.memories,
        simulated: request.platform.name == SIM,
        lowered: lowered.is_some(),
    };
    let wasm = lowered.map_or(&surveyed.wasm, |lowered| &lowered.wasm);
    Ok(precompile(wasm, &settings)?)
}

/// The launch of a compiled program.
fn launch(
    target: Target,
    program: &[u8],
    request: &Request<'_>,
    surveyed: &Surveyed,
    plan: &Plan,
) -> Result<Launch, MemoryError> {
    let size = program.len() as u64;
    let needs = Needs {
        minimum: surveyed.minimum_memory.saturating_mul(plan.instances.max(1).into()),
        target,
        program: size,
        instances: plan.instances,
        exceptions: surveyed.exceptions,
        // Launches are at most a megabyte, so their directories can be counted.
        sealed: request.policy.sealed_directories().count() as u32,
    };
    Ok(Launch {
        memory: request.max_memory.layout(&needs, request.platform, &plan.eapp)?,
        name: request.name.clone(),
        entry: surveyed.entry,
        instances: plan.instances,
        program: Program {
            target,
            size,
            sha256: Sha256Digest::of(program).0,
            cpu_features: cpu_features(target, request),
            hardware_float: plan.choice.hardware_float(),
            memories: plan.memories,
        },
        policy: request.policy.clone(),
    })
}

/// The CPU features that a program for a target may use.
fn cpu_features(target: Target, request: &Request<'_>) -> Vec<String> {
    cpu::features(target, request.cpu_features.as_deref().unwrap_or(&request.platform.cpu_features))
}

/// Composes the bundle.
fn pack(
    request: &Request<'_>,
    surveyed: Surveyed,
    plan: Plan,
    Programs { programs, too_large }: Programs,
) -> Result<Built, BuildError> {
    let parts = programs.iter().map(|(launch, program)| ProgramPart { launch, program }).collect();
    let bundle = Bundle::build(&Parts { platform: request.platform, eapp: &plan.eapp, programs: parts })?;
    let programs = programs.into_iter().map(|(launch, program)| described(launch, &program, request.platform, &plan));
    let programs = programs.collect::<Result<Vec<_>, PackError>>()?;
    let lowering = plan.lowered.filter(|_| programs.iter().any(|program| program.float == Some(Float::Lowered)));
    Ok(Built {
        bundle,
        kind: surveyed.kind,
        interfaces: surveyed.interfaces,
        programs,
        floats: surveyed.operators.float,
        lowering: lowering.map(|Lowered { operators, functions, .. }| Lowering { operators, functions }),
        interpreted_because: plan.choice.interpreted_because.or(too_large),
    })
}

/// What is reported about a program of the bundle.
fn described(launch: Launch, program: &[u8], platform: &Platform, plan: &Plan) -> Result<Compiled, PackError> {
    let image = image::compose(&plan.eapp, &launch, program)?.len() as u64;
    let measured = measurement::measured_bytes([platform.loader.len() as u64, platform.runtime.len() as u64, image]);
    Ok(Compiled { float: plan.choice.float(launch.program.target), launch, image, measured })
}
