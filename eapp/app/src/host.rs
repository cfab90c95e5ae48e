//! The host, as the enclave uses it: the channel to it, and what is known about its open files and sockets. Guests
//! that run in turns share it.

mod sealed;

use crate::channel::Channel;
use crate::clock::Clock;
use crate::failure::{IoFailure, IoResult};
use crate::handles::Handles;
use crate::metadata::RecentStat;
use crate::volumes::SealedDirectory;
use crate::waiting::PollSet;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use wasmstone_edge_protocol::types::{HandleRequest, PollEntry, PollRequest};
use wasmstone_edge_protocol::{Operation, Status, Violation, io};
use wasmstone_policy::{Network, Reach};
use zerocopy::IntoBytes;

/// The host.
pub struct Host {
    pub channel: Channel,
    pub clock: Clock,
    pub handles: Handles,
    /// How many polls in a row were answered without asking the host.
    pub unasked_polls: u8,
    /// What the guests may use of the network.
    pub reach: Reach,
    /// Counts what the guests changed in files: bytes that were read ahead before a change are not given after it.
    pub changes: u64,
    /// Bytes that all file streams and connections together hold ahead.
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
            unasked_polls: 0,
            reach,
            changes: 0,
            read_ahead: 0,
            recent: None,
            sealed: Vec::new(),
        }
    }

    /// Stands for the host in a guest during other guests' turns. Every edge call is a violation.
    pub fn absent() -> Self {
        let clock = Clock::new(0, NonZeroU32::MIN, (0, 0));
        Self::new(Channel::closed(), clock, Reach::new(Network::Denied))
    }

    /// Makes an edge call; a status other than `Ok` becomes the guest's error.
    pub fn ask<O: Operation>(
        &mut self,
        body: &O::Request,
        payload: &[&[u8]],
        reply_payload_max: usize,
    ) -> IoResult<(O::Reply, &[u8])> {
        Ok(self.channel.call::<O>(body, payload, reply_payload_max)??)
    }

    /// Makes `ask` open something for `owner`, under a number that is not in use; `limit` is the error if there is no
    /// such number.
    pub fn opening<T>(
        &mut self,
        owner: u32,
        limit: Status,
        ask: impl FnOnce(&mut Self, u32) -> IoResult<T>,
    ) -> IoResult<(u32, T)> {
        let handle = self.handles.take(owner).ok_or(limit)?;
        match ask(self, handle) {
            Ok(value) => Ok((handle, value)),
            Err(failure) => {
                self.handles.give_back(handle);
                Err::<_, IoFailure>(failure)
            }
        }
    }

    /// Closes a handle.
    pub fn close(&mut self, handle: u32) -> Result<(), Violation> {
        if let Some(node) = self.handles.sealed(handle) {
            self.handles.give_back(handle);
            return self.release(node);
        }
        // The status does not matter: the number is free again in any case, as after close(2).
        let _ = self.channel.call::<io::Close>(&HandleRequest { handle: handle.into() }, &[], 0)?;
        self.handles.give_back(handle);
        Ok(())
    }

    /// Closes what `owner` has left open.
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

    /// Makes one edge call, which answers all of `polls`. The result is whether the host answered; if it could not,
    /// every answer is yes.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn poll(&mut self, polls: &mut PollSet) -> Result<bool, Violation> {
        self.unasked_polls = 0;
        let deadline = polls.deadline.min(self.store_due()?);
        let entries = polls
            .interests
            .keys()
            .map(|(handle, interest)| PollEntry { handle: (*handle).into(), interest: (*interest).into() });
        let entries: Vec<_> = entries.collect();
        let timeout = match deadline {
            u64::MAX if !entries.is_empty() => u64::MAX,
            // On the wire, `u64::MAX` means without an end, and with no entries nothing could end the wait.
            deadline => deadline.saturating_sub(self.elapsed()).min(u64::MAX - 1),
        };
        let request = PollRequest { timeout: timeout.into(), count: (entries.len() as u32).into() };
        let answer = self.channel.call::<io::Poll>(&request, &[entries.as_bytes()], entries.len())?;
        match answer {
            Ok((_, answers)) => {
                if answers.len() != polls.interests.len() || answers.iter().any(|answer| *answer > 1) {
                    return Err(Violation("a poll answered with something else"));
                }
                polls.interests.values_mut().zip(answers).for_each(|(ready, answer)| *ready = *answer == 1);
            }
            // The guest learns what is wrong with a handle when it uses it.
            Err(_) => {
                polls.interests.values_mut().for_each(|ready| *ready = true);
                return Ok(false);
            }
        }
        Ok(true)
    }
}
