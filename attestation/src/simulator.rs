//! Evidence of wasmstone's simulator. The secret keys are in this file, so it proves nothing.

use crate::keystone::Report;
use crate::{Claims, DeviceKey, Evidence, Measurement, Refusal, Risks, SmHash};
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use sha3::{Digest, Sha3_512};

const DEVICE_SEED: &[u8] = b"wasmstone simulated device v1";
const SM_SEED: &[u8] = b"wasmstone simulated security monitor key v1";

/// A simulated enclave of this process, which can be verified without the way through a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enclave<'a> {
    /// What Keystone would measure.
    pub measurement: Measurement,
    /// What the program wants attested.
    pub data: &'a [u8],
}

impl Evidence for Enclave<'_> {
    fn claims(&self) -> Result<Claims<'_>, Refusal> {
        let (device_key, sm_hash) = (DeviceKey::SIMULATOR, SmHash::SIMULATOR);
        let risks = Risks { simulator: true, ..Risks::default() };
        Ok(Claims { device_key, sm_hash, measurement: self.measurement, data: self.data, risks })
    }

    /// There are none: the risk says that the claims are not proven.
    fn check_signatures(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A report of the simulator over `data`, in Keystone's layout; `None` for more than [`Report::DATA_MAX`] bytes.
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
        sm_key: sm.1.to_bytes(),
        sm_signature: [0; 64],
        device_key: device.1.to_bytes(),
    };
    report.sm_signature = device.sign(&report.signed_by_device().0);
    report.signature = sm.sign(&report.signed_by_sm().0);
    Some(report.to_bytes())
}

struct Key(ExpandedSecretKey, VerifyingKey);

impl Key {
    /// Keystone makes keys from seeds in this way.
    fn from_seed(seed: &[u8]) -> Self {
        let secret = ExpandedSecretKey::from_bytes(&Sha3_512::digest(seed).into());
        let public = VerifyingKey::from(&secret);
        Self(secret, public)
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        raw_sign::<Sha3_512>(&self.0, message, &self.1).to_bytes()
    }
}
