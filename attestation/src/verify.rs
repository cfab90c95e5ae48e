//! The checks, in their order.

use crate::data::{NONCE_MAX, NONCE_MIN, ReportData};
use crate::{DeviceKey, Evidence, Measurement, Refusal, Report, SignerId, SmHash};
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

/// Evidence that passed [`Pins::verify`]. There is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<E = Report> {
    evidence: E,
    risks: Risks,
    key: Option<[u8; 32]>,
}

impl<E> Verified<E> {
    /// The evidence: of Keystone, a report.
    pub fn report(&self) -> &E {
        &self.evidence
    }

    /// The risks that were taken, of those that the caller accepted.
    pub fn risks(&self) -> Risks {
        self.risks
    }

    /// The X25519 public key of the enclave, if the data is that of an exchange.
    pub fn key(&self) -> Option<[u8; 32]> {
        self.key
    }
}

impl Pins {
    /// Checks a report, or other evidence, completely. Both signatures come first: nothing is compared with pins
    /// before they are found right.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify<E: Evidence>(&self, report: &E, data: Expected<'_>, accepted: Risks) -> Result<Verified<E>, Refusal> {
        let claims = report.claims()?;
        match claims.risks {
            Risks { public_test_key: true, .. } if !accepted.public_test_key => return Err(Refusal::PublicTestKey),
            Risks { simulator: true, .. } if !accepted.simulator => return Err(Refusal::SimulatorKey),
            _ => report.check_signatures()?,
        }
        pinned(&self.device_keys, claims.device_key, Refusal::NoDeviceKeys, Refusal::DeviceKey)?;
        pinned(&self.sm_hashes, claims.sm_hash, Refusal::NoSmHashes, Refusal::SmHash)?;
        pinned(&self.measurements, claims.measurement, Refusal::NoMeasurements, Refusal::Measurement)?;
        let key = data.check(ReportData::parse(claims.data))?;
        Ok(Verified { evidence: report.clone(), risks: claims.risks, key })
    }

    /// Verifies a report over an exchange with this nonce. Also returns the X25519 public key of the enclave, to which
    /// secrets for it can be encrypted.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_exchange(
        &self,
        report: &Report,
        nonce: &[u8],
        accepted: Risks,
    ) -> Result<(Verified, [u8; 32]), Refusal> {
        let verified = self.verify(report, Expected::Exchange(nonce), accepted)?;
        verified.key.map(|key| (verified, key)).ok_or(NO_EXCHANGE)
    }
}

fn pinned<T: PartialEq>(pins: &[T], value: T, none: Refusal, other: fn(T) -> Refusal) -> Result<(), Refusal> {
    match pins {
        [] => Err(none),
        _ if pins.contains(&value) => Ok(()),
        _ => Err(other(value)),
    }
}

const NO_GUEST: Refusal = Refusal::DataKind("a guest's, of at most 64 bytes");
const NO_EXCHANGE: Refusal = Refusal::DataKind("over a nonce and a key, as \"attest report\" makes it");

impl Expected<'_> {
    /// Whether this is the data. Returns the key of an exchange.
    fn check(self, data: Option<ReportData<'_>>) -> Result<Option<[u8; 32]>, Refusal> {
        if let Self::GuestBeginning(nonce) | Self::Exchange(nonce) = self
            && !(NONCE_MIN..=NONCE_MAX).contains(&nonce.len())
        {
            return Err(Refusal::NonceLength(nonce.len()));
        }
        let (same, key) = match (self, data) {
            (Self::Guest(expected), Some(ReportData::Guest(data))) => (data == expected, None),
            (Self::GuestBeginning(nonce), Some(ReportData::Guest(data))) => (data.starts_with(nonce), None),
            (Self::Exchange(expected), Some(ReportData::Exchange { nonce, key })) => (nonce == expected, Some(key)),
            (Self::Exchange(_), _) => return Err(NO_EXCHANGE),
            _ => return Err(NO_GUEST),
        };
        same.then_some(key).ok_or(Refusal::Data)
    }
}
