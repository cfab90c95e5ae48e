//! Platforms: the Keystone builds that bundles are made for.

mod store;

pub use crate::keystone::build_tree::{BuildTree, Pair, TreeError};
pub use crate::keystone::check::{Unfit, files as check_files};
pub use crate::keystone::hash_rate::{HashRate, InvalidHashRate};
pub(crate) use store::read_bounded;
pub use store::{PlatformError, PlatformStore, Replace};

pub use wasmstone_attestation::DeviceKey;

use crate::{SmHash, stand_in};

/// The name of the simulated platform. It always exists, and cannot be redefined.
pub const SIM: &str = "sim";

/// The CPU features beyond rv64gc that programs can be compiled for, by the names of their extensions.
pub const CPU_FEATURES: &[&str] = &["zba", "zbb", "zbc", "zbkb", "zbs", "zcb", "zfa", "zfh", "zfhmin", "zicond"];

/// A Keystone build: the files that are measured beside the enclave app, and what its reports must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Keystone's loader, a raw binary.
    pub loader: Vec<u8>,
    /// The runtime, an ELF file for riscv64.
    pub runtime: Vec<u8>,
    /// The hash of its security monitor, if known.
    pub sm_hash: Option<SmHash>,
    /// The devices whose reports are accepted.
    pub device_keys: Vec<DeviceKey>,
    /// Whether it saves and protects floating-point registers. Stock Keystone does not.
    pub fp_safe: bool,
    /// The features of its processors that programs may use, of [`CPU_FEATURES`], in ascending order.
    pub cpu_features: Vec<String>,
    /// How fast its security monitor hashes, if known.
    pub hash_rate: Option<HashRate>,
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
            // A simulated enclave is a process: the kernel saves its registers.
            fp_safe: true,
            cpu_features: Vec::new(),
            hash_rate: None,
        }
    }
}
