//! What the tests of this crate share.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::spawn;
use std::time::Duration;

/// Far longer than a test takes on a slow and busy machine.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs `test`, whose two sides wait for each other, and fails if it does not end. `what` says what it waits for.
#[track_caller]
pub fn in_time(what: &str, test: impl FnOnce() + Send + 'static) {
    let (ending, ended) = channel::<()>();
    let thread = spawn(move || {
        let _ending = ending;
        test();
    });
    // The sender is dropped when the test ends, however it ends.
    assert_eq!(ended.recv_timeout(LIMIT), Err(RecvTimeoutError::Disconnected), "{what}: not within {LIMIT:?}");
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}
