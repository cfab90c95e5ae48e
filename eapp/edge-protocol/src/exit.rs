//! The value of Keystone's EXIT call.

/// Upper bits that tell our exit values from Eyrie's own (it exits with −1 on a page fault).
const MARK: u64 = 0x5753_4558_0000;

/// How an enclave ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// The guest ended with this code.
    Guest(u8),
    /// The guest trapped.
    Trap,
    /// The host broke the edge protocol.
    Violation,
    /// The enclave's own memory ran out.
    OutOfMemory,
    /// The program is not the measured one, the grants go beyond the policy, or the program does
    /// not fit this enclave app: nothing of it was run.
    Refused,
    /// The enclave app itself failed: a bug.
    Internal,
    /// The guest ended, but what it last wrote to a sealed directory could not be stored.
    Unsaved,
}

impl ExitStatus {
    /// The value for the EXIT call.
    pub const fn value(self) -> u64 {
        let (kind, code) = match self {
            Self::Guest(code) => (0, code),
            Self::Trap => (1, 0),
            Self::Violation => (2, 0),
            Self::OutOfMemory => (3, 0),
            Self::Refused => (4, 0),
            Self::Internal => (5, 0),
            Self::Unsaved => (6, 0),
        };
        MARK | kind << 8 | code as u64
    }

    /// The status behind a value; `None` if the value was not made by [`Self::value`].
    pub fn from_value(value: u64) -> Option<Self> {
        use ExitStatus::{Guest, Internal, OutOfMemory, Refused, Trap, Unsaved, Violation};
        // The lowest byte is the guest's code.
        let statuses = [Guest(value as u8), Trap, Violation, OutOfMemory, Refused, Internal, Unsaved];
        statuses.into_iter().find(|status| status.value() == value)
    }
}
