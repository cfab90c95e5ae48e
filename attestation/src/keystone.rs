//! Keystone: its reports, and how they are signed: by Ed25519 with SHA3-512 in the place of SHA-512, which verifiers of
//! RFC 8032 do not accept.

use crate::data::ReportData;
use crate::{Claims, DeviceKey, Evidence, Measurement, Refusal, Risks, SmHash};
use alloc::vec::Vec;
use ed25519_dalek::{Signature, VerifyingKey, hazmat::raw_verify};
use sha3::Sha3_512;

/// A report, byte for byte as the security monitor writes it, without the bytes that it leaves uninitialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub(crate) measurement: [u8; 64],
    pub(crate) data_len: u64,
    /// Zero from `data_len`.
    pub(crate) data: [u8; Self::DATA_MAX],
    pub(crate) signature: [u8; 64],
    pub(crate) sm_hash: [u8; 64],
    pub(crate) sm_key: [u8; 32],
    pub(crate) sm_signature: [u8; 64],
    pub(crate) device_key: [u8; 32],
}

/// Why bytes are not a report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not a length of reports, in bytes.
    #[error("a report has 1352 or 2048 bytes, and this has {0}: give all of its bytes, and not as text")]
    Size(usize),
    /// More data than a report can hold, in bytes.
    #[error("a report holds at most 1024 bytes of data, and this one claims {0}: ask for a new one")]
    DataLength(u64),
}

impl Report {
    /// Bytes of a report.
    pub const SIZE: usize = 1352;

    /// Bytes of the buffer in which Eyrie, Keystone's runtime, returns a report. Those behind the report mean nothing.
    pub const RUNTIME_SIZE: usize = 2048;

    /// The most bytes of data in a report.
    pub const DATA_MAX: usize = 1024;

    /// Reads a report of [`Self::SIZE`] or [`Self::RUNTIME_SIZE`] bytes. This verifies nothing.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        if bytes.len() != Self::SIZE && bytes.len() != Self::RUNTIME_SIZE {
            return Err(ParseError::Size(bytes.len()));
        }
        let mut report = Self::fields(bytes).ok_or(ParseError::Size(bytes.len()))?;
        let unused = usize::try_from(report.data_len).ok().and_then(|length| report.data.get_mut(length..));
        // The security monitor does not clear these bytes, so they hold what was on its stack.
        unused.ok_or(ParseError::DataLength(report.data_len))?.fill(0);
        Ok(report)
    }

    fn fields(mut rest: &[u8]) -> Option<Self> {
        Some(Self {
            measurement: take(&mut rest)?,
            data_len: u64::from_le_bytes(take(&mut rest)?),
            data: take(&mut rest)?,
            signature: take(&mut rest)?,
            sm_hash: take(&mut rest)?,
            sm_key: take(&mut rest)?,
            sm_signature: take(&mut rest)?,
            device_key: take(&mut rest)?,
        })
    }

    /// The report's bytes, with zeros behind the data.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let length = self.data_len.to_le_bytes();
        let tail = [&self.signature[..], &self.sm_hash, &self.sm_key, &self.sm_signature, &self.device_key];
        let parts = [&self.measurement[..], &length, &self.data].into_iter().chain(tail);
        let mut bytes = [0; Self::SIZE];
        bytes.iter_mut().zip(parts.flatten()).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// The measurement of the enclave, as it was when it was started.
    pub fn measurement(&self) -> Measurement {
        Measurement(self.measurement)
    }

    /// What the program in the enclave wanted attested, at most [`Self::DATA_MAX`] bytes.
    pub fn data(&self) -> &[u8] {
        usize::try_from(self.data_len).ok().and_then(|length| self.data.get(..length)).unwrap_or_default()
    }

    /// The meaning of the data; `None` if wasmstone's enclave app does not write such data.
    pub fn contents(&self) -> Option<ReportData<'_>> {
        ReportData::parse(self.data())
    }

    /// The hash of the security monitor, which the boot ROM computed.
    pub fn sm_hash(&self) -> SmHash {
        SmHash(self.sm_hash)
    }

    /// The key of the device, for which its boot ROM signed.
    pub fn device_key(&self) -> DeviceKey {
        DeviceKey(self.device_key)
    }

    /// What the device signs, and its signature.
    pub(crate) fn signed_by_device(&self) -> (Vec<u8>, &[u8; 64]) {
        ([&self.sm_hash[..], &self.sm_key].concat(), &self.sm_signature)
    }

    /// What the security monitor signs, which ends with the data, and its signature.
    pub(crate) fn signed_by_sm(&self) -> (Vec<u8>, &[u8; 64]) {
        ([&self.measurement[..], &self.data_len.to_le_bytes(), self.data()].concat(), &self.signature)
    }
}

impl Evidence for Report {
    fn claims(&self) -> Result<Claims<'_>, Refusal> {
        // A boot ROM that does not measure the security monitor leaves these fields zero.
        if [&self.sm_hash[..], &self.sm_key, &self.sm_signature].into_iter().flatten().all(|byte| *byte == 0) {
            return Err(Refusal::SmNotMeasured);
        }
        let (device_key, sm_hash, measurement) = (self.device_key(), self.sm_hash(), self.measurement());
        let public_test_key = device_key == DeviceKey::PUBLIC_TEST;
        let risks = Risks { public_test_key, simulator: device_key == DeviceKey::SIMULATOR };
        Ok(Claims { device_key, sm_hash, measurement, data: self.data(), risks })
    }

    fn check_signatures(&self) -> Result<(), Refusal> {
        let (message, signature) = self.signed_by_device();
        verifies(&self.device_key, &message, signature).then_some(()).ok_or(Refusal::SmSignature)?;
        let (message, signature) = self.signed_by_sm();
        verifies(&self.sm_key, &message, signature).then_some(()).ok_or(Refusal::EnclaveSignature)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*field)
}

/// Whether `signature` is `key`'s over `message`.
///
/// The rules are the strict ones of `VerifyingKey::verify_strict`, which is for SHA-512 only: no cofactor, a reduced
/// S, one encoding of R, and neither R nor the key of small order.
fn verifies(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    // R is a point as the key is: this type decodes both, and tells points of small order.
    let strong = |point: &[u8; 32]| VerifyingKey::from_bytes(point).ok().filter(|point| !point.is_weak());
    match (strong(key), strong(signature.r_bytes())) {
        (Some(key), Some(_)) => raw_verify::<Sha3_512>(&key, message, &signature).is_ok(),
        _ => false,
    }
}
