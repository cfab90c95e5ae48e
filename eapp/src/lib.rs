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
pub mod channel;
mod clock;
mod ending;
mod engine;
mod guest;
mod memory;
mod platform;
mod program;
mod random;
mod start;
mod wasi;

#[cfg(test)]
#[path = "../tests/inside/lying_host.rs"]
mod lying_host;

pub use engine::{SIMULATED_RISCV64, address_space, config};
pub use guest::TABLE_MAX;
pub use memory::Region;
pub use platform::Platform;
pub use program::Resident;

use crate::ending::Ending;
use alloc::{boxed::Box, sync::Arc};
use channel::Channel;
use guest::Guest;
use memory::LinearMemories;
use program::Precompiled;
use start::Start;
use wasmstone_edge_protocol::{ExitStatus, Operation, Violation, launch, types::Empty};
use wasmstone_policy::Launch;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

/// Whether a component can be linked in an enclave: the same linker looks at it, on the build side.
///
/// # Errors
/// Names the first import that is not there or has another type.
pub fn check(component: &Component) -> wasmtime::Result<()> {
    bindings::GuestPre::new(linker(component)?.instantiate_pre(component)?)?;
    Ok(())
}

/// What the component imports, served or refused.
fn linker(component: &Component) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(component.engine());
    wasi::add_to_linker(&mut linker, component)?;
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
        Ok((launch, start, engine, program)) => execute(channel, launch, start, &engine, program),
        Err(ending) => (ending, Some(channel)),
    };
    if let (Some(mut channel), Some(text)) = (channel, ending.explanation()) {
        explain(&mut channel, text);
    }
    ending.ended()
}

fn prepare(
    channel: &mut Channel,
    launch_segment: &[u8],
    memories: LinearMemories,
    resident: Option<Resident>,
) -> Result<(Launch, Start, Engine, Precompiled), Ending> {
    let launch = Launch::decode(launch_segment).map_err(Ending::refused)?;
    let start = Start::fetch(channel, &launch.policy)?;
    let engine = engine::engine(&launch.program, Arc::new(memories)).map_err(Ending::from_start)?;
    let program = Precompiled::new(channel, &launch.program, resident)?;
    Ok((launch, start, engine, program))
}

/// Runs the guest. The channel comes back unless memory ran out before the guest had it.
fn execute(
    channel: Channel,
    launch: Launch,
    start: Start,
    engine: &Engine,
    program: Precompiled,
) -> (Ending, Option<Channel>) {
    let guest = Guest::new(channel, launch.name, start);
    let mut store = match Store::try_new(engine, guest) {
        Ok(store) => store,
        Err(_) => return (Ending::OutOfMemory, None),
    };
    store.limiter(|guest| guest.limits());
    // What one call of the guest may carry: lists are copied into the enclave's own part of the heap,
    // where running out ends everything. Beyond this the guest traps.
    store.set_hostcall_fuel(usize::try_from(launch.memory.runtime / 2).unwrap_or(usize::MAX));
    let ending = call_run(&mut store, program).unwrap_or_else(|ending| ending);
    // Ends every resource of the guest, its memories too.
    (ending, Some(store.into_data().into_channel()))
}

fn call_run(store: &mut Store<Guest>, program: Precompiled) -> Result<Ending, Ending> {
    let component = program.load(store.engine()).map_err(Ending::from_start)?;
    let linker = linker(&component).map_err(Ending::from_start)?;
    let instance = bindings::Guest::instantiate(&mut *store, &component, &linker).map_err(Ending::from_start)?;
    let result = instance.wasi_cli_run().call_run(store).map_err(Ending::from_run)?;
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
