//! What fails, and what to do about it.

use crate::data::{NONCE_MAX, NONCE_MIN};
use crate::{DeviceKey, Measurement, SmHash};

/// Why a report is refused: the first check that it fails. They are listed in their order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Security monitor hash, key and signature are zero.
    #[error("the boot ROM did not measure the security monitor: boot the machine with one that does, as Keystone's")]
    SmNotMeasured,
    /// The device key is [`DeviceKey::PUBLIC_TEST`].
    #[error(
        "the report is under Keystone's test key, whose secret key is public: anybody can have made it; \
         use a device with a key of its own, or accept the public test key by name, for tests"
    )]
    PublicTestKey,
    /// The device key is [`DeviceKey::SIMULATOR`].
    #[error(
        "the report is of the simulator, which protects nothing: anybody can have made it; \
         run the program on Keystone, or accept the simulator by name, for tests"
    )]
    SimulatorKey,
    /// The device did not sign security monitor hash and key.
    #[error("the device's signature on the security monitor is wrong, as in an altered report: ask for a new one")]
    SmSignature,
    /// The security monitor did not sign measurement and data.
    #[error("the security monitor's signature on the enclave is wrong, as in an altered report: ask for a new one")]
    EnclaveSignature,
    /// No device keys are pinned.
    #[error("no device keys are pinned: add those of the devices you trust, as their makers publish them")]
    NoDeviceKeys,
    /// Signed, but by another device.
    #[error(
        "the device {0} is not a pinned one: run the program on one that is, or pin this one if its maker is yours"
    )]
    DeviceKey(DeviceKey),
    /// No security monitors are pinned.
    #[error("no security monitors are pinned: add the hash of the firmware that you reviewed or built")]
    NoSmHashes,
    /// A genuine device with another security monitor.
    #[error("the security monitor {0} is not a pinned one: update the firmware, or review and pin this one")]
    SmHash(SmHash),
    /// No measurements are pinned.
    #[error("no measurements are pinned: add those of the bundle that you trust, as \"wasmstone measure\" writes them")]
    NoMeasurements,
    /// A genuine enclave with another program, policy or platform.
    #[error(
        "the enclave {0} is not among the pinned ones: it runs another program, policy or release; \
         run the pinned bundle, or pin this one after reviewing it"
    )]
    Measurement(Measurement),
    /// The caller's nonce does not make a report fresh.
    #[error("a nonce of {0} bytes: take {NONCE_MIN} to {NONCE_MAX} random bytes, other ones each time")]
    NonceLength(usize),
    /// The data is of the other kind, or of none.
    #[error("the report's data is not {expected}: ask the enclave for a report of this kind")]
    DataKind {
        /// What was expected.
        expected: &'static str,
    },
    /// The data is not the expected, or not for this nonce.
    #[error("the report was made for another nonce or other data: it is old, or was made for somebody else; ask again")]
    Data,
}

impl Refusal {
    /// The name of the check that failed, for machines. Names do not change.
    pub fn check(&self) -> &'static str {
        match self {
            Self::SmNotMeasured => "sm-not-measured",
            Self::PublicTestKey => "public-test-key",
            Self::SimulatorKey => "simulator-key",
            Self::SmSignature => "sm-signature",
            Self::EnclaveSignature => "enclave-signature",
            Self::NoDeviceKeys | Self::DeviceKey(_) => "device-key",
            Self::NoSmHashes | Self::SmHash(_) => "sm-hash",
            Self::NoMeasurements | Self::Measurement(_) => "measurement",
            Self::NonceLength(_) => "nonce-length",
            Self::DataKind { .. } => "data-kind",
            Self::Data => "data",
        }
    }
}
