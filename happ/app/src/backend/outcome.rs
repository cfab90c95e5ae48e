//! How an enclave ended, and the exit code for it.

use super::Timings;
use std::time::Duration;
use wasmstone_edge_protocol::ExitStatus;

/// An enclave that was launched, and has ended.
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
    /// It exited with this status.
    Ended(ExitStatus),
    /// It was stopped because its time was up.
    TimedOut,
    /// It was stopped because this process was asked to end.
    Interrupted {
        /// The number of the signal that asked.
        signal: i32,
    },
    /// It was stopped because it made no edge call.
    NotStarted {
        /// The time since its first instruction.
        after: Duration,
    },
    /// Its own memory ran out, not the guest's.
    OutOfMemory,
    /// It ended in another way.
    Crashed {
        /// A description of the end.
        reason: String,
    },
}

/// The exit codes for ends that are not the guest's own. `docs/exit-codes.md` lists all codes of the command.
pub mod exit_code {
    /// The host broke the edge protocol, and the enclave ended itself.
    pub const VIOLATION: u8 = 104;
    /// The enclave's memory did not suffice.
    pub const OUT_OF_MEMORY: u8 = 105;
    /// The time limit was reached.
    pub const TIMED_OUT: u8 = 107;
    /// The enclave refused to run the program.
    pub const REFUSED: u8 = 110;
    /// The enclave ended abnormally.
    pub const ABNORMAL: u8 = 112;
    /// The enclave made no edge call.
    pub const NOT_STARTED: u8 = 119;
    /// The guest trapped.
    pub const TRAP: u8 = 134;
    /// The guest ended, but not everything that it wrote was stored.
    pub const UNSAVED: u8 = 202;
    /// Added to the number of a signal that ended the program, as shells do.
    pub const SIGNAL: u8 = 128;
}

impl Outcome {
    /// The end of an enclave that made the EXIT call with `value`.
    pub fn exited(value: u64) -> Self {
        match ExitStatus::from_value(value) {
            Some(ExitStatus::OutOfMemory) => Self::OutOfMemory,
            Some(status) => Self::Ended(status),
            None if value == u64::MAX => Self::Crashed {
                reason: "Keystone's runtime ended it, as after a page fault or where memory is short; \
                         the runtime's own message is on the machine's console"
                    .to_owned(),
            },
            None => Self::Crashed { reason: format!("it exited with the unknown value {value:#x}") },
        }
    }

    /// The exit code of a program that ran this enclave and nothing else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Ended(ExitStatus::Guest(code)) => *code,
            Self::Ended(ExitStatus::Trap) => exit_code::TRAP,
            Self::Ended(ExitStatus::Violation) => exit_code::VIOLATION,
            Self::Ended(ExitStatus::OutOfMemory) | Self::OutOfMemory => exit_code::OUT_OF_MEMORY,
            Self::Ended(ExitStatus::Refused) => exit_code::REFUSED,
            Self::Ended(ExitStatus::Unsaved) => exit_code::UNSAVED,
            Self::Ended(ExitStatus::Internal) | Self::Crashed { .. } => exit_code::ABNORMAL,
            Self::TimedOut => exit_code::TIMED_OUT,
            Self::NotStarted { .. } => exit_code::NOT_STARTED,
            Self::Interrupted { signal } => u8::try_from(*signal).unwrap_or(0).saturating_add(exit_code::SIGNAL),
        }
    }
}
