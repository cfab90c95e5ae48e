//! `poll_oneoff` of WASI 0.1.

use crate::descriptors::Open;
use crate::failure::IoResult;
use crate::turns::complete;
use crate::wasi::p1::process::{ClockId, clock};
use crate::wasi::p1::{Call, values::flags};
use crate::wasi::poll::Pollable;
use alloc::vec::Vec;
use wasmstone_edge_protocol::Status;

/// The most subscriptions of one call: many more than there are descriptors.
const SUBSCRIPTIONS_MAX: u64 = 1 << 16;

/// Bytes of an event.
const EVENT: u64 = 32;

/// What an event reports: its type, the descriptor of a read, and whether the file ends there.
struct Awaited {
    userdata: u64,
    kind: u64,
    descriptor: u64,
}

/// Waits for the first of some events, and writes those that have happened.
pub fn poll_oneoff(call: &mut Call<'_>) -> IoResult<()> {
    let [subscriptions, events, count, result, ..] = call.arguments;
    if count == 0 {
        return Err(Status::Invalid.into());
    }
    if count > SUBSCRIPTIONS_MAX {
        return Err(Status::InsufficientMemory.into());
    }
    let size = if call.unstable { 56 } else { 48 };
    let (mut awaited, mut pollables) = (Vec::new(), Vec::new());
    for index in 0..count {
        let (one, pollable) = call.subscription(subscriptions + index * size)?;
        awaited.push(one);
        pollables.push(pollable);
    }
    let ready = complete(call.guest.poll_in_turn(&pollables))?;
    let mut happened = 0;
    for (one, _) in awaited.iter().zip(ready).filter(|(_, ready)| *ready) {
        let ended = one.kind == READ && call.has_ended(one.descriptor)?;
        let bytes = u64::from(one.kind != CLOCK);
        let event = [one.userdata, one.kind << 16, bytes, ended.into()];
        call.memory.put_longs(events + u64::from(happened) * EVENT, &event)?;
        happened += 1;
    }
    Ok(call.memory.put_number(result, happened)?)
}

/// The types of events.
const CLOCK: u64 = 0;
const READ: u64 = 1;
const WRITE: u64 = 2;

impl Call<'_> {
    /// Reads a subscription.
    fn subscription(&mut self, address: u64) -> IoResult<(Awaited, Pollable)> {
        let (userdata, kind) = (self.memory.long(address)?, self.memory.number(address + 8)? & 0xff);
        let descriptor = self.memory.number(address + 16)?;
        let pollable = match kind {
            CLOCK => self.clock(address + if self.unstable { 24 } else { 16 })?,
            READ => match self.guest.descriptors.get(descriptor)? {
                Open::Input => Pollable::Stdin,
                Open::File(_) => Pollable::Ready,
                Open::Output(_) | Open::Directory(_) => return Err(Status::BadDescriptor.into()),
            },
            WRITE => match self.guest.descriptors.get(descriptor)? {
                Open::Output(_) => Pollable::Ready,
                // Fails unless the file may be written to.
                Open::File(file) => file.descriptor.output(None).map(|_| Pollable::Ready)?,
                Open::Input | Open::Directory(_) => return Err(Status::BadDescriptor.into()),
            },
            _ => return Err(Status::Invalid.into()),
        };
        Ok((Awaited { userdata, kind, descriptor }, pollable))
    }

    /// Reads a point in time.
    fn clock(&mut self, address: u64) -> IoResult<Pollable> {
        let id = clock(self.memory.number(address)?)?;
        let timeout = self.memory.long(address + 8)?;
        let is_absolute = flags(self.memory.number(address + 24)? & 0xffff, 1)? == 1;
        let duration = match (id, is_absolute) {
            (ClockId::Monotonic, true) => return Ok(Pollable::At(timeout)),
            (ClockId::Monotonic | ClockId::Realtime, false) => timeout,
            // A time that is over is a wait for nothing.
            (ClockId::Realtime, true) => timeout.saturating_sub(self.wall()?),
            (ClockId::Processor, _) => return Err(Status::Invalid.into()),
        };
        Ok(Pollable::At(self.guest.host.elapsed().saturating_add(duration)))
    }

    /// Whether a file ends at its offset.
    fn has_ended(&mut self, descriptor: u64) -> IoResult<bool> {
        match self.guest.descriptors.get(descriptor)? {
            Open::File(file) => Ok(file.descriptor.stat(&mut self.guest.host)?.size <= file.position),
            _ => Ok(false),
        }
    }
}
