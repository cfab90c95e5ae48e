//! What the guest's WASI calls work on.

use crate::exchange::in_flight::Moving;
use crate::files::OpenFile;
use crate::host::Host;
use crate::random::Random;
use crate::turns::Seat;
use crate::wasi::input::Buffer;
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::Violation;
use wasmstone_policy::{Access, Grants};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

/// The store's data.
pub struct Guest {
    /// Tells guests apart that run in turns.
    pub id: u32,
    pub table: ResourceTable,
    /// The host, while it is this guest's turn.
    pub host: Box<Host>,
    pub random: Random,
    pub given: Arc<Given>,
    pub stdin: Buffer,
    /// What it has under way while it waits for whatever.
    pub moving: Vec<Moving>,
    /// Where it waits for its turn, if others run as well.
    pub seat: Option<Seat>,
    /// Edge calls that blocking calls made since one of them gave the turn away.
    pub hurried: u64,
    limits: Limits,
}

/// What every guest of this enclave is given.
pub struct Given {
    /// The program's name, then its arguments.
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub directories: Vec<(String, Access)>,
    /// Standard input, output, error is a terminal.
    pub terminals: [bool; 3],
}

impl Given {
    /// What a start granted to the program `name`.
    pub fn new(name: String, grants: Grants, terminals: [bool; 3]) -> Self {
        let mut arguments = Vec::with_capacity(grants.arguments.len() + 1);
        arguments.push(name);
        arguments.extend(grants.arguments);
        Self { arguments, environment: grants.environment, directories: grants.directories, terminals }
    }
}

impl Guest {
    /// A guest that did nothing yet.
    pub fn new(id: u32, host: Box<Host>, random: Random, given: Arc<Given>) -> Self {
        let stdin = Buffer::default();
        Self {
            id,
            table: ResourceTable::new(),
            host,
            random,
            given,
            stdin,
            moving: Vec::new(),
            seat: None,
            hurried: 0,
            limits: Limits,
        }
    }

    /// The limiter for the store.
    pub fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    /// Gives a file back once nothing of the guest refers to it any more.
    pub fn release(&mut self, file: Arc<OpenFile>) -> Result<(), Violation> {
        match Arc::into_inner(file) {
            Some(file) if !file.granted => self.host.close(file.handle),
            _ => Ok(()),
        }
    }
}

/// Keeps the guest's tables from eating the memory that its calls are served with. Linear memories
/// are bounded by their region.
struct Limits;

/// The most elements of one table of the guest's, eight bytes each.
pub const TABLE_MAX: usize = 1 << 18;

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_MAX)
    }
}
