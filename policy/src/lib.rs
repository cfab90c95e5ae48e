//! What a guest may have, in the form that is measured.
//!
//! A [`Launch`] is the content of the read-only segment that composition appends to the generic
//! enclave app: the policy, the digest of the program and the memory layout. It is part of the
//! image, so Keystone's measurement covers every field. The build side writes it, the enclave app
//! obeys it, the host app and the verifier read it.
//!
//! The bytes are trusted where they were measured. [`Launch::decode`] still returns an error, never
//! panics, on any other bytes, since verifiers read bundles from anywhere.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod encoding;
mod grants;

pub use encoding::{DecodeError, MAX_LAUNCH_BYTES};
pub use grants::{Denied, Grants};

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Bytes of a WebAssembly page; memory caps are whole pages.
pub const WASM_PAGE: u64 = 65536;

/// Everything the enclave app is told at start, measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Launch {
    /// The program's name, which the guest sees as its argument zero.
    pub name: String,
    /// The program that may run.
    pub program: Program,
    /// How the heap segment is divided.
    pub memory: Memory,
    /// What the guest may have.
    pub policy: Policy,
}

/// A precompiled program, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Program {
    /// What the program was compiled for.
    pub target: Target,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the precompiled bytes.
    pub sha256: [u8; 32],
}

/// What a program was compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Pulley bytecode for 64-bit little-endian hosts, streamed in at start.
    Pulley64,
}

impl Target {
    /// Every target this release knows.
    pub const ALL: &[Self] = &[Self::Pulley64];

    /// The name used in bundles and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pulley64 => "pulley64",
        }
    }
}

/// The division of the heap segment, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Memory {
    /// For the guest's linear memories, all together: the memory cap, a multiple of [`WASM_PAGE`].
    pub linear: u64,
    /// For the engine, WASI and, on Pulley, the program itself.
    pub runtime: u64,
}

impl Memory {
    /// What the runtime part holds at least besides a streamed program: engine, linker, WASI tables and
    /// buffers.
    pub const RUNTIME_BASE: u64 = 4 << 20;

    /// The most that the runtime part grows with the memory cap.
    pub const RUNTIME_SHARE_MAX: u64 = 64 << 20;

    /// The layout for a memory cap and a program of `program` bytes that is kept in the heap.
    /// `None` where the sum does not fit in 64 bits.
    pub fn for_program(linear: u64, program: u64) -> Option<Self> {
        // A streamed program occupies its size once, and the structures that the engine builds
        // from its metadata up to half of it again.
        let runtime = Self::RUNTIME_BASE.checked_add(program)?.checked_add(program / 2)?;
        // Guests with much memory hand over much in one call, which is copied.
        let runtime = runtime.checked_add((linear / 8).min(Self::RUNTIME_SHARE_MAX))?;
        let runtime = runtime.checked_next_multiple_of(WASM_PAGE)?;
        runtime.checked_add(linear)?;
        Some(Self { linear, runtime })
    }

    /// The size of the heap segment in bytes; `None` on overflow (a damaged launch).
    pub fn heap(&self) -> Option<u64> {
        self.linear.checked_add(self.runtime)
    }
}

/// What the guest may have. The person who runs the bundle grants within it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// The guest's arguments, without argument zero.
    pub arguments: Arguments,
    /// The guest's environment.
    pub environment: Environment,
    /// The directories that may be granted.
    pub directories: Directories,
    /// The network.
    pub network: Network,
}

impl Policy {
    /// Leaves arguments, environment, directories and network to whoever runs the bundle.
    pub fn open() -> Self {
        Self {
            arguments: Arguments::Any,
            environment: Environment { set: Vec::new(), allow: Names::Any },
            directories: Directories::Any,
            network: Network::Any,
        }
    }

    /// Denies all of them.
    pub fn closed() -> Self {
        Self {
            arguments: Arguments::Fixed(Vec::new()),
            environment: Environment { set: Vec::new(), allow: Names::Listed(Vec::new()) },
            directories: Directories::Listed(Vec::new()),
            network: Network::Denied,
        }
    }
}

/// The guest's arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arguments {
    /// Whatever the runner gives.
    Any,
    /// Exactly these; the runner may give none.
    Fixed(Vec<String>),
}

/// The guest's environment: what is always set, and what a runner may add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Environment {
    /// Variables that are always set, and cannot be overridden.
    pub set: Vec<(String, String)>,
    /// Names that a runner may set.
    pub allow: Names,
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Every name.
    Any,
    /// Only these.
    Listed(Vec<String>),
}

/// The directories that may be granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directories {
    /// Whatever the runner gives.
    Any,
    /// Only these.
    Listed(Vec<Directory>),
}

/// A directory that may be granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Directory {
    /// Its path as the guest sees it.
    pub guest: String,
    /// The most that the guest may do in it.
    pub access: Access,
}

/// What may be done in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reading only.
    ReadOnly,
    /// Reading and writing.
    ReadWrite,
}

/// The network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Whatever the runner gives.
    Any,
    /// None.
    Denied,
}
