//! Standard input, output and error: those of the host app, since the enclave has none.

use crate::failure::{IoResult, StreamFailure};
use crate::host::Host;
use crate::read_ahead::Buffer;
use alloc::vec::Vec;
use wasmstone_edge_protocol::{Violation, handle, io, types::HandleRequest, types::ReadRequest};

/// The fewest bytes to ask for.
const AHEAD: usize = 64 << 10;

/// Reads at most `length` bytes of standard input; `buffer` holds what was read ahead. Without `wait` the result may
/// be empty.
///
/// # Errors
/// The end of the input, or the host's error.
pub fn read(host: &mut Host, buffer: &mut Buffer, length: usize, wait: bool) -> Result<Vec<u8>, StreamFailure> {
    if buffer.left() > 0 || (length == 0 && !buffer.end) {
        return Ok(buffer.take(length));
    }
    if buffer.end {
        return Err(StreamFailure::Closed);
    }
    let want = length.max(AHEAD);
    let request =
        ReadRequest { handle: handle::STDIN.into(), length: (want as u32).into(), wait: u32::from(wait).into() };
    let (reply, payload) = host.channel.call::<io::Read>(&request, &[], want)?.map_err(StreamFailure::Failed)?;
    buffer.end = reply.end.flag("an end that is neither yes nor no")?;
    if payload.is_empty() && buffer.end {
        return Err(StreamFailure::Closed);
    }
    if payload.is_empty() && wait {
        return Err(Violation("a read that waits came back with nothing").into());
    }
    Ok(buffer.fill(payload, length))
}

/// Writes to standard output or error, whose handle is `number`. The result is the number of bytes written.
///
/// # Errors
/// The host's error.
pub fn write(host: &mut Host, number: u32, bytes: &[u8]) -> IoResult<usize> {
    let (reply, _) = host.ask::<io::Write>(&HandleRequest { handle: number.into() }, &[bytes], 0)?;
    Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
}
