//! Why a report is refused, and what to do about it.

use crate::data::{NONCE_MAX, NONCE_MIN};
use crate::{DeviceKey, Measurement, SmHash};

/// Why a report is refused: the first check that fails. The checks are listed in their order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Security monitor hash, key and signature are zero.
    #[error("the boot ROM did not measure the security monitor: boot the machine with one that does, as Keystone's")]
    SmNotMeasured,
    /// The device key is [`DeviceKey::PUBLIC_TEST`].
    #[error(
        "anybody can make reports under Keystone's test key: use another device, or accept the key by name in tests"
    )]
    PublicTestKey,
    /// The device key is [`DeviceKey::SIMULATOR`].
    #[error(
        "the simulator protects nothing, anybody can make its reports: use Keystone, or accept it by name in tests"
    )]
    SimulatorKey,
    /// The device did not sign security monitor hash and key.
    #[error("the device's signature on the security monitor is wrong, the report was altered: ask for a new one")]
    SmSignature,
    /// The security monitor did not sign measurement and data.
    #[error("the security monitor's signature on the enclave is wrong, the report was altered: ask for a new one")]
    EnclaveSignature,
    /// No device keys are pinned.
    #[error("no device keys are pinned: add those of the devices you trust, as their makers publish them")]
    NoDeviceKeys,
    /// Signed, but by another device.
    #[error("the device {0} is not pinned: run the program on a pinned device, or pin this one if you trust its maker")]
    DeviceKey(DeviceKey),
    /// No security monitors are pinned.
    #[error("no security monitors are pinned: add the hash of the firmware that you reviewed or built")]
    NoSmHashes,
    /// A genuine device with another security monitor.
    #[error("the security monitor {0} is not pinned: update the firmware, or review and pin this one")]
    SmHash(SmHash),
    /// No measurements are pinned.
    #[error("no measurements are pinned: add those of the bundle that you trust, as \"wasmstone measure\" writes them")]
    NoMeasurements,
    /// A genuine enclave with another program, policy or platform.
    #[error("the enclave {0} is not pinned: run the pinned bundle, or review and pin its program, policy or release")]
    Measurement(Measurement),
    /// The nonce is too short to be used only once, or too long for a report.
    #[error("a nonce of {0} bytes: take {NONCE_MIN} to {NONCE_MAX} random bytes, other ones each time")]
    NonceLength(usize),
    /// The data is of another kind than the expected one, which is named.
    #[error("the report's data is not {0}: ask the enclave for a report of this kind")]
    DataKind(&'static str),
    /// The data is not what was expected, or not for this nonce.
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
            Self::DataKind(_) => "data-kind",
            Self::Data => "data",
        }
    }
}
