//! What the guest's WASI calls work on.

use crate::channel::Channel;
use crate::clock::Clock;
use crate::random::Random;
use crate::start::Start;
use crate::wasi::FileFailure;
use crate::wasi::filesystem::{OpenFile, RecentStat};
use crate::wasi::input::Buffer;
use alloc::{string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::{Operation, Status, Violation, handle, io, types::HandleRequest};
use wasmstone_policy::{Access, Reach};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

/// The store's data.
pub struct Guest {
    pub table: ResourceTable,
    pub channel: Channel,
    pub clock: Clock,
    pub random: Random,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub directories: Vec<(String, Access)>,
    pub terminals: [bool; 3],
    pub stdin: Buffer,
    pub handles: Handles,
    /// Polls that were answered without asking the host since it was asked.
    pub unasked: u8,
    /// What the guest may use of the network.
    pub reach: Reach,
    /// Counts what the guest changed in files, so that nothing read ahead before is given after it.
    pub changes: u64,
    /// Bytes held ahead in all file streams and connections together.
    pub read_ahead: usize,
    /// The last answer on a path.
    pub recent: Option<RecentStat>,
    limits: Limits,
}

impl Guest {
    /// A guest that did nothing yet. `name` becomes argument zero.
    pub fn new(mut channel: Channel, name: String, start: Start) -> Self {
        let mut seed = [0; 64];
        channel.platform().private_entropy(&mut seed);
        let random = Random::new(&mut seed, &start.entropy);
        let clock = Clock::new(channel.platform().ticks(), start.ticks_per_second, start.wall);
        let mut arguments = Vec::with_capacity(start.grants.arguments.len() + 1);
        arguments.push(name);
        arguments.extend(start.grants.arguments);
        Self {
            table: ResourceTable::new(),
            channel,
            clock,
            random,
            arguments,
            environment: start.grants.environment,
            directories: start.grants.directories,
            terminals: start.terminals,
            stdin: Buffer::default(),
            handles: Handles::default(),
            unasked: 0,
            reach: start.reach,
            changes: 0,
            read_ahead: 0,
            recent: None,
            limits: Limits,
        }
    }

    /// The limiter for the store.
    pub fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    /// The channel, for the last words.
    pub fn into_channel(self) -> Channel {
        self.channel
    }

    /// Asks the host; a status other than `Ok` becomes the guest's error.
    pub fn ask<O: Operation>(
        &mut self,
        body: &O::Request,
        payload: &[&[u8]],
        reply_payload_max: usize,
    ) -> Result<(O::Reply, &[u8]), FileFailure> {
        Ok(self.channel.call::<O>(body, payload, reply_payload_max)??)
    }

    /// Gives a file back once nothing of the guest refers to it any more.
    pub fn release(&mut self, file: Arc<OpenFile>) -> Result<(), Violation> {
        match Arc::into_inner(file) {
            Some(file) if !file.granted => self.close(file.handle),
            _ => Ok(()),
        }
    }

    /// Gives a handle back.
    pub fn close(&mut self, handle: u32) -> Result<(), Violation> {
        // How closing went changes nothing: the number is free again, as after close(2).
        let _ = self.channel.call::<io::Close>(&HandleRequest { handle: handle.into() }, &[], 0)?;
        self.handles.give_back(handle);
        Ok(())
    }

    /// Nanoseconds since the enclave started.
    pub fn elapsed(&mut self) -> u64 {
        self.clock.elapsed(self.channel.platform().ticks())
    }
}

/// The handle numbers that the enclave chooses.
#[derive(Default)]
pub struct Handles {
    used: usize,
    free: Vec<u32>,
}

impl Handles {
    /// A number that is not in use.
    pub fn take(&mut self) -> Result<u32, Status> {
        if let Some(handle) = self.free.pop() {
            return Ok(handle);
        }
        if self.used >= handle::OPEN_MAX {
            return Err(Status::InsufficientMemory);
        }
        // At most OPEN_MAX, which fits.
        let handle = handle::FIRST_OPENED + self.used as u32;
        self.used += 1;
        Ok(handle)
    }

    /// The number is not in use any more.
    pub fn give_back(&mut self, handle: u32) {
        self.free.push(handle);
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
