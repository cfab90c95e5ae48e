//! A guest: what its WASI calls work on. No module below this one names it.

use crate::descriptors::Descriptors;
use crate::exchange::in_flight::InFlight;
use crate::files::Descriptor;
use crate::host::Host;
use crate::random::Random;
use crate::read_ahead::Buffer;
use crate::turns::Turn;
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::handle;
use wasmstone_policy::{Access, Grants};
use wasmtime::{Memory, ResourceLimiter, component::ResourceTable};

/// The store's data.
pub struct Guest {
    /// Distinguishes guests that run in turns; the owner of the guest's handles.
    pub id: u32,
    pub table: ResourceTable,
    /// What a program for WASI 0.1 has open.
    pub descriptors: Descriptors,
    /// The memory of such a program, from its first call on.
    pub memory: Option<Memory>,
    /// The host, while it is this guest's turn.
    pub host: Box<Host>,
    pub random: Random,
    pub config: Arc<GuestConfig>,
    /// What was read ahead of standard input.
    pub stdin: Buffer,
    /// What goes on while the guest waits.
    pub in_flight: Vec<InFlight>,
    /// Where it waits for its turn, if other guests run as well.
    pub turn: Option<Turn>,
    /// Edge calls that blocking calls made since one of them gave the turn away.
    pub calls_in_turn: u64,
    limits: Limits,
}

/// What every guest of this enclave is given.
pub struct GuestConfig {
    /// The program's name, then its arguments.
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub directories: Vec<(String, Access)>,
    /// Whether standard input, output, error is a terminal.
    pub terminals: [bool; 3],
}

impl GuestConfig {
    /// What a start granted to the program `name`.
    pub fn new(name: String, grants: Grants, terminals: [bool; 3]) -> Self {
        let mut arguments = Vec::with_capacity(grants.arguments.len() + 1);
        arguments.push(name);
        arguments.extend(grants.arguments);
        Self { arguments, environment: grants.environment, directories: grants.directories, terminals }
    }

    /// The granted directories, with their paths.
    pub fn granted(&self, host: &Host) -> impl Iterator<Item = (Descriptor, &String)> {
        (0u32..).zip(&self.directories).map(|(index, (path, access))| {
            let handle = handle::FIRST_DIRECTORY + index;
            (Descriptor::granted(handle, *access == Access::ReadWrite, host.sealed_root(index)), path)
        })
    }
}

impl Guest {
    /// A guest that has not run yet.
    pub fn new(id: u32, host: Box<Host>, random: Random, config: Arc<GuestConfig>) -> Self {
        Self {
            id,
            table: ResourceTable::new(),
            descriptors: Descriptors::default(),
            memory: None,
            host,
            random,
            config,
            stdin: Buffer::default(),
            in_flight: Vec::new(),
            turn: None,
            calls_in_turn: 0,
            limits: Limits,
        }
    }

    /// The limiter for the store.
    pub fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }
}

/// Keeps the guest's tables from using up the memory that its calls need. The region bounds its linear memories.
struct Limits;

/// The most elements of one table of the guest, eight bytes each.
pub const TABLE_MAX: usize = 1 << 18;

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_MAX)
    }
}
