//! How an enclave ends.

use alloc::string::{String, ToString};
use wasmstone_edge_protocol::{ExitStatus, Violation};
use wasmtime::{Error, FrameInfo, OutOfMemory, Trap, WasmBacktrace};

/// The function in which a lowered program ends if a float has no integer. Its body is `unreachable`, since no
/// integer operator raises the trap of the truncation that it replaces.
const INVALID_CONVERSION: &str = "wasmstone:invalid-conversion-to-integer";

/// What the guest's own exit looks like on its way up through the engine.
#[derive(Clone, Copy, Debug)]
pub struct GuestExit(pub u8);

impl core::fmt::Display for GuestExit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the guest exited with code {}", self.0)
    }
}

impl core::error::Error for GuestExit {}

/// Whether code of the guest ran before this error: a start function runs while the guest is instantiated, and an
/// error in it has a backtrace.
pub fn has_begun(error: &Error) -> bool {
    error.downcast_ref::<WasmBacktrace>().is_some() || error.downcast_ref::<GuestExit>().is_some()
}

/// An error of the engine, with the trap that the program had before its floats were lowered.
fn as_meant(error: Error) -> Error {
    let innermost = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first());
    if error.downcast_ref() != Some(&Trap::UnreachableCodeReached)
        || innermost.and_then(FrameInfo::func_name) != Some(INVALID_CONVERSION)
    {
        return error;
    }
    let trace = error.downcast::<WasmBacktrace>();
    trace.map_or_else(|error| error, |trace| Error::from(Trap::BadConversionToInteger).context(trace))
}

/// How an enclave ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The value for the EXIT call.
    pub status: ExitStatus,
    /// How the host broke the contract, if that ended the enclave. It stays inside.
    pub violation: Option<Violation>,
}

/// The end, with what the operator should be told.
#[derive(Debug)]
pub enum Ending {
    /// The guest ended with this exit code.
    Exited(u8),
    /// The guest trapped.
    Trap(String),
    /// The host broke the contract.
    Violation(Violation),
    /// The enclave's memory ran out.
    OutOfMemory,
    /// The program was not run.
    Refused(String),
    /// The guest ended, and not everything that it wrote is stored.
    Unsaved(String),
}

impl Ending {
    /// Refuses to run, for this reason.
    pub fn refused(reason: impl ToString) -> Self {
        Self::Refused(reason.to_string())
    }

    /// The end that an error of the engine means while the guest ran.
    pub fn from_run(error: Error) -> Self {
        if let Some(GuestExit(code)) = error.downcast_ref() {
            Self::Exited(*code)
        } else if let Some(ending) = Self::from_any(&error) {
            ending
        } else {
            Self::Trap(alloc::format!("{:?}", as_meant(error)))
        }
    }

    /// The end that an error of the engine means before the guest ran.
    pub fn from_start(error: Error) -> Self {
        if has_begun(&error) {
            return Self::from_run(error);
        }
        Self::from_any(&error).unwrap_or_else(|| Self::Refused(alloc::format!("{error:?}")))
    }

    /// This end, or the end that storing what the guest wrote led to, if that is worse.
    pub fn unless(self, stored: Result<(), Self>) -> Self {
        match (self, stored) {
            (ending, Ok(())) => ending,
            (_, Err(violation @ Self::Violation(_))) => violation,
            (Self::Exited(_), Err(unsaved)) => unsaved,
            (Self::Trap(text), Err(Self::Unsaved(why))) => Self::Trap(alloc::format!("{text}\n{why}")),
            (ending, Err(_)) => ending,
        }
    }

    fn from_any(error: &Error) -> Option<Self> {
        if let Some(violation) = error.downcast_ref::<Violation>() {
            Some(Self::Violation(*violation))
        } else if error.downcast_ref::<OutOfMemory>().is_some() {
            Some(Self::OutOfMemory)
        } else {
            None
        }
    }

    /// The end as the host learns of it, and the violation, which stays inside.
    pub fn ended(&self) -> Ended {
        let (status, violation) = match self {
            Self::Exited(code) => (ExitStatus::Guest(*code), None),
            Self::Trap(_) => (ExitStatus::Trap, None),
            Self::Violation(violation) => (ExitStatus::Violation, Some(*violation)),
            Self::OutOfMemory => (ExitStatus::OutOfMemory, None),
            Self::Refused(_) => (ExitStatus::Refused, None),
            Self::Unsaved(_) => (ExitStatus::Unsaved, None),
        };
        Ended { status, violation }
    }

    /// The text that the host gets for the operator: where in the code the guest was, and why it ended.
    pub fn explanation(&self) -> Option<&str> {
        match self {
            Self::Trap(text) | Self::Refused(text) | Self::Unsaved(text) => Some(text),
            // A host that broke the contract is not spoken to again.
            Self::Exited(_) | Self::Violation(_) | Self::OutOfMemory => None,
        }
    }
}

impl From<Violation> for Ending {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}
