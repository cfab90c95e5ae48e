//! The interface `io`: streams and closing.

use super::Server;
use super::reply::{Failure, Payload};
use super::waiting::wait_until_readable;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::handle::{STDERR, STDIN, STDOUT};
use wasmstone_edge_protocol::types::{Empty, HandleRequest, ReadReply, ReadRequest, WriteReply};

pub(super) use super::waiting::poll;

pub(super) fn read(
    server: &mut Server,
    request: ReadRequest,
    _: &[u8],
    payload: &mut Payload<'_>,
) -> Result<ReadReply, Failure> {
    let wait = flag(request.wait.get())?;
    let handle = request.handle.get();
    let length = usize::try_from(request.length.get()).unwrap_or(usize::MAX).min(payload.room());
    if length == 0 {
        // A read of no bytes returns none, as at the end of the stream.
        return Ok(ReadReply::default());
    }
    loop {
        let count = payload.fill(length, |buffer| {
            let count = match handle {
                STDIN => server.stdin.read(buffer)?,
                _ => server.handles.socket(handle)?.receive(buffer)?,
            };
            Ok((count.unwrap_or(0), count))
        })?;
        if count.is_some() || !wait {
            return Ok(ReadReply { end: u32::from(count == Some(0)).into() });
        }
        wait_until_readable(server, handle)?;
    }
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

pub(super) fn close(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    server.handles.close(request.handle.get())?;
    Ok(Empty {})
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
