//! Exit codes: what each means, and which one an error has.

#[cfg(feature = "build")]
mod build;
mod keystone;

use std::fmt;
use wasmstone_attestation::{ParseError, PinsFileError, Refusal, eat::TokenError};
use wasmstone_bundle::{
    ReadError, VerifyError,
    keys::KeyError,
    measurement::FirmwareError,
    platform::{PlatformError, TreeError},
    verify::ContentError,
};
use wasmstone_happ::edge_server::ConfigError;
use wasmstone_policy::Denied;

macro_rules! exits {
    ($($(#[doc = $meaning:literal])+ $name:ident = $code:literal,)*) => {
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
    /// Nothing can be served at the address given by `--addr`, for example because it is in use.
    Address = 100,
    /// The bundle is damaged, or is not one.
    Damaged = 102,
    /// A signature is missing, not valid, or not by a trusted key.
    Signature = 103,
    /// The host broke the edge protocol, and the enclave ended itself.
    Violation = 104,
    /// The enclave's memory did not suffice.
    OutOfMemory = 105,
    /// The backend cannot be used on this machine, or not for an enclave of this size.
    Backend = 106,
    /// The time given by `--timeout` was up.
    TimedOut = 107,
    /// The WebAssembly program cannot run in an enclave.
    Wasm = 108,
    /// A mistake in the project file, a size, a key, a platform or a grant; or no configuration directory.
    Configuration = 109,
    /// The bundle's content contradicts its manifest, or the enclave refused to run it.
    Refused = 110,
    /// The output, a key or a platform cannot be written, for example because the disk is full.
    Output = 111,
    /// The enclave ended abnormally.
    Enclave = 112,
    /// The bundle was built for another platform or another kind of processor than it is to run on.
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
    /// The enclave did not start: nothing was heard of it.
    NotStarted = 119,
    /// `doctor`: the simulator cannot be used.
    NoSimulator = 120,
    /// There is no Keystone device, or no driver behind it.
    NoDevice = 121,
    /// The Keystone device may not be opened by this user.
    DeviceDenied = 122,
    /// `doctor`: the configuration directory cannot be used.
    NoHome = 123,
    /// Another process was creating an enclave, and did not come to an end.
    Locked = 124,
    /// `doctor`: this machine's processor cannot interrupt enclaves.
    Uninterruptible = 125,
    /// The program was ended by SIGHUP, and the enclave with it.
    Hangup = 129,
    /// The program was ended by SIGINT, and the enclave with it.
    Interrupted = 130,
    /// The guest trapped.
    Trap = 134,
    /// The program was ended by SIGTERM, and the enclave with it.
    Terminated = 143,
    /// A report does not prove what was asked.
    Unproven = 200,
    /// Another enclave has the sealed directory.
    InUse = 201,
    /// The guest ended, but what it last wrote to a sealed directory could not be stored.
    Unsaved = 202,
}

impl Exit {
    /// The end that a signal asked for.
    pub const fn by_signal(signal: i32) -> Self {
        match signal {
            HANGUP => Self::Hangup,
            INTERRUPT => Self::Interrupted,
            _ => Self::Terminated,
        }
    }

    /// The signal that the program is to die of, so that whoever started it sees that.
    pub const fn signal(self) -> Option<i32> {
        match self {
            Self::Hangup => Some(HANGUP),
            Self::Interrupted => Some(INTERRUPT),
            Self::Terminated => Some(TERMINATE),
            _ => None,
        }
    }

    /// The code for an error. A [`Fault`] around it decides; else the libraries' errors have their own.
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
        } else if error.is::<wasmstone_simulator::LaunchError>() {
            Self::Backend
        } else if let Some(error) = error.downcast_ref() {
            Self::of_keystone(error)
        } else {
            Self::Other
        }
    }
}

// The same numbers on every Linux; shells show a program that died of one as 128 more.
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
