//! The verifier's side of wasmstone: what a bundle holds, who signed it, and what it measures to.
//!
//! A bundle (`.wsb`) holds everything that decides what runs in the enclave. [`bundle`] reads and
//! writes the file, [`manifest`] is its table of contents, [`keys`] signs it, [`image`] composes the
//! enclave app that runs, [`measurement`] computes what Keystone will measure, and [`mod@verify`] checks
//! all of them against each other. [`sealing`] has the keys of the owner, who may move sealed data to another
//! release. Everything about Keystone is in [`keystone`]. `docs/bundle-format.md` describes the bytes.
//!
//! The crate checks everything in a file before using it, and bounds every size before allocating it.
//!
//! # Example
//! A bundle is built from its parts, signed, and verified by somebody who trusts the key.
//!
//! ```
//! use wasmstone_bundle::bundle::{Bundle, Parts, ProgramPart};
//! use wasmstone_bundle::{Platform, SecretKey, Sha256Digest, TrustPolicy, stand_in, verify};
//! use wasmstone_policy::{Entry, Launch, Memories, Memory, Policy, Program, Target};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = b"bytecode, as the builder writes it";
//! let launch = Launch {
//!     memory: Memory::for_program(1 << 20, program.len() as u64, 0, 0).ok_or("too large")?,
//!     name: "app.wasm".into(),
//!     entry: Entry::Command,
//!     instances: 0,
//!     program: Program {
//!         target: Target::Pulley64,
//!         size: program.len() as u64,
//!         sha256: Sha256Digest::of(program).0,
//!         cpu_features: Vec::new(),
//!         hardware_float: false,
//!         memories: Memories::InPlace,
//!     },
//!     policy: Policy::closed(),
//! };
//! let (platform, eapp) = (Platform::sim(), stand_in::eapp());
//! let programs = vec![ProgramPart { launch: &launch, program }];
//! let mut bundle = Bundle::build(&Parts { platform: &platform, eapp: &eapp, programs })?;
//! let key = SecretKey::generate()?;
//! bundle.sign(&key)?;
//!
//! let received = Bundle::read(&*bundle.to_bytes())?;
//! let mut trust = TrustPolicy::default();
//! assert!(verify(&received, &trust).is_err());
//! trust.trust("alice", &key.public());
//! assert!(verify(&received, &trust)?.is_trusted());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod atomic;
pub mod bundle;
mod digest;
pub mod image;
pub mod keys;
pub mod keystone;
pub mod manifest;
mod name;
pub mod platform;
pub mod sealing;
pub mod stand_in;
pub mod verify;

pub use bundle::{Bundle, ReadError};
pub use digest::Sha256Digest;
pub use keys::{KeyId, KeyStore, PublicKey, SecretKey};
pub use keystone::{footprint, measurement};
pub use manifest::Manifest;
pub use name::{InvalidName, check_name};
pub use platform::{Platform, PlatformStore};
pub use verify::{TrustPolicy, Verified, VerifyError, verify};
pub use wasmstone_attestation::{Measurement, SmHash};

/// What to do about a damaged bundle.
const AGAIN: &str = "get it again from its source, or build it again";
