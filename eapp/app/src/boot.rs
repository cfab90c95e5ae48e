//! An enclave from its start to its end.

pub mod tasks;

use crate::channel::Channel;
use crate::clock::Clock;
use crate::descriptors::Descriptors;
use crate::ending::{Ended, Ending};
use crate::engine::{
    engine, memory::LinearMemories, memory::Region, program::Loaded, program::Precompiled, program::Resident,
};
use crate::guest::{Guest, GuestConfig};
use crate::handles::{Handles, NO_GUEST};
use crate::host::Host;
use crate::http_service::HttpService;
use crate::linking::{LoadedProgram, entry_point, linker, module_functions, store};
use crate::platform::Platform;
use crate::random::{Generator, Random};
use crate::start::Start;
use crate::volumes;
use crate::wasi::p1;
use alloc::{boxed::Box, sync::Arc, vec};
use wasmstone_edge_protocol::{Operation, launch, types::Empty};
use wasmstone_policy::{Entry, Launch, Memory};
use wasmtime::{Engine, Instance, Module, Store, Val, component::Component};

/// Runs the program that `launch_segment` names, to its end.
///
/// `linear` is the region for the guest's memories; its size is the memory cap. It is wiped before this function
/// returns, and before the host learns of the end; the keys of the random generators are too.
/// `resident` is the native program, if the image holds one.
pub fn run(platform: Box<dyn Platform>, launch_segment: &[u8], linear: Region, resident: Option<Resident>) -> Ended {
    let mut channel = Channel::new(platform);
    let memories = LinearMemories::new(linear);
    let (ending, channel) = match prepare(&mut channel, launch_segment, memories, resident) {
        Ok(prepared) => execute(channel, *prepared),
        Err(ending) => (ending, Some(channel)),
    };
    if let (Some(mut channel), Some(text)) = (channel, ending.explanation()) {
        explain(&mut channel, text);
    }
    ending.ended()
}

/// All that it takes to run guests.
struct Prepared {
    launch: Launch,
    start: Start,
    engine: Engine,
    program: Loaded,
}

/// Prepares to run guests. The error is how the enclave ends without running any.
fn prepare(
    channel: &mut Channel,
    launch_segment: &[u8],
    memories: LinearMemories,
    resident: Option<Resident>,
) -> Result<Box<Prepared>, Ending> {
    let launch = Launch::decode(launch_segment).map_err(Ending::refused)?;
    let start = Start::fetch(channel, &launch.policy, launch.entry)?;
    // Reports and transfers do not use the program, so the host need not give it.
    if let Some(done) = tasks::perform(channel, &launch, &start) {
        return Err(done.unwrap_or_else(|ending| ending));
    }
    let engine = engine(&launch.program, memories).map_err(Ending::from_start)?;
    let program = Precompiled::new(channel, &launch.program, resident)?;
    let program = program.load(&engine).map_err(Ending::from_start)?;
    Ok(Box::new(Prepared { launch, start, engine, program }))
}

/// Runs the guests. The channel comes back, unless memory ran out before there was a guest.
fn execute(mut channel: Channel, prepared: Prepared) -> (Ending, Option<Channel>) {
    let Prepared { launch, start, engine, program } = prepared;
    let call_bytes_max = call_bytes_max(&launch);
    let mut random = Generator::new(channel.platform(), &start.entropy);
    let mut handles = Handles::default();
    // Before the host is set up: a sealed directory that cannot be opened ends the enclave, and no guest runs.
    let sealed = match volumes::open_all(&mut channel, &mut handles, &launch.policy, &start, &mut random) {
        Ok(sealed) => sealed,
        Err(ending) => return (ending, Some(channel)),
    };
    let clock = Clock::new(channel.platform().ticks(), start.ticks_per_second, start.wall);
    let mut host = Box::new(Host::new(channel, clock, start.reach));
    (host.handles, host.sealed) = (handles, sealed);
    let config = Arc::new(GuestConfig::new(launch.name, start.grants, start.terminals));
    let (ending, host) = match (start.serve, program) {
        (Some(address), Loaded::Component(component)) => {
            let program = LoadedProgram { engine, component, call_bytes_max };
            let mut service = HttpService::new(host, random, config, launch.instances);
            let ending = service.run(program, address).unwrap_or_else(|ending| ending);
            (ending, Some(service.into_host()))
        }
        // A core module never serves: the builder makes none that is to.
        (_, program) => {
            let guest = Guest::new(NO_GUEST, host, Random::new(&mut random), config);
            command(guest, &engine, call_bytes_max, &program)
        }
    };
    let Some(mut host) = host else { return (ending, None) };
    let ending = match ending {
        // A host that broke the contract is not spoken to again.
        Ending::Violation(_) => ending,
        ending => ending.unless(host.close_sealed()),
    };
    (ending, Some(host.channel))
}

/// The most bytes that one call of a guest may pass: half of the memory that the instances' stacks leave.
fn call_bytes_max(launch: &Launch) -> usize {
    let stacks = Memory::PER_INSTANCE.saturating_mul(launch.instances.into());
    usize::try_from(launch.memory.runtime.saturating_sub(stacks) / 2).unwrap_or(usize::MAX)
}

/// Runs a command to its end.
fn command(guest: Guest, engine: &Engine, call_bytes_max: usize, program: &Loaded) -> (Ending, Option<Box<Host>>) {
    let Ok(mut store) = store(engine, guest, call_bytes_max) else { return (Ending::OutOfMemory, None) };
    let ending = match program {
        Loaded::Component(component) => call_run(&mut store, component),
        Loaded::Module(module) => call_module(&mut store, module),
    };
    // Taking the host out of the store drops all else of the guest, and so wipes its memories.
    (ending.unwrap_or_else(|ending| ending), Some(store.into_data().host))
}

fn call_run(store: &mut Store<Guest>, component: &Component) -> Result<Ending, Ending> {
    let run = entry_point(component, Entry::Command).map_err(Ending::from_start)?;
    let linker = linker(component).map_err(Ending::from_start)?;
    let instance = linker.instantiate(&mut *store, component).map_err(Ending::from_start)?;
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, &run).map_err(Ending::from_start)?;
    let (result,) = run.call(store, ()).map_err(Ending::from_run)?;
    Ok(Ending::Exited(if result.is_ok() { 0 } else { 1 }))
}

fn call_module(store: &mut Store<Guest>, module: &Module) -> Result<Ending, Ending> {
    let guest = store.data_mut();
    let granted = guest.config.granted(&guest.host).map(|(directory, path)| (directory, path.clone()));
    guest.descriptors = Descriptors::new(granted);
    let functions = module_functions(module).map_err(Ending::from_start)?;
    let imports = p1::imports(store, module).map_err(Ending::from_start)?;
    let instance = Instance::new(&mut *store, module, &imports).map_err(Ending::from_start)?;
    for name in functions {
        let function = instance.get_func(&mut *store, name).ok_or(Ending::refused("the program has no entry point"))?;
        // As under `wasmtime run`, what the function returns is not the exit code.
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        function.call(&mut *store, &[], &mut results).map_err(Ending::from_run)?;
    }
    Ok(Ending::Exited(0))
}

/// Tells the host why the enclave ends, cut to what the operation carries. It is the last call, so the answer does not
/// matter.
fn explain(channel: &mut Channel, text: &str) {
    let mut end = text.len().min(launch::Explain::REQUEST_PAYLOAD_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if let Some(text) = text.get(..end) {
        let _ = channel.call::<launch::Explain>(&Empty {}, &[text.as_bytes()], 0);
    }
}
