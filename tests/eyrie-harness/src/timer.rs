//! Interrupts the enclave: at its time-out, and as often as a timer would.

use crate::context::INTERRUPT;
use std::io::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often an enclave is interrupted when its time is up. A host that is busy at that moment calls [`expired`]
/// afterwards.
const INSISTENCE: Duration = Duration::from_millis(50);

/// How much time a busy host has to call it.
const PATIENCE: Duration = Duration::from_secs(2);

static EXPIRED: AtomicBool = AtomicBool::new(false);

/// Whether the time is up.
pub fn expired() -> bool {
    EXPIRED.load(Ordering::Relaxed)
}

/// Begins to interrupt this thread, in which the enclave will run. `overdue` is called if the enclave does not end
/// although its time is up.
///
/// # Errors
/// If no thread can be started.
pub fn start(every: Option<Duration>, timeout: Option<Duration>, overdue: fn() -> !) -> Result<()> {
    // SAFETY: has no conditions.
    let runner = unsafe { libc::pthread_self() } as usize;
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    if every.is_none() && deadline.is_none() {
        return Ok(());
    }
    let ticks = move || {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let time_is_up = left.is_some_and(|left| left.is_zero());
            if time_is_up {
                EXPIRED.store(true, Ordering::Relaxed);
                if deadline.is_some_and(|deadline| deadline.elapsed() > PATIENCE) {
                    overdue();
                }
            }
            let pause = if time_is_up { INSISTENCE } else { every.into_iter().chain(left).min().unwrap_or(INSISTENCE) };
            thread::sleep(pause);
            // SAFETY: the thread is the process's first, which lives as long as the process.
            unsafe { libc::pthread_kill(runner as libc::pthread_t, INTERRUPT) };
        }
    };
    thread::Builder::new().name("timer".into()).spawn(ticks).map(drop)
}
