//! The launch: which program runs, and what its policy allows, in the form that is measured.
//!
//! A [`Launch`] is the content of the read-only segment that composition appends to the generic
//! enclave app: the policy, the digest of the program and the memory layout. It is part of the
//! image, so Keystone's measurement covers every field. The build side writes it, the enclave app
//! obeys it, the host app and the verifier read it.
//!
//! The enclave app trusts these bytes, since they were measured. [`Launch::decode`] still returns an error
//! for any other bytes and never panics, since verifiers read bundles from anywhere.

#![no_std]
#![forbid(unsafe_code, unsafe_op_in_unsafe_fn)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)
)]

extern crate alloc;

mod encoding;
mod grants;
pub mod layout;
mod network;
mod transfer;

pub use encoding::{DecodeError, LAUNCH_HEADER, MAX_LAUNCH_BYTES};
pub use grants::{Denied, Grants};
pub use network::{Addresses, Network, NotRemote, Reach, Remote};
pub use transfer::{TRANSFER_KEY_SIZE, TRANSFER_LABEL, WRAPPED_KEY_SIZE};

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Bytes of a WebAssembly page; memory caps are whole pages.
pub const WASM_PAGE: u64 = 65536;

/// The most instances of a program that answer requests at once.
pub const INSTANCES_MAX: u32 = 1024;

/// Everything measured that the enclave app reads at start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Launch {
    /// How the heap segment is divided; first, so that [`Launch::decode_memory`] finds it.
    pub memory: Memory,
    /// The program's name, which the guest sees as its argument zero.
    pub name: String,
    /// The entry point.
    pub entry: Entry,
    /// The most instances of the program that run at once, each answering one request: 1 to
    /// [`INSTANCES_MAX`]; 0 for a command.
    pub instances: u32,
    /// The program that may run.
    pub program: Program,
    /// What the guest may have.
    pub policy: Policy,
}

/// The entry point of a program: the function that the enclave app calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// `wasi:cli/run`, called once.
    Command,
    /// `wasi:http/incoming-handler`, called for each request in a new instance.
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

    /// Whether a launch with this entry point may have this number of instances.
    pub(crate) const fn allows(self, instances: u32) -> bool {
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
    /// The CPU features beyond the target's base that its machine code uses, in ascending order, by their
    /// names in the processor's documentation (`zba`, `sse4.2`). A processor without one of them stops at
    /// an instruction that it does not know.
    pub cpu_features: Vec<String>,
    /// Whether floating-point values are in floating-point registers while the program runs. True for
    /// machine code with floats, and for Pulley on an enclave app that was built with them.
    pub hardware_float: bool,
    /// What its memories do.
    pub memories: Memories,
}

/// What the memories of a program do when they grow, and whether the engine has one of its own beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memories {
    /// The only one grows in place; code that is compiled for that is faster.
    InPlace,
    /// They may move: there are several memories, or several instances.
    Moving,
    /// They may move, and the engine collects one that holds exceptions. Only an enclave app with exceptions runs
    /// such a program.
    Collected,
}

impl Memories {
    /// Whether a linear memory may move when it grows.
    pub const fn may_move(self) -> bool {
        !matches!(self, Self::InPlace)
    }
}

/// What a program was compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Pulley bytecode for 64-bit little-endian machines, which the enclave app reads from the host at start.
    #[serde(rename = "pulley64")]
    Pulley64,
    /// RISC-V machine code, a part of the image, for Keystone.
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
    /// Every target of this release, in the order that bundles have.
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

    /// Whether this is machine code. If so, the program is a part of the image and runs where it lies.
    pub const fn is_native(self) -> bool {
        !matches!(self, Self::Pulley64)
    }

    /// The target for the machine that this crate is compiled for, if there is one.
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
    /// For all linear memories of the guest together: the memory cap, a multiple of [`WASM_PAGE`].
    pub linear: u64,
    /// For the engine, WASI and, on Pulley, the program itself.
    pub runtime: u64,
}

impl Memory {
    /// The least bytes of the runtime part without a program. At start it holds arguments and environment, at
    /// most one megabyte; later the engine, its linker and the interpreter's stack, 0.8 MiB, and buffers.
    pub const RUNTIME_BASE: u64 = 1152 << 10;

    /// The most bytes that the memory cap adds to the runtime part.
    pub const RUNTIME_SHARE_MAX: u64 = 64 << 20;

    /// Bytes of the runtime part for each instance that runs at once: at most 1.5 MiB of stacks (machine code has
    /// one of 1.25 MiB, the interpreter three of 512 KiB), and buffers.
    pub const PER_INSTANCE: u64 = 2 << 20;

    /// Bytes of the runtime part for the clients of an HTTP service: a thousand connections, and 1.5 MiB each for
    /// requests that are arriving, requests that wait, and responses that clients read slowly.
    pub const FOR_CLIENTS: u64 = 6 << 20;

    /// Bytes of the runtime part for each sealed directory: its caches, and changes that are not written yet.
    pub const PER_SEALED_DIRECTORY: u64 = 8 << 20;

    /// The division for a memory cap of `linear` bytes, a program of `program` bytes in the heap, the number of
    /// instances ([`Launch::instances`]) and of sealed directories ([`Policy::sealed_directories`]). `None` if
    /// the sum does not fit in 64 bits.
    pub fn for_program(linear: u64, program: u64, instances: u32, sealed: u32) -> Option<Self> {
        // A streamed program occupies its size once, and the structures that the engine builds
        // from its metadata up to half of it again.
        let runtime = Self::RUNTIME_BASE.checked_add(program)?.checked_add(program / 2)?;
        // Guests with much memory pass much to one call, which copies it.
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

/// What the guest may have at most. Who runs the bundle (the runner) grants all or part of it.
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
    /// The X25519 public key (RFC 7748) of the owner, who may move the content of sealed directories to another
    /// release. `None`: nobody may.
    pub seal_owner: Option<[u8; 32]>,
}

impl Policy {
    /// The directories whose files are encrypted inside the enclave.
    pub fn sealed_directories(&self) -> impl Iterator<Item = &Directory> {
        let listed = match &self.directories {
            Directories::Any => &[][..],
            Directories::Listed(listed) => listed,
        };
        listed.iter().filter(|directory| directory.sealed)
    }

    /// The policy that leaves arguments, environment, directories and network to the runner.
    pub fn open() -> Self {
        Self {
            arguments: Arguments::Any,
            environment: Environment { set: Vec::new(), allow: Names::Any },
            directories: Directories::Any,
            network: Network::Any,
            seal_owner: None,
        }
    }

    /// The policy that denies all of them.
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
    /// Any that the runner gives.
    Any,
    /// Exactly these. The runner cannot give any.
    Fixed(Vec<String>),
}

/// The guest's environment variables: those that are always set, and those that the runner may add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Environment {
    /// Variables that are always set, which the runner cannot override.
    pub set: Vec<(String, String)>,
    /// Names of variables that the runner may set.
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
    /// Any that the runner gives.
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
    /// Whether its files are encrypted and authenticated inside the enclave, so that the host can neither read
    /// nor change them unnoticed.
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
