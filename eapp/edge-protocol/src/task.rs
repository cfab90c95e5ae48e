//! What an enclave is started for.

use crate::{Untrusted, Violation};
use zerocopy::little_endian::U32;

/// What is to be done. The host asks; the measured policy decides what of it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Running the guest.
    #[default]
    Run,
    /// Making a report over a nonce, its record, and the enclave's key.
    Report,
    /// Copying a sealed directory to the transfer directory, under the transfer key that its record wraps.
    Export,
    /// Copying the transfer directory to a sealed directory.
    Import,
}

impl Task {
    /// The number on the wire.
    pub const fn number(self) -> u32 {
        match self {
            Self::Run => 0,
            Self::Report => 1,
            Self::Export => 2,
            Self::Import => 3,
        }
    }

    /// The task with the number that the host said.
    ///
    /// # Errors
    /// A violation where there is none.
    pub fn from_wire(number: Untrusted<U32>) -> Result<Self, Violation> {
        match number.opaque() {
            0 => Ok(Self::Run),
            1 => Ok(Self::Report),
            2 => Ok(Self::Export),
            3 => Ok(Self::Import),
            _ => Err(Violation("an unknown task")),
        }
    }
}
