//! Records, the byte strings in a payload: each has its length before it, a little-endian u32.

use crate::Violation;

/// Splits the first record off `payload`, at most `cap` bytes long.
///
/// # Errors
/// A violation if the payload ends too early or the record is longer.
pub fn take<'a>(payload: &mut &'a [u8], cap: usize) -> Result<&'a [u8], Violation> {
    let (length, rest) = payload.split_first_chunk::<4>().ok_or(Violation("a record ends too early"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Violation("a record is too long"))?;
    if length > cap {
        return Err(Violation("a record is too long"));
    }
    let (record, rest) = rest.split_at_checked(length).ok_or(Violation("a record ends too early"))?;
    *payload = rest;
    Ok(record)
}

/// Like [`take`], for text.
///
/// # Errors
/// The errors of [`take`], and a violation if the bytes are not UTF-8.
pub fn take_text<'a>(payload: &mut &'a [u8], cap: usize) -> Result<&'a str, Violation> {
    text(take(payload, cap)?)
}

/// Reads bytes as text.
///
/// # Errors
/// A violation if they are not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, Violation> {
    core::str::from_utf8(bytes).map_err(|_| Violation("a text is not UTF-8"))
}
