//! What an enclave is granted, and which task it has.

use super::{Input, Output, Service};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, openat};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use wasmstone_edge_protocol::{DIRECTORIES_MAX, FRESHNESS_SIZE, PAYLOAD_MAX, RECORDS_MAX, value::TaskKind};
use wasmstone_policy::{Access, Network};

/// Receives the lines of the log, without line ends.
pub type Log = Box<dyn FnMut(&str) + Send>;

/// What an enclave is started for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Run its guest.
    #[default]
    Run,
    /// Make a report over a nonce of 8 to 64 bytes and the enclave's public key: [`super::Server::attested`].
    Report {
        /// The nonce.
        nonce: Vec<u8>,
    },
    /// Copy the sealed directory, which is the first granted one, to the second granted one, named
    /// [`wasmstone_edge_protocol::TRANSFER_DIRECTORY`].
    Export {
        /// The transfer key, wrapped for this enclave by the owner of the sealed data.
        wrapped_key: Vec<u8>,
    },
    /// Copy the second granted directory to the sealed one, which is the first.
    Import {
        /// The transfer key, wrapped for this enclave by the owner of the sealed data.
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

/// What an enclave is granted. The default grants nothing.
#[derive(Default)]
pub struct Config {
    /// The enclave's task.
    pub task: Task,
    /// Arguments after argument zero.
    pub arguments: Vec<String>,
    /// Environment variables: name and value.
    pub environment: Vec<(String, String)>,
    /// Directories, at most [`DIRECTORIES_MAX`].
    pub directories: Vec<Directory>,
    /// The part of the network that is granted.
    pub network: Network,
    /// The guest's standard input.
    pub stdin: Input,
    /// The guest's standard output.
    pub stdout: Output,
    /// The guest's standard error.
    pub stderr: Output,
    /// The precompiled program, which the enclave fetches in parts.
    pub program: Arc<[u8]>,
    /// Where and how it serves HTTP, if its entry point is `http`.
    pub serve: Option<Service>,
    /// The answer to every request for entropy, instead of fresh bytes. For tests.
    pub entropy: Option<[u8; 32]>,
    /// Receives one line for each access that is refused.
    pub log: Option<Log>,
}

/// A granted directory.
#[derive(Debug)]
pub struct Directory {
    /// Its path as the guest sees it.
    pub guest: String,
    /// The directory on the host.
    pub dir: Dir,
    /// Whether it may be written to.
    pub access: Access,
    /// The freshness value of the state that a sealed directory must have, if the user pinned one.
    pub pin: Option<[u8; FRESHNESS_SIZE]>,
}

/// A locked directory: no other process can lock it.
#[derive(Debug)]
pub struct Lock {
    _held: OwnedFd,
}

impl Directory {
    /// Opens the host's directory `host` to be granted as `guest`.
    ///
    /// # Errors
    /// The errors of opening a directory.
    pub fn open(host: &Path, guest: impl Into<String>, access: Access) -> std::io::Result<Self> {
        let dir = Dir::open_ambient_dir(host, ambient_authority())?;
        Ok(Self { guest: guest.into(), dir, access, pin: None })
    }

    /// Locks the directory until the lock is dropped. Two enclaves that use one sealed directory at once would destroy
    /// it.
    ///
    /// # Errors
    /// `WouldBlock` if another process has locked it; the errors of opening it for reading.
    pub fn lock(&self) -> std::io::Result<Lock> {
        // `dir` can have been opened with O_PATH, which flock(2) does not accept.
        let opened = openat(&self.dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        flock(&opened, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Lock { _held: opened })
    }
}

/// Grants that do not fit into the start reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More than [`DIRECTORIES_MAX`] directories.
    #[error(
        "{0} directories are granted, but at most {DIRECTORIES_MAX} can be: grant fewer, or one that contains them"
    )]
    TooManyDirectories(usize),
    /// More than [`RECORDS_MAX`] arguments or environment variables.
    #[error("{0} arguments or environment variables are given, but at most {RECORDS_MAX} can be: pass them in a file")]
    TooMany(usize),
    /// The texts are longer than the payload of the start reply.
    #[error(
        "arguments, environment and directory names take {0} bytes together, but at most {PAYLOAD_MAX} can be passed: \
         pass less, or put it into a file in a granted directory"
    )]
    TooLong(usize),
}
