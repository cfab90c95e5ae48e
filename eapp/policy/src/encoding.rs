//! The bytes of a [`Launch`] inside the image: magic, format number, length, then the fields in postcard.

use crate::{Launch, Memories, Memory};
use alloc::vec::Vec;
use core::fmt;

const MAGIC: &[u8; 8] = b"WSLAUNCH";
const FORMAT: u32 = 4;

/// The format of launches whose programs have exceptions. The bytes of all others are those of releases without.
const WITH_EXCEPTIONS: u32 = 5;

/// Bytes that every encoded launch begins with: magic, format, length.
pub const LAUNCH_HEADER: usize = 16;

/// The largest encoded launch in bytes.
pub const MAX_LAUNCH_BYTES: usize = 1 << 20;

/// Why bytes are not a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The magic bytes are missing.
    NotALaunch,
    /// Written by a release with another format, which has this number.
    Format(u32),
    /// The bytes after the header are damaged.
    Damaged,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALaunch => f.write_str("not a launch segment"),
            Self::Format(format) => {
                write!(f, "launch segment has format {format}, this release reads {FORMAT} and {WITH_EXCEPTIONS}")
            }
            Self::Damaged => f.write_str("launch segment is damaged"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl Launch {
    /// The bytes that are measured. The same launch always gives the same bytes.
    ///
    /// # Errors
    /// [`DecodeError::Damaged`] if the result would be larger than [`MAX_LAUNCH_BYTES`], or the entry point
    /// does not allow this number of instances.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        if !self.entry.allows(self.instances) {
            return Err(DecodeError::Damaged);
        }
        let body = postcard::to_allocvec(self).map_err(|_| DecodeError::Damaged)?;
        let length = u32::try_from(body.len()).map_err(|_| DecodeError::Damaged)?;
        if body.len() > MAX_LAUNCH_BYTES - LAUNCH_HEADER {
            return Err(DecodeError::Damaged);
        }
        let mut bytes = Vec::with_capacity(LAUNCH_HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.format().to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Reads what [`Launch::encode`] wrote; zeros may follow, as a segment is padded to its page.
    ///
    /// # Errors
    /// [`DecodeError`] for any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (launch, unread): (Self, _) = postcard::take_from_bytes(body(bytes)?).map_err(|_| DecodeError::Damaged)?;
        let written = bytes.get(MAGIC.len()..).and_then(<[u8]>::first_chunk) == Some(&launch.format().to_le_bytes());
        let whole = unread.is_empty() && written && launch.entry.allows(launch.instances);
        if whole { Ok(launch) } else { Err(DecodeError::Damaged) }
    }

    fn format(&self) -> u32 {
        if self.program.memories == Memories::Collected { WITH_EXCEPTIONS } else { FORMAT }
    }

    /// Reads how the heap is divided, without allocating: the enclave app has no heap before it knows this.
    ///
    /// # Errors
    /// [`DecodeError`] for other bytes than those of [`Launch::encode`]. Bytes behind the first field are not read.
    pub fn decode_memory(bytes: &[u8]) -> Result<Memory, DecodeError> {
        // `memory` is the first field of the launch.
        let (memory, _) = postcard::take_from_bytes(body(bytes)?).map_err(|_| DecodeError::Damaged)?;
        Ok(memory)
    }

    /// The size in bytes of the encoded launch that has this header.
    ///
    /// # Errors
    /// [`DecodeError`] if this is not the header of a launch.
    pub fn encoded_size(header: &[u8; LAUNCH_HEADER]) -> Result<usize, DecodeError> {
        let (magic, rest) = header.split_first_chunk::<8>().ok_or(DecodeError::NotALaunch)?;
        if magic != MAGIC {
            return Err(DecodeError::NotALaunch);
        }
        let (format, rest) = rest.split_first_chunk::<4>().ok_or(DecodeError::Damaged)?;
        match u32::from_le_bytes(*format) {
            FORMAT | WITH_EXCEPTIONS => {}
            other => return Err(DecodeError::Format(other)),
        }
        let length = rest.first_chunk::<4>().ok_or(DecodeError::Damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| DecodeError::Damaged)?;
        if length > MAX_LAUNCH_BYTES - LAUNCH_HEADER {
            return Err(DecodeError::Damaged);
        }
        Ok(LAUNCH_HEADER + length)
    }
}

/// The bytes after the header, without the padding.
fn body(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let header = bytes.first_chunk().ok_or(DecodeError::NotALaunch)?;
    let (launch, padding) = bytes.split_at_checked(Launch::encoded_size(header)?).ok_or(DecodeError::Damaged)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(DecodeError::Damaged);
    }
    launch.get(LAUNCH_HEADER..).ok_or(DecodeError::Damaged)
}
