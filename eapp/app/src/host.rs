//! What an enclave has of its host: the way to it, and what is known of what was opened there. Guests that
//! run in turns share it.

use crate::channel::Channel;
use crate::clock::Clock;
use crate::files::{RecentStat, SealedNode};
use crate::volumes::SealedDirectory;
use crate::wasi::FileFailure;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use wasmstone_edge_protocol::{Operation, Status, Violation, handle, io, types::HandleRequest};
use wasmstone_policy::{Network, Reach};

/// The host.
pub struct Host {
    pub channel: Channel,
    pub clock: Clock,
    pub handles: Handles,
    /// Polls that were answered without asking the host since it was asked.
    pub unasked: u8,
    /// What the guests may use of the network.
    pub reach: Reach,
    /// Counts what the guests changed in files, so that nothing read ahead before is given after it.
    pub changes: u64,
    /// Bytes held ahead in all file streams and connections together.
    pub read_ahead: usize,
    /// The last answer on a path.
    pub recent: Option<RecentStat>,
    /// The sealed directories.
    pub sealed: Vec<SealedDirectory>,
}

impl Host {
    /// The host at the other end of `channel`, with nothing open.
    pub fn new(channel: Channel, clock: Clock, reach: Reach) -> Self {
        Self {
            channel,
            clock,
            handles: Handles::default(),
            unasked: 0,
            reach,
            changes: 0,
            read_ahead: 0,
            recent: None,
            sealed: Vec::new(),
        }
    }

    /// What a guest has while it is not its turn. Every edge call is a violation.
    pub fn absent() -> Self {
        let clock = Clock::new(0, NonZeroU32::MIN, (0, 0));
        Self::new(Channel::closed(), clock, Reach::new(Network::Denied))
    }

    /// Asks; a status other than `Ok` becomes the guest's error.
    pub fn ask<O: Operation>(
        &mut self,
        body: &O::Request,
        payload: &[&[u8]],
        reply_payload_max: usize,
    ) -> Result<(O::Reply, &[u8]), FileFailure> {
        Ok(self.channel.call::<O>(body, payload, reply_payload_max)??)
    }

    /// Asks for something to be opened for `owner`, under a number that is not in use; `limit` is the failure
    /// where there is none.
    pub fn opening<T>(
        &mut self,
        owner: u32,
        limit: Status,
        ask: impl FnOnce(&mut Self, u32) -> Result<T, FileFailure>,
    ) -> Result<(u32, T), FileFailure> {
        let handle = self.handles.take(owner).ok_or(limit)?;
        match ask(self, handle) {
            Ok(value) => Ok((handle, value)),
            Err(failure) => {
                self.handles.give_back(handle);
                Err(failure)
            }
        }
    }

    /// Gives a handle back.
    pub fn close(&mut self, handle: u32) -> Result<(), Violation> {
        if let Some(node) = self.handles.sealed(handle) {
            self.handles.give_back(handle);
            return self.release(node);
        }
        // How closing went changes nothing: the number is free again, as after close(2).
        let _ = self.channel.call::<io::Close>(&HandleRequest { handle: handle.into() }, &[], 0)?;
        self.handles.give_back(handle);
        Ok(())
    }

    /// Gives back what `owner` has left open.
    pub fn close_all(&mut self, owner: u32) -> Result<(), Violation> {
        for handle in self.handles.of(owner) {
            self.close(handle)?;
        }
        Ok(())
    }

    /// Seconds since 1970-01-01.
    pub fn wall_seconds(&mut self) -> u64 {
        self.clock.wall(self.channel.platform().ticks()).0
    }

    /// Nanoseconds since the enclave started.
    pub fn elapsed(&mut self) -> u64 {
        self.clock.elapsed(self.channel.platform().ticks())
    }
}

/// The handle numbers that the enclave chooses, and whose they are.
#[derive(Default)]
pub struct Handles {
    /// Those that only sealed directories get, so that guests cannot keep them from being stored.
    pub reserved: usize,
    /// By their numbers, from [`handle::FIRST_OPENED`] on.
    all: Vec<Option<Taken>>,
    free: Vec<u32>,
}

/// A number that is in use.
struct Taken {
    owner: u32,
    /// What it stands for in a sealed directory: then the host knows nothing of it.
    sealed: Option<SealedNode>,
}

impl Handles {
    /// A number that is not in use, for `owner`; `None` where all are.
    pub fn take(&mut self, owner: u32) -> Option<u32> {
        let used = self.all.len() - self.free.len();
        if used + self.reserved < handle::OPEN_MAX { self.take_any(owner) } else { None }
    }

    /// The same, also of those that are reserved.
    pub fn take_any(&mut self, owner: u32) -> Option<u32> {
        let handle = match self.free.pop() {
            Some(handle) => handle,
            None if self.all.len() >= handle::OPEN_MAX => return None,
            None => {
                self.all.push(None);
                // At most OPEN_MAX, which fits.
                handle::FIRST_OPENED + self.all.len() as u32 - 1
            }
        };
        *self.place(handle)? = Some(Taken { owner, sealed: None });
        Some(handle)
    }

    fn place(&mut self, handle: u32) -> Option<&mut Option<Taken>> {
        self.all.get_mut(handle.checked_sub(handle::FIRST_OPENED)? as usize)
    }

    /// Has a number that is in use stand for something in a sealed directory.
    pub fn seal(&mut self, handle: u32, node: SealedNode) {
        if let Some(Some(taken)) = self.place(handle) {
            taken.sealed = Some(node);
        }
    }

    /// What a number stands for in a sealed directory.
    fn sealed(&mut self, handle: u32) -> Option<SealedNode> {
        self.place(handle)?.as_ref()?.sealed
    }

    /// The number is not in use any more.
    pub fn give_back(&mut self, handle: u32) {
        if self.place(handle).is_some_and(|place| place.take().is_some()) {
            self.free.push(handle);
        }
    }

    /// The numbers in use that are `owner`'s.
    fn of(&self, owner: u32) -> Vec<u32> {
        let is_owned = |taken: &Option<Taken>| taken.as_ref().is_some_and(|taken| taken.owner == owner);
        let numbered = (handle::FIRST_OPENED..).zip(&self.all);
        numbered.filter(|(_, taken)| is_owned(taken)).map(|(handle, _)| handle).collect()
    }

    /// How many stand for something in sealed directories.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.all.iter().flatten().filter(|taken| taken.sealed.is_some()).count()
    }
}
