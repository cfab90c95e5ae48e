//! What an enclave is served from.

use super::{Input, Output, Service};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use wasmstone_edge_protocol::{DIRECTORIES_MAX, FRESHNESS_SIZE, PAYLOAD_MAX, RECORDS_MAX, value::TaskKind};
use wasmstone_policy::{Access, Network};

/// Receives lines, without their ends.
pub type Log = Box<dyn FnMut(&str) + Send>;

/// What an enclave is started for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Running its guest.
    #[default]
    Run,
    /// Making a report over a nonce of 8 to 64 bytes and its own key: [`super::Server::report`].
    Report {
        /// The nonce.
        nonce: Vec<u8>,
    },
    /// Copying its sealed directory, the first one granted, to the second, named
    /// [`wasmstone_edge_protocol::TRANSFER_DIRECTORY`].
    Export {
        /// The transfer key, as its owner wrapped it for this enclave.
        wrapped_key: Vec<u8>,
    },
    /// The other way round.
    Import {
        /// The transfer key, as its owner wrapped it for this enclave.
        wrapped_key: Vec<u8>,
    },
}

impl Task {
    /// The task on the wire, and the record that belongs to it.
    pub(super) fn wire(&self) -> (TaskKind, Option<&[u8]>) {
        match self {
            Self::Run => (TaskKind::Run, None),
            Self::Report { nonce } => (TaskKind::Report, Some(nonce)),
            Self::Export { wrapped_key } => (TaskKind::Export, Some(wrapped_key)),
            Self::Import { wrapped_key } => (TaskKind::Import, Some(wrapped_key)),
        }
    }
}

/// What an enclave is given. The default gives nothing.
#[derive(Default)]
pub struct Config {
    /// What it is to do.
    pub task: Task,
    /// Arguments after argument zero.
    pub arguments: Vec<String>,
    /// Environment variables: name and value.
    pub environment: Vec<(String, String)>,
    /// Directories, at most [`DIRECTORIES_MAX`].
    pub directories: Vec<Directory>,
    /// What of the network.
    pub network: Network,
    /// The guest's standard input.
    pub stdin: Input,
    /// The guest's standard output.
    pub stdout: Output,
    /// The guest's standard error.
    pub stderr: Output,
    /// The precompiled program, which the enclave fetches in parts.
    pub program: Arc<[u8]>,
    /// Where and how it serves, for programs that do.
    pub serve: Option<Service>,
    /// What it gets whenever it asks the host for entropy, in the place of fresh bytes. A test can be such a host.
    pub entropy: Option<[u8; 32]>,
    /// Where one line is written for each access that was refused.
    pub log: Option<Log>,
}

/// A granted directory.
#[derive(Debug)]
pub struct Directory {
    /// Its path as the guest sees it.
    pub guest: String,
    /// The directory on the host.
    pub dir: Dir,
    /// What may be done in it.
    pub access: Access,
    /// The state that it has to be in, where it is sealed and somebody knows.
    pub pin: Option<[u8; FRESHNESS_SIZE]>,
}

/// A directory that nobody else can lock.
#[derive(Debug)]
pub struct Lock {
    _held: OwnedFd,
}

impl Directory {
    /// Opens the host's directory `host` to be granted as `guest`.
    ///
    /// # Errors
    /// Those of opening a directory.
    pub fn open(host: &Path, guest: impl Into<String>, access: Access) -> std::io::Result<Self> {
        let dir = Dir::open_ambient_dir(host, ambient_authority())?;
        Ok(Self { guest: guest.into(), dir, access, pin: None })
    }

    /// Keeps others from locking the directory until the lock is dropped: two enclaves in one sealed directory would
    /// destroy it.
    ///
    /// # Errors
    /// `WouldBlock` where somebody else has locked it; those of opening it for reading.
    pub fn lock(&self) -> std::io::Result<Lock> {
        // What `dir` holds open may be good for nothing but walking through.
        let opened = openat(&self.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        flock(&opened, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Lock { _held: opened })
    }
}

/// Grants that the start reply has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More than [`DIRECTORIES_MAX`] directories.
    #[error("{0} directories are granted, at most {DIRECTORIES_MAX} can be: grant fewer, or one that holds them")]
    TooManyDirectories(usize),
    /// More than [`RECORDS_MAX`] arguments or environment variables.
    #[error("{0} arguments or environment variables are given, at most {RECORDS_MAX} can be: pass them in a file")]
    TooMany(usize),
    /// More text than fits.
    #[error(
        "arguments, environment and directory names take {0} bytes together, at most {PAYLOAD_MAX} can be passed: \
         pass less, or put it into a file in a granted directory"
    )]
    TooLong(usize),
}
