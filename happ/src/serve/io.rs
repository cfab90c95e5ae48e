//! The interface `io`: streams, waiting, closing.

use super::handles::Descriptor;
use super::reply::{Failure, Payload};
use super::{Server, poll as polling};
use rustix::event::{PollFd, PollFlags};
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::handle::{STDERR, STDIN, STDOUT};
use wasmstone_edge_protocol::types::{
    Empty, HandleRequest, PollEntry, PollRequest, ReadReply, ReadRequest, WriteReply,
};
use zerocopy::FromBytes;

pub(super) fn read(
    server: &mut Server,
    request: ReadRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<ReadReply, Failure> {
    let wait = flag(request.wait.get())?;
    if request.handle.get() != STDIN {
        return Err(Status::BadDescriptor.into());
    }
    let length = usize::try_from(request.length.get()).unwrap_or(usize::MAX).min(payload.room());
    if length == 0 {
        // Reading nothing would look like the end.
        return Ok(ReadReply::default());
    }
    let end = payload.fill(length, |buffer| {
        let count = server.stdin.read(buffer, wait)?;
        Ok((count.unwrap_or(0), count == Some(0)))
    })?;
    Ok(ReadReply { end: u32::from(end).into() })
}

pub(super) fn write(
    server: &mut Server,
    request: HandleRequest,
    data: &[u8],
    _: &mut Payload<'_>,
) -> Result<WriteReply, Failure> {
    let output = match request.handle.get() {
        STDOUT => &mut server.stdout,
        STDERR => &mut server.stderr,
        _ => return Err(Status::BadDescriptor.into()),
    };
    written(output.write(data)?)
}

pub(super) fn poll(
    server: &mut Server,
    request: PollRequest,
    entries: &[u8],
    payload: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let entries = <[PollEntry]>::ref_from_bytes(entries).map_err(|_| Status::Malformed)?;
    let timeout = request.timeout.get();
    let well_formed = usize::try_from(request.count.get()) == Ok(entries.len())
        && entries.len() <= payload.room()
        && entries.iter().all(|entry| entry.interest.get() <= 1)
        // Nothing could end this wait.
        && !(entries.is_empty() && timeout == polling::FOR_EVER);
    if !well_formed {
        return Err(Status::Malformed.into());
    }

    // Each handle is given to the operating system once, which refuses longer lists than there can
    // be open files.
    let mut interests = HashMap::new();
    for entry in entries {
        *interests.entry(entry.handle.get()).or_insert(PollFlags::empty()) |= interest(entry);
    }
    let mut fds = Vec::new();
    let mut place_of = HashMap::new();
    for (handle, interest) in interests {
        if let Some(fd) = pollable(server, handle)? {
            place_of.insert(handle, fds.len());
            fds.push(PollFd::from_borrowed_fd(fd, interest));
        }
    }
    let always_ready = entries.iter().any(|entry| !place_of.contains_key(&entry.handle.get()));
    polling::wait(&mut fds, if always_ready { 0 } else { timeout })?;

    for entry in entries {
        let place = place_of.get(&entry.handle.get());
        let ready = place.and_then(|place| fds.get(*place)).is_none_or(|fd| {
            // Reading or writing would not block, even if only because it would fail.
            fd.revents().intersects(interest(entry) | PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
        });
        payload.push(&[u8::from(ready)])?;
    }
    Ok(Empty {})
}

pub(super) fn close(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    server.handles.close(request.handle.get())?;
    Ok(Empty {})
}

/// What to poll for a handle; `None` where it is always ready.
fn pollable(server: &Server, handle: u32) -> Result<Option<BorrowedFd<'_>>, Failure> {
    Ok(match handle {
        STDIN => server.stdin.fd(),
        STDOUT => server.stdout.fd(),
        STDERR => server.stderr.fd(),
        _ => match server.handles.descriptor(handle)? {
            Descriptor::File(file) => Some(file.reading().as_fd()),
            Descriptor::Directory(_) => return Err(Status::BadDescriptor.into()),
        },
    })
}

fn interest(entry: &PollEntry) -> PollFlags {
    if entry.interest.get() == 0 { PollFlags::IN } else { PollFlags::OUT }
}

/// A truth value of the enclave's.
pub(super) fn flag(number: u32) -> Result<bool, Failure> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Status::Malformed.into()),
    }
}

/// The reply to a write.
pub(super) fn written(count: usize) -> Result<WriteReply, Failure> {
    let count = u32::try_from(count).map_err(|_| Status::Overflow)?;
    Ok(WriteReply { written: count.into() })
}
