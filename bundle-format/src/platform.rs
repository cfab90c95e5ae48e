//! Platforms: the Keystone builds that bundles are made for.

mod store;

pub use store::{PlatformError, PlatformStore, Replace};

use crate::{SmHash, digest::hex_bytes, stand_in};

/// The name of the platform that is simulated. It always exists, and cannot be redefined.
pub const SIM: &str = "sim";

hex_bytes! {
    /// The Ed25519 public key of a device, 32 bytes of RFC 8032.
    DeviceKey, 32
}

/// A Keystone build: what is measured beside the enclave app, and what reports of it must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Keystone's loader, a raw binary.
    pub loader: Vec<u8>,
    /// The runtime, an ELF file for riscv64.
    pub runtime: Vec<u8>,
    /// The hash of its security monitor, where known.
    pub sm_hash: Option<SmHash>,
    /// The devices whose reports are accepted.
    pub device_keys: Vec<DeviceKey>,
    /// Whether it saves and protects floating-point registers. Stock Keystone does not.
    pub fp_safe: bool,
}

impl Platform {
    /// The simulator, in which nothing is protected.
    pub fn sim() -> Self {
        Self {
            name: SIM.to_owned(),
            loader: stand_in::loader(),
            runtime: stand_in::runtime(),
            sm_hash: None,
            device_keys: Vec::new(),
            // A process: the kernel saves its registers.
            fp_safe: true,
        }
    }
}
