//! What runs a bundle.

pub mod timings;
pub mod watch;

pub use timings::Timings;
pub use watch::Grace;

use crate::keystone;
use std::path::Path;
use std::time::Duration;
use wasmstone_edge_protocol::ExitStatus;

/// What runs a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A Keystone enclave.
    Keystone,
    /// A simulated one: a process of this machine, locked down. Nothing is protected.
    Sim,
}

impl Backend {
    /// Keystone where its device exists, the simulator elsewhere.
    pub fn detect() -> Self {
        if Path::new(keystone::DEVICE).exists() { Self::Keystone } else { Self::Sim }
    }
}

/// An enclave that was launched, and came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// How it ended.
    pub outcome: Outcome,
    /// How long its start took.
    pub timings: Timings,
}

/// How an enclave ended, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It said how.
    Ended(ExitStatus),
    /// It was stopped when its time was up.
    TimedOut,
    /// It was stopped because this process was asked to end.
    Interrupted {
        /// By the signal of this number.
        signal: i32,
    },
    /// It was stopped because it did nothing that can be seen.
    NotStarted {
        /// So long after its first instruction.
        after: Duration,
    },
    /// It used up the memory that it has besides the guest's.
    OutOfMemory,
    /// It ended in another way.
    Crashed {
        /// What is known of it.
        reason: String,
    },
}

impl Outcome {
    /// The end of an enclave that made the EXIT call with `value`.
    pub fn exited(value: u64) -> Self {
        match ExitStatus::from_value(value) {
            Some(ExitStatus::OutOfMemory) => Self::OutOfMemory,
            Some(status) => Self::Ended(status),
            None if value == u64::MAX => Self::Crashed {
                reason: "Keystone's runtime ended it, as after a page fault or where memory is short; \
                         its own words are on the machine's console"
                    .to_owned(),
            },
            None => Self::Crashed { reason: format!("it exited with the unknown value {value:#x}") },
        }
    }
}
