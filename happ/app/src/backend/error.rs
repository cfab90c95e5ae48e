//! Why an enclave could not be launched: one type for every backend.

use std::error::Error;
use std::fmt;

/// Why an enclave could not be launched, or how it was lost: the backend's own error and its class.
#[derive(Debug)]
pub struct LaunchError {
    class: ErrorClass,
    error: Box<dyn Error + Send + Sync>,
}

/// What kind of error a launch ended with. Programs decide by it, for example which exit code they end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The bundle was built for another platform.
    Platform,
    /// The enclave cannot be built of these files.
    Refused,
    /// The operating system lacks what the backend needs.
    Unusable,
    /// There is no device, or no driver behind it.
    NoDevice,
    /// The device may not be opened by this user.
    DeviceDenied,
    /// The device failed, or went away.
    Device,
    /// The enclave needs more memory than any enclave can have.
    TooLarge,
    /// The machine has too little memory for the enclave at the moment.
    NoMemory,
    /// Another process was creating an enclave, and did not finish.
    Locked,
    /// The machine runs as many enclaves as it can.
    Busy,
    /// The processor cannot interrupt an enclave.
    Uninterruptible,
    /// Another error of the operating system.
    Other,
}

impl LaunchError {
    /// `error`, which is of `class`. Its message ends in what to do.
    pub fn new(class: ErrorClass, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { class, error: error.into() }
    }

    /// What kind of error it is.
    pub const fn class(&self) -> ErrorClass {
        self.class
    }
}

// It says what the backend's error says, and stands in its place: that error is not a cause of this one.
impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for LaunchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
