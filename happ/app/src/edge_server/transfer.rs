//! Reading and writing as much as possible, in as many system calls as that takes.

use std::io::{Error, ErrorKind, Result};

/// Reads into `buffer` until it is full or the end comes. `read` is given the rest of the buffer and
/// how much was read before. Returns how much was read and whether the end came.
///
/// # Errors
/// The errors of `read`, if nothing was read before. Otherwise the data are returned, and the next read meets the error
/// again.
pub(super) fn read_fully(
    buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8], usize) -> Result<usize>,
) -> Result<(usize, bool)> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(rest, done) {
            Ok(0) => return Ok((done, true)),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok((done, false))
}

/// Writes all of `data`, with at least one call of `write`, which is given the rest of the data and
/// how much was written before. Returns how much was written.
///
/// # Errors
/// The errors of `write`, if nothing was written before. Otherwise the count is less than the length of `data`.
pub(super) fn write_fully(data: &[u8], mut write: impl FnMut(&[u8], usize) -> Result<usize>) -> Result<usize> {
    let mut done = 0;
    loop {
        let rest = data.get(done..).unwrap_or_default();
        match write(rest, done) {
            Ok(0) if !rest.is_empty() && done == 0 => return Err(Error::from(ErrorKind::WriteZero)),
            Ok(0) => return Ok(done),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if done == 0 => return Err(error),
            Err(_) => return Ok(done),
        }
        if done >= data.len() {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupted() -> Error {
        Error::from(ErrorKind::Interrupted)
    }

    #[test]
    fn reads_go_on_until_full_or_at_the_end() {
        let mut answers = vec![Err(interrupted()), Ok(2), Ok(1), Ok(0)].into_iter();
        let mut buffer = [0; 8];
        let result = read_fully(&mut buffer, |_, _| answers.next().unwrap_or(Ok(0)));
        assert_eq!(result.ok(), Some((3, true)));
        assert_eq!(read_fully(&mut buffer, |rest, _| Ok(rest.len().min(3))).ok(), Some((8, false)));
    }

    #[test]
    fn what_was_read_before_an_error_is_kept() {
        let mut answers = vec![Ok(2), Err(Error::other("late"))].into_iter();
        let mut buffer = [0; 8];
        assert_eq!(read_fully(&mut buffer, |_, _| answers.next().unwrap_or(Ok(0))).ok(), Some((2, false)));
        assert!(read_fully(&mut buffer, |_, _| Err(Error::other("at once"))).is_err());
    }

    #[test]
    fn writes_go_on_until_all_is_written() {
        let mut written = Vec::new();
        let mut interruptions = 2;
        let result = write_fully(b"abcdefgh", |rest, done| {
            assert_eq!(done, written.len());
            if interruptions > 0 {
                interruptions -= 1;
                return Err(interrupted());
            }
            let part = &rest[..rest.len().min(3)];
            written.extend_from_slice(part);
            Ok(part.len())
        });
        assert_eq!((result.ok(), written.as_slice()), (Some(8), &b"abcdefgh"[..]));
    }

    #[test]
    fn a_late_error_is_a_short_count() {
        let mut answers = vec![Ok(3), Err(Error::other("full"))].into_iter();
        assert_eq!(write_fully(b"abcdef", |_, _| answers.next().unwrap_or(Ok(0))).ok(), Some(3));
        assert!(write_fully(b"abc", |_, _| Ok(0)).is_err());
        assert!(write_fully(b"", |_, _| Err(Error::other("closed"))).is_err());
    }
}
