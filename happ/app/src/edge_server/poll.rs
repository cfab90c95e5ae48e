//! Waiting for file descriptors.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};
use wasmstone_edge_protocol::NO_TIMEOUT;

/// The time in `timeout` nanoseconds; `None` for [`NO_TIMEOUT`].
pub(super) fn deadline(timeout: u64) -> Option<Instant> {
    match timeout {
        NO_TIMEOUT => None,
        // A deadline that the clock cannot represent is centuries ahead, and stands for none.
        _ => Instant::now().checked_add(Duration::from_nanos(timeout)),
    }
}

/// Waits until one of `fds` is ready or `deadline` has come.
pub(super) fn wait_till(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> Result<(), Errno> {
    loop {
        let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let remaining = remaining.map(|remaining| Timespec {
            tv_sec: remaining.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: remaining.subsec_nanos().into(),
        });
        match poll(fds, remaining.as_ref()) {
            Err(Errno::INTR) => {}
            result => return result.map(drop),
        }
    }
}

/// Whether `fd` is ready for `interest` now. An error that waits to be read counts as ready.
pub(super) fn is_ready(fd: BorrowedFd<'_>, interest: PollFlags) -> Result<bool, Errno> {
    let mut fds = [PollFd::from_borrowed_fd(fd, interest)];
    wait_till(&mut fds, Some(Instant::now()))?;
    Ok(!fds[0].revents().is_empty())
}

/// Waits until `fd` is ready for `interest`.
pub(super) fn wait_for(fd: BorrowedFd<'_>, interest: PollFlags) -> Result<(), Errno> {
    wait_till(&mut [PollFd::from_borrowed_fd(fd, interest)], None)
}
