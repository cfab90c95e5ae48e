//! What a part of the enclave waits for: an answer of the host, a point in time, or both. One edge call asks the host
//! for the answers to all waits (`Host::poll`).

use alloc::collections::BTreeMap;
use wasmstone_edge_protocol::value::Interest;

/// A question to the host: whether a handle can be read, or written, without waiting.
pub type HandleInterest = (u32, Interest);

/// What is waited for. If both fields are `None`, there is no wait: it is ready.
#[derive(Clone, Copy, Default)]
pub struct Wait {
    /// It is ready once the host says yes to this.
    pub interest: Option<HandleInterest>,
    /// It is ready from this time on in any case, in nanoseconds since the enclave's start.
    pub deadline: Option<u64>,
}

impl Wait {
    /// Waits for the host's yes to `interest`, or for nothing.
    pub fn on(interest: Option<HandleInterest>) -> Self {
        Self { interest, deadline: None }
    }

    /// Waits until `deadline`.
    pub fn until(deadline: u64) -> Self {
        Self { interest: None, deadline: Some(deadline) }
    }

    /// Waits for an event inside the enclave, which the host does not know.
    pub fn inside() -> Self {
        Self::until(u64::MAX)
    }

    /// Whether there is nothing to wait for.
    pub fn is_over(&self) -> bool {
        self.interest.is_none() && self.deadline.is_none()
    }
}

/// What one edge call asks the host, and its answers.
#[derive(Default)]
pub struct PollSet {
    /// Each question with its answer; no until the host has answered.
    pub interests: BTreeMap<HandleInterest, bool>,
    /// Until when the host waits for the first yes, in nanoseconds since the enclave's start: it does not wait at 0,
    /// and waits without an end at `u64::MAX`.
    pub deadline: u64,
}

impl PollSet {
    /// Asks no question yet, and waits without an end.
    pub fn endless() -> Self {
        Self { interests: BTreeMap::new(), deadline: u64::MAX }
    }

    /// Whether the host's answer to `interest` was yes.
    pub fn is_ready(&self, interest: HandleInterest) -> bool {
        self.interests.get(&interest) == Some(&true)
    }

    /// Adds one wait.
    pub fn add(&mut self, wait: Wait) {
        self.interests.extend(wait.interest.map(|interest| (interest, false)));
        self.deadline = self.deadline.min(wait.deadline.unwrap_or(u64::MAX));
    }
}
