//! Lists of byte strings in a payload: a little-endian u32 length before each.

use crate::Violation;

/// Splits the first string off `payload`, at most `cap` bytes long.
///
/// # Errors
/// A violation where the payload ends too early or the string is longer.
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

/// As [`take`], for text.
///
/// # Errors
/// A violation also where the bytes are not UTF-8.
pub fn take_text<'a>(payload: &mut &'a [u8], cap: usize) -> Result<&'a str, Violation> {
    text(take(payload, cap)?)
}

/// Bytes that have to be text.
///
/// # Errors
/// A violation where they are not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, Violation> {
    core::str::from_utf8(bytes).map_err(|_| Violation("a text is not UTF-8"))
}
