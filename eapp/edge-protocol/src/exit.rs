//! The value that an enclave passes to Keystone's EXIT call.

/// The upper bits of every value of this enclave app. Eyrie exits with values of its own: −1 on a page fault.
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
    /// The enclave app ran nothing of the program: it is not the measured one, it does not fit the enclave app, or the
    /// grants go beyond the policy.
    Refused,
    /// The enclave app failed, which is a bug.
    Internal,
    /// The guest ended, but its last writes to a sealed directory could not be stored.
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
