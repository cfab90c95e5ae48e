//! The enclave app: runs one WebAssembly program, answers its WASI calls.
//!
//! Everything in this crate is trusted. It believes what was measured (the [`Launch`], and through
//! its digest the program) and nothing that the host says.
//!
//! [`Launch`]: wasmstone_policy::Launch

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bindings {
    #![allow(clippy::all, clippy::restriction, missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
mod boot;
pub mod channel;
mod clock;
mod ending;
mod engine;
mod exchange;
mod files;
mod guest;
mod host;
pub mod http1;
mod http_service;
pub mod interfaces;
mod keys;
mod metadata;
mod net;
mod platform;
mod random;
mod report;
mod start;
mod turns;
mod volumes;
mod wasi;

#[cfg(test)]
mod tests;

pub use engine::memory::Region;
pub use engine::program::Resident;
pub use engine::{SIMULATED_RISCV64, address_space, config};
pub use guest::TABLE_MAX;
pub use platform::{Platform, REPORT_BUFFER};

use crate::ending::Ending;
use alloc::{boxed::Box, format, sync::Arc};
use channel::Channel;
use clock::Clock;
use engine::memory::LinearMemories;
use engine::program::Precompiled;
use guest::{Given, Guest};
use host::{Handles, Host};
use http_service::Service;
use interfaces::WASI_VERSION;
use random::{Generator, Random};
use start::Start;
use wasmstone_edge_protocol::{ExitStatus, Operation, Violation, launch, types::Empty};
use wasmstone_policy::{Entry, Launch, Memory};
use wasmtime::component::{Component, ComponentExportIndex, Linker};
use wasmtime::{Engine, Store, format_err};

/// Whether a component can be linked in an enclave and has this entry: the same linker looks at it, on the
/// build side.
///
/// # Errors
/// Names the first import that is not there or has another type, or the entry where there is none.
pub fn check(component: &Component, entry: Entry) -> wasmtime::Result<()> {
    linker(component)?.instantiate_pre(component)?;
    entry_point(component, entry).map(drop)
}

/// The function that is called.
fn entry_point(component: &Component, entry: Entry) -> wasmtime::Result<ComponentExportIndex> {
    // Any version that is compatible has it under this name as well.
    let (interface, function) = match entry {
        Entry::Command => interfaces::COMMAND,
        Entry::Http => interfaces::HTTP_HANDLER,
    };
    let interface = format!("{interface}@{WASI_VERSION}");
    let found = component.get_export_index(None, &interface);
    let found = found.and_then(|interface| component.get_export_index(Some(&interface), function));
    found.ok_or_else(|| format_err!("the program does not export {function} of {interface}"))
}

/// What the component imports, served or refused.
fn linker(component: &Component) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(component.engine());
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// How an enclave ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The value for the EXIT call.
    pub status: ExitStatus,
    /// What the host did, where that ended it. It stays inside.
    pub violation: Option<Violation>,
}

/// Runs the program that `launch_segment` names, to its end.
///
/// `linear` is where the guest's memories go; its size is the memory cap. It is wiped before this
/// returns, and before the host is told anything of the end; so are the keys of the random generators.
/// `resident` is the native program, where the image holds one.
pub fn run(platform: Box<dyn Platform>, launch_segment: &[u8], linear: Region, resident: Option<Resident>) -> Ended {
    let mut channel = Channel::new(platform);
    let memories = LinearMemories::new(linear);
    let (ending, channel) = match prepare(&mut channel, launch_segment, memories, resident) {
        Ok(Next::Run(prepared)) => execute(channel, *prepared),
        Ok(Next::Done(ending)) | Err(ending) => (ending, Some(channel)),
    };
    if let (Some(mut channel), Some(text)) = (channel, ending.explanation()) {
        explain(&mut channel, text);
    }
    ending.ended()
}

/// What comes after the start.
enum Next {
    Run(Box<Prepared>),
    Done(Ending),
}

/// All that it takes to run guests.
struct Prepared {
    launch: Launch,
    start: Start,
    engine: Engine,
    component: Component,
}

