//! Taking turns: a guest that waits passes the host on, so that other guests run until what it waits for is there.
//! There is one thread. The code of a guest is a future, and one poll of the future is one turn.

use crate::host::Host;
use crate::waiting::PollSet;
use alloc::{boxed::Box, sync::Arc};
use core::{
    future::Future, future::poll_fn, mem::replace, mem::swap, pin::pin, task::Context, task::Poll, task::Waker,
};
use spinning_top::Spinlock;
use wasmtime::format_err;

/// The place where a guest and the service that runs it leave values for each other when the turn changes. There is
/// one thread, so the lock is free whenever a side takes it.
#[derive(Clone)]
pub struct Turn(Arc<Spinlock<Exchanged>>);

/// What one side left for the other.
struct Exchanged {
    /// The host, or [`Host::absent`] while the other side has the host.
    host: Box<Host>,
    /// What the guest waits for; then the same with answers.
    polls: Option<PollSet>,
}

impl Turn {
    /// For a guest that has not run yet.
    pub fn new() -> Self {
        Self(Arc::new(Spinlock::new(Exchanged { host: Box::new(Host::absent()), polls: None })))
    }

    /// Exchanges the host that is left here with `host`.
    pub fn swap(&self, host: &mut Box<Host>) {
        swap(&mut self.0.lock().host, host);
    }

    /// Takes what the other side left: what the guest waits for, or the answers.
    pub fn take(&self) -> Option<PollSet> {
        self.0.lock().polls.take()
    }

    /// Whether the guest has left what it waits for, and with it the host.
    pub fn is_over(&self) -> bool {
        self.0.lock().polls.is_some()
    }

    /// Leaves the answers for the guest's next turn.
    pub fn leave(&self, polls: PollSet) {
        self.0.lock().polls = Some(polls);
    }

    /// Ends the guest's turn. Its next turn begins once there are answers, which are the result.
    pub async fn wait(&self, host: &mut Box<Host>, polls: PollSet) -> PollSet {
        self.swap(host);
        self.leave(polls);
        // Not ready at the first poll, which ends the turn; ready at the second, which begins the next.
        let mut is_next = false;
        poll_fn(|_| if replace(&mut is_next, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        self.swap(host);
        self.take().unwrap_or_default()
    }
}

/// Runs a future of a guest that does not take turns, so it is ready at its first poll.
///
/// # Errors
/// If the guest ended its turn, which is a bug.
pub fn complete<T, E: From<wasmtime::Error>>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(format_err!("a guest that is alone gave its turn away").into()),
    }
}
