//! Signals. Those that ask a program to end: while an enclave runs, the program reads them like any other event, so that
//! it can end the enclave and free the enclave's memory before the signal ends the program. And the one for a file that
//! grows too large, which is an error like any other.

use rustix::event::{PollFd, PollFlags};
use std::io::{Error, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// They come from the keyboard, from other programs, and from a terminal that was closed.
const ENDING: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Holds SIGINT, SIGTERM and SIGHUP back as long as this value lives, except those that the program was told to
/// ignore, as by nohup. A signal that has come and was not read takes its usual effect afterwards.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
    previous: libc::sigset_t,
}

impl Signals {
    /// Holds the signals back in this thread and in the threads that it starts from now on. Call it before the
    /// program has other threads.
    ///
    /// # Errors
    /// The errors of sigaction(2), signalfd(2) and pthread_sigmask(3).
    pub fn hold() -> Result<Self> {
        let mut set = set([])?;
        for signal in ENDING {
            if !is_ignored(signal)? {
                // SAFETY: `set` is initialised; adds one bit to it.
                check(unsafe { libc::sigaddset(&mut set, signal) })?;
            }
        }
        // SAFETY: makes a file descriptor; `set` is only read.
        let fd = check(unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) })?;
        // SAFETY: the descriptor is new, so nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd, previous: mask(libc::SIG_BLOCK, &set)? })
    }

    /// The number of a signal that has come since, if one has.
    pub fn received(&self) -> Option<i32> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of_val(&info);
        // SAFETY: writes at most `size` bytes to `info`, which has as many.
        let read = unsafe { libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        // SAFETY: signalfd(2) writes whole structs.
        (usize::try_from(read) == Ok(size)).then(|| unsafe { info.assume_init() }.ssi_signo.cast_signed())
    }

    /// The file descriptor to wait for.
    pub(crate) fn poll(&self) -> PollFd<'_> {
        PollFd::new(&self.fd, PollFlags::IN)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // Setting a mask that was in force cannot fail.
        let _ = mask(libc::SIG_SETMASK, &self.previous);
    }
}

/// Lets a write beyond the limit on the size of files (`ulimit -f`) fail with EFBIG, as the enclave and the user are
/// to be told, instead of ending the program with SIGXFSZ. Programs that are started from now on inherit that.
pub fn survive_file_size_limit() {
    // SAFETY: a signal that is ignored involves no code of this program.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Ends the program by `signal`, as if the signal had never been held back, so that the parent process sees which
/// signal ended the program: a shell shows 128 and the number. It returns only if the program could not be ended.
pub fn die_of(signal: i32) {
    let Ok(set) = set([signal]) else { return };
    // SAFETY: the default action involves no code of this program.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: sends a signal to this thread, and touches no memory.
    unsafe { libc::raise(signal) };
    // If the signal was held back, it comes now.
    let _ = mask(libc::SIG_UNBLOCK, &set);
}

fn is_ignored(signal: i32) -> Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: only reads the action that is in force, into `action`.
    check(unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so `action` was written.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}

fn set<const N: usize>(signals: [i32; N]) -> Result<libc::sigset_t> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: initialises `set`.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so `set` is initialised.
    let mut set = unsafe { set.assume_init() };
    for signal in signals {
        // SAFETY: `set` is initialised; adds one bit to it.
        check(unsafe { libc::sigaddset(&mut set, signal) })?;
    }
    Ok(set)
}

/// Changes this thread's mask; returns the mask before.
fn mask(how: i32, set: &libc::sigset_t) -> Result<libc::sigset_t> {
    let mut previous = MaybeUninit::uninit();
    // SAFETY: reads `set`, and writes the old mask to `previous`.
    match unsafe { libc::pthread_sigmask(how, set, previous.as_mut_ptr()) } {
        // SAFETY: the call succeeded, so `previous` was written.
        0 => Ok(unsafe { previous.assume_init() }),
        error => Err(Error::from_raw_os_error(error)),
    }
}

fn check(result: i32) -> Result<i32> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}
