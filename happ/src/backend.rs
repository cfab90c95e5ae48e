//! What runs a bundle.

pub mod sim;

use std::path::Path;
use wasmstone_edge_protocol::ExitStatus;

/// The device of Keystone's driver.
pub const KEYSTONE_DEVICE: &str = "/dev/keystone_enclave";

/// What runs a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A Keystone enclave.
    Keystone,
    /// A process of this machine, locked down. Nothing is protected.
    Sim,
}

impl Backend {
    /// Keystone where its device exists, the simulator elsewhere.
    pub fn detect() -> Self {
        if Path::new(KEYSTONE_DEVICE).exists() { Self::Keystone } else { Self::Sim }
    }
}

/// How an enclave ended, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It said how.
    Ended(ExitStatus),
    /// It was stopped when its time was up.
    TimedOut,
    /// It used up the memory that it has besides the guest's.
    OutOfMemory,
    /// It ended in another way.
    Crashed {
        /// What is known of it.
        reason: String,
    },
}
