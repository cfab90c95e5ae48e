//! Reports as wasmstone's simulator makes them. The secret keys are in this file, so that they prove nothing.

use crate::{Measurement, Report, SmHash};
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use sha3::{Digest, Sha3_512};

const DEVICE_SEED: &[u8] = b"wasmstone simulated device v1";
const SM_SEED: &[u8] = b"wasmstone simulated security monitor key v1";

/// A report of the simulator over `data`; `None` where there are more than [`Report::DATA_MAX`] bytes of it.
pub fn report(measurement: &Measurement, data: &[u8]) -> Option<[u8; Report::SIZE]> {
    let mut padded = [0; Report::DATA_MAX];
    padded.get_mut(..data.len())?.copy_from_slice(data);
    let (device, sm) = (Key::from_seed(DEVICE_SEED), Key::from_seed(SM_SEED));
    let mut report = Report {
        measurement: measurement.0,
        data_len: u64::try_from(data.len()).ok()?,
        data: padded,
        signature: [0; 64],
        sm_hash: SmHash::SIMULATOR.0,
        sm_key: sm.public(),
        sm_signature: [0; 64],
        device_key: device.public(),
    };
    report.sm_signature = device.sign(&report.signed_by_device().0);
    report.signature = sm.sign(&report.signed_by_sm().0);
    Some(report.to_bytes())
}

struct Key(ExpandedSecretKey, VerifyingKey);

impl Key {
    /// As Keystone makes keys of seeds.
    fn from_seed(seed: &[u8]) -> Self {
        let secret = ExpandedSecretKey::from_bytes(&Sha3_512::digest(seed).into());
        let public = VerifyingKey::from(&secret);
        Self(secret, public)
    }

    fn public(&self) -> [u8; 32] {
        self.1.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        raw_sign::<Sha3_512>(&self.0, message, &self.1).to_bytes()
    }
}
