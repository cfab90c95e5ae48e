//! Reports and verdicts as Entity Attestation Tokens (RFC 9711) in CBOR, for services that speak RATS (RFC 9334).
//!
//! [`evidence`] carries a report to a Verifier; an [`AttestationResult`] is what a Verifier signs for a Relying Party.
//! Tokens are written with definite lengths, preferred serialization, and map keys in bytewise order.

mod evidence;
mod result;

pub use evidence::{EVIDENCE_PROFILE, evidence, parse_evidence};
pub use result::{AttestationResult, RESULT_PROFILE, verify_result};

use crate::data::NONCE_MIN;
use crate::{Report, ReportData};
use alloc::{vec, vec::Vec};
use coset::CborSerializable;
use coset::cbor::Value;
use coset::iana::{CoapContentFormat, CwtClaimName, EnumI64};

/// The most bytes of a token: several times what any needs.
const MAX_TOKEN_BYTES: usize = 16 << 10;

const NONCE: i64 = CwtClaimName::Nonce as i64;
const PROFILE: i64 = CwtClaimName::EatProfile as i64;
const SUBMODULES: i64 = CwtClaimName::SubmodulesSection as i64;
// For private use, as all below -65536 are (RFC 8392).
const REPORT: i64 = -70001;
const DEVICE_KEY: i64 = -70002;
const DATA: i64 = -70003;

/// Why bytes are not a token that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not CBOR, or not of this kind of token.
    #[error("not {0}: ask for a token of this kind")]
    Form(&'static str),
    /// A claim that is missing or there twice, or says something else than the profile allows or the report does.
    #[error("the token's claim {0} is missing, or is not what its profile and its report say: ask for a new token")]
    Claim(i64),
    /// Not the key's signature.
    #[error("the token is not signed by the given key: refuse it, for it was altered or somebody else made it")]
    Signature,
}

/// A claims set: labels and what they mean.
struct Claims(Vec<(Value, Value)>);

impl Claims {
    /// What tokens of both kinds say about a report.
    fn new(profile: &str, report: &Report) -> Self {
        let nonce = match report.contents() {
            Some(ReportData::Exchange { nonce, .. }) => Some(nonce),
            // Whether it is one is between guest and verifier, as with the user data of other architectures.
            Some(ReportData::Guest(data)) => Some(data).filter(|data| data.len() >= NONCE_MIN),
            None => None,
        };
        let modules = [("enclave", report.measurement().0), ("security-monitor", report.sm_hash().0)];
        let modules = modules.map(|(name, hash)| (name.into(), measurements(&hash)));
        let nonce = nonce.map(|nonce| (NONCE, bytes(nonce)));
        let rest = [
            (PROFILE, profile.into()),
            (SUBMODULES, Value::Map(modules.into())),
            (REPORT, bytes(&report.to_bytes())),
            (DEVICE_KEY, bytes(&report.device_key().0)),
            (DATA, bytes(report.data())),
        ];
        Self(nonce.into_iter().chain(rest).map(|(label, value)| (label.into(), value)).collect())
    }

    /// Reads a claims set and the report in it, of which nothing is believed. The other claims say what it says.
    fn parse(value: Value, profile: &str) -> Result<(Self, Report), TokenError> {
        let claims = Self(value.into_map().map_err(|_| TokenError::Form("a claims set"))?);
        if claims.get(PROFILE)?.as_text() != Some(profile) {
            return Err(TokenError::Claim(PROFILE));
        }
        let report = claims.get(REPORT)?.as_bytes().and_then(|report| Report::parse(report).ok());
        let report = report.ok_or(TokenError::Claim(REPORT))?;
        let expected = Self::new(profile, &report);
        for label in [NONCE, SUBMODULES, DEVICE_KEY, DATA] {
            if claims.get(label).ok() != expected.get(label).ok() {
                return Err(TokenError::Claim(label));
            }
        }
        Ok((claims, report))
    }

    /// The claim with this label, of which there is one and only one.
    fn get(&self, label: i64) -> Result<&Value, TokenError> {
        let mut values = self.0.iter().filter(|(other, _)| *other == label.into());
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(TokenError::Claim(label)),
        }
    }
}

/// A submodule that is one hash. There is no content format for a bare hash, so that it is a string of bytes.
fn measurements(hash: &[u8; 64]) -> Value {
    let measurement = Value::Array(vec![CoapContentFormat::OctetStream.to_i64().into(), bytes(hash)]);
    Value::Map(vec![(CwtClaimName::Measurements.to_i64().into(), Value::Array(vec![measurement]))])
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// Memory can always be written to, so that this does not fail.
fn encode(value: Value) -> Vec<u8> {
    value.to_vec().unwrap_or_default()
}

fn decode(encoded: &[u8]) -> Option<Value> {
    if encoded.len() > MAX_TOKEN_BYTES { None } else { Value::from_slice(encoded).ok() }
}
