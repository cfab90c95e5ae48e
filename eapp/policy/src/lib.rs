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
pub mod layout;
mod network;

pub use encoding::{DecodeError, LAUNCH_HEADER, MAX_LAUNCH_BYTES};
pub use grants::{Denied, Grants};
pub use network::{Addresses, Network, NotRemote, Reach, Remote};

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Bytes of a WebAssembly page; memory caps are whole pages.
pub const WASM_PAGE: u64 = 65536;

/// The most instances of a program that answer requests at once.
pub const INSTANCES_MAX: u32 = 1024;

/// Everything the enclave app is told at start, measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Launch {
    /// How the heap segment is divided; first, so that [`Launch::decode_memory`] finds it.
    pub memory: Memory,
    /// The program's name, which the guest sees as its argument zero.
    pub name: String,
    /// What of the program is called.
    pub entry: Entry,
    /// How many instances of the program run at once at most, each with one request: 1 to
    /// [`INSTANCES_MAX`], and 0 for a command.
    pub instances: u32,
    /// The program that may run.
    pub program: Program,
    /// What the guest may have.
    pub policy: Policy,
}

/// What of a program is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// `wasi:cli/run`, once.
    Command,
    /// `wasi:http/incoming-handler`, for each request in an instance of its own.
    Http,
}

impl Entry {
    /// The name used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Http => "http",
        }
    }

    /// Whether a launch may have this entry with so many instances.
    pub(crate) const fn takes(self, instances: u32) -> bool {
        match self {
            Self::Command => instances == 0,
            Self::Http => instances >= 1 && instances <= INSTANCES_MAX,
        }
    }
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
    /// The CPU features beyond the target's base that its machine code uses, by the names of the
    /// processor's documentation (`zba`, `sse4.2`), in ascending order. A processor without one of them
    /// would stop at an instruction that it does not know.
    pub cpu_features: Vec<String>,
    /// Whether the program's floating-point values live in floating-point registers while the enclave
    /// runs: of machine code with floats, and of Pulley on an enclave app that is built for them.
    pub hardware_float: bool,
    /// Whether a linear memory may move when it grows: where the program has several, or several instances.
    /// One alone grows in place, and code that relies on it is faster.
    pub memory_may_move: bool,
}

/// What a program was compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Pulley bytecode for 64-bit little-endian hosts, streamed in at start.
    #[serde(rename = "pulley64")]
    Pulley64,
    /// RISC-V machine code, a part of the image: what Keystone runs.
    #[serde(rename = "riscv64")]
    Riscv64,
    /// x86-64 machine code, for the simulator.
    #[serde(rename = "x86_64")]
    X86_64,
    /// AArch64 machine code, for the simulator.
    #[serde(rename = "aarch64")]
    Aarch64,
}

impl Target {
    /// Every target this release knows, in the order of bundles.
    pub const ALL: &[Self] = &[Self::Pulley64, Self::Riscv64, Self::X86_64, Self::Aarch64];

    /// The name used in bundles and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pulley64 => "pulley64",
            Self::Riscv64 => "riscv64",
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// Whether it is machine code: then the program is a part of the image and runs where it lies.
    pub const fn is_native(self) -> bool {
        !matches!(self, Self::Pulley64)
    }

    /// The machine code of the machine that this is compiled for, where there is a target for it.
    pub const fn host() -> Option<Self> {
        if cfg!(target_arch = "riscv64") {
            Some(Self::Riscv64)
        } else if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Aarch64)
        } else {
            None
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
    /// What the runtime part holds at least besides a streamed program: at start a megabyte of arguments and
    /// environment, as much as there may be; then the engine, its linker and the interpreter's stack, which
    /// take 0.8 MiB, and buffers.
    pub const RUNTIME_BASE: u64 = 1152 << 10;

    /// The most that the runtime part grows with the memory cap.
    pub const RUNTIME_SHARE_MAX: u64 = 64 << 20;

    /// What the runtime part holds for each instance that runs at once: at most 1.5 MiB of stacks (for machine
    /// code one of 1.25 MiB, for the interpreter three of 512 KiB), and what it reads and writes.
    pub const PER_INSTANCE: u64 = 2 << 20;

    /// What the runtime part holds for the clients of a program that serves: a thousand connections, and 1.5
    /// MiB each of requests that have not come yet, that wait, and of responses that are taken slowly.
    pub const FOR_CLIENTS: u64 = 6 << 20;

    /// What the runtime part holds for each sealed directory: its caches, and what is not written yet.
    pub const PER_SEALED_DIRECTORY: u64 = 8 << 20;

    /// The layout for a memory cap, a program of `program` bytes that is kept in the heap, so many
    /// instances at once ([`Launch::instances`]), and so many sealed directories
    /// ([`Policy::sealed_directories`]). `None` where the sum does not fit in 64 bits.
    pub fn for_program(linear: u64, program: u64, instances: u32, sealed: u32) -> Option<Self> {
        // A streamed program occupies its size once, and the structures that the engine builds
        // from its metadata up to half of it again.
        let runtime = Self::RUNTIME_BASE.checked_add(program)?.checked_add(program / 2)?;
        // Guests with much memory hand over much in one call, which is copied.
        let runtime = runtime.checked_add((linear / 8).min(Self::RUNTIME_SHARE_MAX))?;
        let runtime = runtime.checked_add(Self::PER_INSTANCE.checked_mul(instances.into())?)?;
        let runtime = runtime.checked_add(if instances > 0 { Self::FOR_CLIENTS } else { 0 })?;
        let runtime = runtime.checked_add(Self::PER_SEALED_DIRECTORY.checked_mul(sealed.into())?)?;
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
    /// The X25519 public key (RFC 7748) of whoever may move what is in sealed directories to another release;
    /// nobody where there is none.
    pub seal_owner: Option<[u8; 32]>,
}

impl Policy {
    /// The directories whose files are encrypted before the host gets them.
    pub fn sealed_directories(&self) -> impl Iterator<Item = &Directory> {
        let listed = match &self.directories {
            Directories::Any => &[][..],
            Directories::Listed(listed) => listed,
        };
        listed.iter().filter(|directory| directory.sealed)
    }

    /// Leaves arguments, environment, directories and network to whoever runs the bundle.
    pub fn open() -> Self {
        Self {
            arguments: Arguments::Any,
            environment: Environment { set: Vec::new(), allow: Names::Any },
            directories: Directories::Any,
            network: Network::Any,
            seal_owner: None,
        }
    }

    /// Denies all of them.
    pub fn closed() -> Self {
        Self {
            arguments: Arguments::Fixed(Vec::new()),
            environment: Environment { set: Vec::new(), allow: Names::Listed(Vec::new()) },
            directories: Directories::Listed(Vec::new()),
            network: Network::Denied,
            seal_owner: None,
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
    /// Whether its files are encrypted and authenticated inside the enclave, so that they are worthless to the
    /// host.
    pub sealed: bool,
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
