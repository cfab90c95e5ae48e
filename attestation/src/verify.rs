//! The checks, in their order.

use crate::data::{NONCE_MAX, NONCE_MIN, ReportData};
use crate::keystone::verifies;
use crate::{DeviceKey, Measurement, Refusal, Report, SignerId, SmHash};
use alloc::{string::String, vec::Vec};

/// What is accepted. An empty list accepts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// What the pins are for, for people.
    pub name: Option<String>,
    /// The programs: one measurement for each target that the bundle was built for.
    pub measurements: Vec<Measurement>,
    /// The security monitors.
    pub sm_hashes: Vec<SmHash>,
    /// The devices.
    pub device_keys: Vec<DeviceKey>,
    /// Who signed the bundle that the measurements are of. For people: no report shows it.
    pub signers: Vec<SignerId>,
}

/// What a report's data has to be, so that it is fresh and for this verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Exactly these bytes, from the guest.
    Guest(&'a [u8]),
    /// From the guest, and beginning with these bytes: a nonce of at least [`NONCE_MIN`]. The rest is for the caller
    /// to judge.
    GuestBeginning(&'a [u8]),
    /// This nonce, and whatever key the enclave has: [`Verified::key`].
    Exchange(&'a [u8]),
}

/// Device keys whose secret keys are public, and which are accepted only where the caller names them. They have to be
/// among the pins all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Risks {
    /// [`DeviceKey::PUBLIC_TEST`]: anybody can have made the report.
    pub public_test_key: bool,
    /// [`DeviceKey::SIMULATOR`]: anybody can have made the report.
    pub simulator: bool,
}

impl Risks {
    const NAMES: [&str; 2] = ["public-test-key", "simulator"];

    /// The names of these risks, for machines. Names do not change.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = [self.public_test_key, self.simulator];
        Self::NAMES.into_iter().zip(named).filter_map(|(name, named)| named.then_some(name))
    }

    /// The risks whose names are `named`.
    pub fn from_names(named: impl FnMut(&'static str) -> bool) -> Self {
        let [public_test_key, simulator] = Self::NAMES.map(named);
        Self { public_test_key, simulator }
    }
}

/// A report that passed [`Pins::verify`]. There is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    report: Report,
    risks: Risks,
}

impl Verified {
    /// The report.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The risks that it took to accept the report, of those that the caller named.
    pub fn risks(&self) -> Risks {
        self.risks
    }

    /// The X25519 public key of the enclave, where the report is over an exchange.
    pub fn key(&self) -> Option<[u8; 32]> {
        match self.report.contents() {
            Some(ReportData::Exchange { key, .. }) => Some(key),
            _ => None,
        }
    }
}

impl Pins {
    /// Checks everything about a report. Nothing in it is compared before both signatures are found right, other than
    /// with keys that are refused.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(&self, report: &Report, expected: Expected<'_>, risks: Risks) -> Result<Verified, Refusal> {
        let risks = accepted(report, risks)?;
        signatures(report)?;
        let (device_key, sm_hash, measurement) = (report.device_key(), report.sm_hash(), report.measurement());
        pinned(&self.device_keys, device_key, Refusal::NoDeviceKeys, Refusal::DeviceKey)?;
        pinned(&self.sm_hashes, sm_hash, Refusal::NoSmHashes, Refusal::SmHash)?;
        pinned(&self.measurements, measurement, Refusal::NoMeasurements, Refusal::Measurement)?;
        expected.check(report)?;
        Ok(Verified { report: report.clone(), risks })
    }

    /// Verifies a report over an exchange with this nonce: what it returns with is the X25519 public key to which
    /// secrets for this enclave can be encrypted.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_exchange(
        &self,
        report: &Report,
        nonce: &[u8],
        risks: Risks,
    ) -> Result<(Verified, [u8; 32]), Refusal> {
        let verified = self.verify(report, Expected::Exchange(nonce), risks)?;
        verified.key().map(|key| (verified, key)).ok_or(NO_EXCHANGE)
    }
}

/// The risks that the report takes, where all of them are named.
fn accepted(report: &Report, named: Risks) -> Result<Risks, Refusal> {
    if !report.sm_is_measured() {
        return Err(Refusal::SmNotMeasured);
    }
    let device = report.device_key();
    let taken = Risks { public_test_key: device == DeviceKey::PUBLIC_TEST, simulator: device == DeviceKey::SIMULATOR };
    match taken {
        Risks { public_test_key: true, .. } if !named.public_test_key => Err(Refusal::PublicTestKey),
        Risks { simulator: true, .. } if !named.simulator => Err(Refusal::SimulatorKey),
        _ => Ok(taken),
    }
}

fn signatures(report: &Report) -> Result<(), Refusal> {
    let (message, signature) = report.signed_by_device();
    verifies(&report.device_key().0, &message, signature).then_some(()).ok_or(Refusal::SmSignature)?;
    let (message, signature) = report.signed_by_sm();
    verifies(&report.sm_key(), &message, signature).then_some(()).ok_or(Refusal::EnclaveSignature)
}

fn pinned<T: PartialEq>(pins: &[T], value: T, none: Refusal, other: fn(T) -> Refusal) -> Result<(), Refusal> {
    match pins {
        [] => Err(none),
        _ if pins.contains(&value) => Ok(()),
        _ => Err(other(value)),
    }
}

const NO_GUEST: Refusal = Refusal::DataKind { expected: "a guest's, of at most 64 bytes" };
const NO_EXCHANGE: Refusal = Refusal::DataKind { expected: "over a nonce and a key, as \"attest report\" makes it" };

impl Expected<'_> {
    fn check(self, report: &Report) -> Result<(), Refusal> {
        if let Self::GuestBeginning(nonce) | Self::Exchange(nonce) = self
            && !(NONCE_MIN..=NONCE_MAX).contains(&nonce.len())
        {
            return Err(Refusal::NonceLength(nonce.len()));
        }
        let same = match (self, report.contents()) {
            (Self::Guest(expected), Some(ReportData::Guest(data))) => data == expected,
            (Self::GuestBeginning(nonce), Some(ReportData::Guest(data))) => data.starts_with(nonce),
            (Self::Exchange(expected), Some(ReportData::Exchange { nonce, .. })) => nonce == expected,
            (Self::Exchange(_), _) => return Err(NO_EXCHANGE),
            _ => return Err(NO_GUEST),
        };
        same.then_some(()).ok_or(Refusal::Data)
    }
}
