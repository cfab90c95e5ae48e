//! Exit codes: what each one means, and which one an error leads to.

#[cfg(feature = "build")]
mod build;

use std::fmt;
use wasmstone_attestation::{ParseError, PinsFileError, Refusal, eat::TokenError};
use wasmstone_bundle::{
    ReadError, VerifyError,
    keys::KeyError,
    measurement::FirmwareError,
    platform::{PlatformError, TreeError},
    verify::ContentError,
};
use wasmstone_happ::backend::{ErrorClass, LaunchError, exit_code};
use wasmstone_happ::edge_server::ConfigError;
use wasmstone_policy::Denied;

macro_rules! exits {
    ($($(#[doc = $meaning:literal])+ $name:ident = $code:expr,)*) => {
        /// How the program ends. `docs/exit-codes.md` lists the same codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(feature = "build"), allow(dead_code, reason = "some codes are those of builds"))]
        pub enum Exit {
            /// The guest's own code.
            Guest(u8),
            $($(#[doc = $meaning])+ $name,)*
        }

        impl Exit {
            /// The code that the shell sees.
            pub const fn code(self) -> u8 {
                match self {
                    Self::Guest(code) => code,
                    $(Self::$name => $code,)*
                }
            }

            /// Every code of our own, with its meaning.
            #[cfg(test)]
            pub const ALL: &[(u8, &str)] = &[$(($code, concat!($($meaning),+)),)*];
        }
    };
}

exits! {
    /// Done.
    Success = 0,
    /// Another error, such as a file that cannot be read.
    Other = 1,
    /// Wrong usage of the command line.
    Usage = 2,
    /// The enclave cannot listen at the address given by `--addr`, for example because it is in use.
    Address = 100,
    /// The bundle is damaged, or the file is not a bundle.
    Damaged = 102,
    /// A signature is missing, not valid, or not by a trusted key.
    Signature = 103,
    /// The host broke the edge protocol, and the enclave ended itself.
    Violation = exit_code::VIOLATION,
    /// The enclave ran out of memory.
    OutOfMemory = exit_code::OUT_OF_MEMORY,
    /// The backend cannot be used on this machine, or not for an enclave of this size.
    Backend = 106,
    /// The time given by `--timeout` was up.
    TimedOut = exit_code::TIMED_OUT,
    /// The WebAssembly program cannot run in an enclave.
    Wasm = 108,
    /// The project file, a size, a key, a platform or a grant is invalid; or there is no configuration directory.
    Configuration = 109,
    /// The bundle's content contradicts its manifest, or the enclave refused to run it.
    Refused = exit_code::REFUSED,
    /// The output, a key or a platform cannot be written, for example because the disk is full.
    Output = 111,
    /// The enclave ended abnormally.
    Enclave = exit_code::ABNORMAL,
    /// The bundle was built for another platform or another kind of processor.
    Platform = 113,
    /// The processor lacks a feature that the program was compiled for.
    CpuFeature = 114,
    /// The enclave is larger than Keystone allows.
    TooLarge = 115,
    /// The kernel has too little contiguous memory for the enclave.
    NoMemory = 116,
    /// Too many enclaves at once for Keystone's security monitor.
    Busy = 117,
    /// The Keystone device failed, or went away.
    Device = 118,
    /// The enclave did not start: it made no call to the host.
    NotStarted = exit_code::NOT_STARTED,
    /// `doctor`: the simulator cannot be used.
    NoSimulator = 120,
    /// There is no Keystone device, or no driver behind it.
    NoDevice = 121,
    /// The Keystone device may not be opened by this user.
    DeviceDenied = 122,
    /// `doctor`: the configuration directory cannot be used.
    NoHome = 123,
    /// Another process was creating an enclave, and did not finish.
    Locked = 124,
    /// `doctor`: this machine's processor cannot interrupt enclaves.
    Uninterruptible = 125,
    /// The program was ended by SIGHUP, and the enclave with it.
    Hangup = exit_code::SIGNAL + HANGUP as u8,
    /// The program was ended by SIGINT, and the enclave with it.
    Interrupted = exit_code::SIGNAL + INTERRUPT as u8,
    /// The guest trapped.
    Trap = exit_code::TRAP,
    /// The program was ended by SIGTERM, and the enclave with it.
    Terminated = exit_code::SIGNAL + TERMINATE as u8,
    /// A report does not prove what was asked.
    Unproven = 200,
    /// Another enclave uses the sealed directory.
    InUse = 201,
    /// The guest ended, but what it last wrote to a sealed directory could not be stored.
    Unsaved = exit_code::UNSAVED,
}

impl Exit {
    /// The end of an enclave that was stopped by this signal.
    pub const fn by_signal(signal: i32) -> Self {
        match signal {
            HANGUP => Self::Hangup,
            INTERRUPT => Self::Interrupted,
            _ => Self::Terminated,
        }
    }

    /// The signal that the command dies of, so that the process that started it sees that.
    pub const fn signal(self) -> Option<i32> {
        match self {
            Self::Hangup => Some(HANGUP),
            Self::Interrupted => Some(INTERRUPT),
            Self::Terminated => Some(TERMINATE),
            _ => None,
        }
    }

    /// The code for an error. A [`Fault`] has its own; the libraries' errors have those below.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.exit;
        }
        #[cfg(feature = "build")]
        if let Some(exit) = build::exit(error) {
            return exit;
        }
        if let Some(error) = error.downcast_ref::<VerifyError>() {
            match error {
                VerifyError::Signature(_) => Self::Signature,
                _ => Self::Refused,
            }
        } else if let Some(error) = error.downcast_ref::<ReadError>() {
            if matches!(error, ReadError::Io(_)) { Self::Other } else { Self::Damaged }
        } else if error.is::<ContentError>() {
            Self::Refused
        } else if let Some(error) = error.downcast_ref::<KeyError>() {
            match error {
                KeyError::Write { .. } => Self::Output,
                KeyError::Io { .. } => Self::Other,
                _ => Self::Configuration,
            }
        } else if let Some(error) = error.downcast_ref::<PlatformError>() {
            match error {
                PlatformError::Write { .. } => Self::Output,
                PlatformError::Io { .. } => Self::Other,
                _ => Self::Configuration,
            }
        } else if let Some(error) = error.downcast_ref::<TreeError>() {
            if matches!(error, TreeError::Read { .. }) { Self::Other } else { Self::Configuration }
        } else if error.is::<ConfigError>() || error.is::<FirmwareError>() || error.is::<Denied>() {
            Self::Configuration
        } else if error.is::<Refusal>() || error.is::<ParseError>() || error.is::<TokenError>() {
            Self::Unproven
        } else if error.is::<PinsFileError>() {
            Self::Configuration
        } else if let Some(error) = error.downcast_ref::<LaunchError>() {
            Self::of_launch(error.class())
        } else {
            Self::Other
        }
    }

    /// The code for a launch that failed, or an enclave that was lost.
    pub const fn of_launch(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Platform => Self::Platform,
            ErrorClass::Refused => Self::Refused,
            ErrorClass::Unusable => Self::Backend,
            ErrorClass::NoDevice => Self::NoDevice,
            ErrorClass::DeviceDenied => Self::DeviceDenied,
            ErrorClass::Device => Self::Device,
            ErrorClass::TooLarge => Self::TooLarge,
            ErrorClass::NoMemory => Self::NoMemory,
            ErrorClass::Locked => Self::Locked,
            ErrorClass::Busy => Self::Busy,
            ErrorClass::Uninterruptible => Self::Uninterruptible,
            ErrorClass::Other => Self::Other,
        }
    }
}

// The same numbers on every Linux. Shells show 128 more for a program that died of a signal.
const HANGUP: i32 = 1;
const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

/// An error with its exit code.
#[derive(Debug)]
pub struct Fault {
    exit: Exit,
    message: String,
}

impl Fault {
    /// An error that ends the program with `exit`. The message ends in what to do.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_documentation_lists_every_code() {
        let page = include_str!("../../docs/exit-codes.md");
        let listed: Vec<_> =
            page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| code")).collect();
        let expected: Vec<_> =
            Exit::ALL.iter().map(|(code, meaning)| format!("| {code} | {} |", meaning.trim())).collect();
        assert_eq!(listed, expected, "docs/exit-codes.md differs from cli/src/exit.rs");
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<_> = Exit::ALL.iter().map(|(code, _)| code).collect();
        codes.dedup();
        assert!(codes.is_sorted() && codes.len() == Exit::ALL.len());
    }
}
