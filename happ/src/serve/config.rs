//! What an enclave is served from.

use super::{Input, Output, Service};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::path::Path;
use std::sync::Arc;
use wasmstone_edge_protocol::{DIRECTORIES_MAX, PAYLOAD_MAX, RECORDS_MAX};
use wasmstone_policy::{Access, Network};

/// Receives lines, without their ends.
pub type Log = Box<dyn FnMut(&str) + Send>;

/// What an enclave is given. The default gives nothing.
#[derive(Default)]
pub struct Config {
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
}

impl Directory {
    /// Opens the host's directory `host` to be granted as `guest`.
    ///
    /// # Errors
    /// Those of opening a directory.
    pub fn open(host: &Path, guest: impl Into<String>, access: Access) -> std::io::Result<Self> {
        let dir = Dir::open_ambient_dir(host, ambient_authority())?;
        Ok(Self { guest: guest.into(), dir, access })
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
