//! Waits until one of many handles is ready. Meanwhile, the server sends the data that are left to be sent.

use super::handles::Opened;
use super::reply::{Failure, Payload};
use super::{Server, poll as polling};
use rustix::event::{PollFd, PollFlags};
use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;
use wasmstone_edge_protocol::handle::{STDERR, STDIN, STDOUT, STOP};
use wasmstone_edge_protocol::types::{Empty, PollEntry, PollRequest};
use wasmstone_edge_protocol::value::Interest;
use wasmstone_edge_protocol::{NO_TIMEOUT, Status};
use zerocopy::FromBytes;

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
        && entries.iter().all(|entry| entry.interest.get().is_ok())
        // Nothing could end such a wait.
        && !(entries.is_empty() && timeout == NO_TIMEOUT);
    if !well_formed {
        return Err(Status::Malformed.into());
    }
    let ready = wait(server, entries, polling::deadline(timeout))?;
    payload.push(&ready)?;
    Ok(Empty {})
}

/// Waits until `handle` can be read.
pub(super) fn wait_until_readable(server: &mut Server, handle: u32) -> Result<(), Failure> {
    let entry = PollEntry { handle: handle.into(), interest: Interest::Reading.into() };
    wait(server, &[entry], None).map(drop)
}

/// Waits until one of `entries` is ready or `deadline` has come; for each, whether it is ready.
fn wait(server: &mut Server, entries: &[PollEntry], deadline: Option<Instant>) -> Result<Vec<u8>, Failure> {
    loop {
        server.handles.push_sending();
        let ready = wait_once(server, entries, deadline)?;
        // Otherwise the poll ended because a socket took data that were left, and nothing that was asked for is ready.
        let is_over = ready.contains(&1) || deadline.is_some_and(|deadline| deadline <= Instant::now());
        if is_over {
            return Ok(ready);
        }
    }
}

fn wait_once(server: &Server, entries: &[PollEntry], deadline: Option<Instant>) -> Result<Vec<u8>, Failure> {
    // Each handle is in the list once: the operating system refuses lists that are longer than the limit of open
    // files.
    let mut interests = HashMap::new();
    for entry in entries {
        *interests.entry(entry.handle.get()).or_insert(PollFlags::empty()) |= interest(entry);
    }
    for (handle, _) in server.handles.sending() {
        *interests.entry(handle).or_insert(PollFlags::empty()) |= PollFlags::OUT;
    }
    let mut fds = Vec::new();
    let mut place_of = HashMap::new();
    for (handle, interest) in interests {
        if let Some(fd) = pollable(server, handle)? {
            place_of.insert(handle, fds.len());
            fds.push(PollFd::from_borrowed_fd(fd, interest));
        }
    }
    let known_ready = |entry: &PollEntry| {
        !place_of.contains_key(&entry.handle.get())
            || socket_of(server, entry).is_some_and(|socket| socket.has_failed())
    };
    let at_once = entries.iter().any(known_ready);
    polling::wait_till(&mut fds, if at_once { Some(Instant::now()) } else { deadline })?;

    let ready = entries.iter().map(|entry| {
        // Reading or writing would not block, even if only because it would fail.
        let polled = place_of.get(&entry.handle.get()).and_then(|place| fds.get(*place)).is_some_and(|fd| {
            fd.revents().intersects(interest(entry) | PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
        });
        let sending = writes(entry) && socket_of(server, entry).is_some_and(|socket| socket.is_sending());
        u8::from(known_ready(entry) || (polled && !sending))
    });
    Ok(ready.collect())
}

fn socket_of<'a>(server: &'a Server, entry: &PollEntry) -> Option<&'a super::network::Socket> {
    match server.handles.opened(entry.handle.get()) {
        Some(Opened::Socket(socket)) => Some(socket),
        _ => None,
    }
}

/// What to poll for a handle; `None` where it is always ready.
fn pollable(server: &Server, handle: u32) -> Result<Option<BorrowedFd<'_>>, Failure> {
    Ok(match handle {
        STDIN => server.stdin.fd(),
        STDOUT => server.stdout.fd(),
        STDERR => server.stderr.fd(),
        STOP => Some(server.service.as_ref().ok_or(Status::BadDescriptor)?.stop.fd()),
        _ => match server.handles.opened(handle) {
            Some(Opened::File(file)) => Some(file.reading().as_fd()),
            Some(Opened::Socket(socket)) => Some(socket.fd().as_fd()),
            Some(Opened::Lookup(lookup)) => Some(lookup.done().as_fd()),
            Some(Opened::Directory(_) | Opened::Listing(_)) | None => return Err(Status::BadDescriptor.into()),
        },
    })
}

fn writes(entry: &PollEntry) -> bool {
    entry.interest.get() == Ok(Interest::Writing)
}

fn interest(entry: &PollEntry) -> PollFlags {
    if writes(entry) { PollFlags::OUT } else { PollFlags::IN }
}