fn prepare(
    channel: &mut Channel,
    launch_segment: &[u8],
    memories: LinearMemories,
    resident: Option<Resident>,
) -> Result<Next, Ending> {
    let launch = Launch::decode(launch_segment).map_err(Ending::refused)?;
    let start = Start::fetch(channel, &launch.policy, launch.entry)?;
    if let Some(done) = boot::tasks::perform(channel, &launch, &start) {
        return done.map(Next::Done);
    }
    let engine = engine::engine(&launch.program, Arc::new(memories)).map_err(Ending::from_start)?;
    let program = Precompiled::new(channel, &launch.program, resident)?;
    let component = program.load(&engine).map_err(Ending::from_start)?;
    Ok(Next::Run(Box::new(Prepared { launch, start, engine, component })))
}

/// Runs the guests. The channel comes back unless memory ran out before a guest had it.
fn execute(mut channel: Channel, prepared: Prepared) -> (Ending, Option<Channel>) {
    let Prepared { launch, start, engine, component } = prepared;
    let carry = carry(&launch);
    let mut random = Generator::new(channel.platform(), &start.entropy);
    let mut handles = Handles::default();
    let sealed = match volumes::open_all(&mut channel, &mut handles, &launch.policy, &start, &mut random) {
        Ok(sealed) => sealed,
        Err(ending) => return (ending, Some(channel)),
    };
    let clock = Clock::new(channel.platform().ticks(), start.ticks_per_second, start.wall);
    let mut host = Box::new(Host::new(channel, clock, start.reach));
    (host.handles, host.sealed) = (handles, sealed);
    let given = Arc::new(Given::new(launch.name, start.grants, start.terminals));
    let program = Runnable { engine, component, carry };
    let (ending, host) = match start.serve {
        Some(address) => {
            let mut service = Service::new(host, random, given, launch.instances);
            let ending = service.run(program, address).unwrap_or_else(|ending| ending);
            (ending, Some(service.into_host()))
        }
        None => command(Guest::new(0, host, Random::new(&mut random), given), &program),
    };
    let Some(mut host) = host else { return (ending, None) };
    // A host that broke the contract is not spoken to again.
    let ending = match ending {
        Ending::Violation(_) => ending,
        ending => ending.unless(volumes::close_all(&mut host)),
    };
    (ending, Some(host.channel))
}

/// What one call of a guest may carry, in bytes: half of what the instances' stacks leave.
fn carry(launch: &Launch) -> usize {
    let stacks = Memory::PER_INSTANCE.saturating_mul(launch.instances.into());
    usize::try_from(launch.memory.runtime.saturating_sub(stacks) / 2).unwrap_or(usize::MAX)
}

/// A program, to be instantiated.
struct Runnable {
    engine: Engine,
    component: Component,
    /// What one call of a guest may carry, in bytes: lists are copied into the enclave's own part of the
    /// heap, where running out ends everything. Beyond this the guest traps.
    carry: usize,
}

impl Runnable {
    /// A store for a guest.
    fn store(&self, guest: Guest) -> wasmtime::Result<Store<Guest>> {
        let mut store = Store::try_new(&self.engine, guest)?;
        store.limiter(|guest| guest.limits());
        store.set_hostcall_fuel(self.carry);
        Ok(store)
    }
}

/// Runs a command to its end.
fn command(guest: Guest, program: &Runnable) -> (Ending, Option<Box<Host>>) {
    let Ok(mut store) = program.store(guest) else { return (Ending::OutOfMemory, None) };
    let ending = call_run(&mut store, &program.component).unwrap_or_else(|ending| ending);
    // Ends every resource of the guest, its memories too.
    (ending, Some(store.into_data().host))
}

fn call_run(store: &mut Store<Guest>, component: &Component) -> Result<Ending, Ending> {
    let run = entry_point(component, Entry::Command).map_err(Ending::from_start)?;
    let linker = linker(component).map_err(Ending::from_start)?;
    let instance = linker.instantiate(&mut *store, component).map_err(Ending::from_start)?;
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, &run).map_err(Ending::from_start)?;
    let (result,) = run.call(store, ()).map_err(Ending::from_run)?;
    Ok(Ending::Guest(if result.is_ok() { 0 } else { 1 }))
}

/// Tells the host why, cut to what the operation carries. It is the last call: what the host answers
/// changes nothing any more.
fn explain(channel: &mut Channel, text: &str) {
    let mut end = text.len().min(launch::Explain::REQUEST_PAYLOAD_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if let Some(text) = text.get(..end) {
        let _ = channel.call::<launch::Explain>(&Empty {}, &[text.as_bytes()], 0);
    }
}
