//! The verifier's side of wasmstone: what a bundle is, who signed it, and what it measures to.
//!
//! A bundle (`.wsb`) holds everything that decides what runs in the enclave. [`bundle`] reads and
//! writes the file, [`manifest`] is its table of contents, [`keys`] signs it, [`image`] composes the
//! enclave app that runs, [`measurement`] computes what Keystone will measure, and [`mod@verify`] holds
//! all of them against each other; [`sealing`] has the keys of whoever may move sealed data. `docs/bundle-format.md` describes the bytes.
//!
//! Whatever comes from a file is checked before it is believed, and bounded before it is allocated.

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

/// What to do about a bundle that is damaged.
const AGAIN: &str = "get it again from where it came from, or build it anew";
