//! Reports and verdicts as Entity Attestation Tokens (RFC 9711) in CBOR, for services that speak RATS (RFC 9334).
//!
//! [`evidence`] carries a report to a Verifier; an [`AttestationResult`] is what a Verifier signs for a Relying Party.
//! Tokens are written with definite lengths, preferred serialization, and map keys in bytewise order.

use crate::data::NONCE_MIN;
use crate::{Report, ReportData, Risks, Verified};
use alloc::{string::String, vec, vec::Vec};
use coset::cbor::Value;
use coset::iana::{Algorithm, CborTag, CoapContentFormat, CwtClaimName, EnumI64, HeaderParameter};
use coset::{CborSerializable, ProtectedHeader, SignatureContext, sig_structure_data};
use ed25519_dalek::{Signature, VerifyingKey};

/// The profile of evidence, which `docs/attestation.md` describes.
pub const EVIDENCE_PROFILE: &str = "urn:uuid:3998da7c-4684-4761-a7cf-86fac852dece";

/// The tag of an unprotected CWT claims set (RFC 9781). What protects the report is in the report.
const UCCS: u64 = 601;

/// The profile of results, which `docs/attestation.md` describes.
pub const RESULT_PROFILE: &str = "urn:uuid:5153bac5-0fc3-4621-aad3-cbf8bd7dafb2";

/// The tag of a CBOR Web Token (RFC 8392).
const CWT: u64 = 61;
const SIGN1: u64 = CborTag::CoseSign1 as u64;
const FORM: TokenError =
    TokenError::Form("an attestation result, which is a CBOR Web Token in COSE_Sign1 with EdDSA and a key id");

const ISSUER: i64 = CwtClaimName::Iss as i64;
const ISSUED_AT: i64 = CwtClaimName::Iat as i64;
const RISKS: i64 = -70004;

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
    /// A claim is missing, comes twice, or contradicts the profile or the report.
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

    /// Reads a claims set and the report in it, without believing anything. The other claims repeat what the report
    /// says.
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

    /// The claim with this label, which must be there exactly once.
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

/// The evidence that a report is, in media type `application/eat-ucs+cbor`.
pub fn evidence(report: &Report) -> Vec<u8> {
    encode(Value::Tag(UCCS, Value::Map(Claims::new(EVIDENCE_PROFILE, report).0).into()))
}

/// Reads evidence, and believes nothing of it: the report has still to be verified.
///
/// # Errors
/// [`TokenError`].
pub fn parse_evidence(token: &[u8]) -> Result<Report, TokenError> {
    match decode(token) {
        Some(Value::Tag(UCCS, claims)) => Ok(Claims::parse(*claims, EVIDENCE_PROFILE)?.1),
        _ => Err(TokenError::Form("evidence, which is an unprotected CWT claims set, CBOR tag 601")),
    }
}

/// What a Verifier found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationResult {
    /// Who verified the report.
    pub issuer: String,
    /// When, in seconds since 1970.
    pub issued_at: i64,
    /// What was verified. The nonce in it is to be compared.
    pub report: Report,
    /// What the Verifier accepted although it proves nothing.
    pub risks: Risks,
}

impl AttestationResult {
    /// The result of a verification by `issuer` at `issued_at`, in seconds since 1970.
    pub fn new(verified: &Verified, issuer: &str, issued_at: i64) -> Self {
        Self { issuer: issuer.into(), issued_at, report: verified.report().clone(), risks: verified.risks() }
    }

    /// The token, in media type `application/eat+cwt`: `sign` makes the Verifier's Ed25519 signature (RFC 8032), and
    /// `key_id` is how Relying Parties call its key.
    pub fn sign(&self, key_id: &[u8], sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Vec<u8> {
        let header = encode(Value::Map(vec![
            (HeaderParameter::Alg.to_i64().into(), Algorithm::EdDSA.to_i64().into()),
            (HeaderParameter::Kid.to_i64().into(), bytes(key_id)),
        ]));
        let risks = self.risks.names().map(Value::from).collect();
        let mut claims = vec![(ISSUER.into(), self.issuer.as_str().into()), (ISSUED_AT.into(), self.issued_at.into())];
        claims.extend(Claims::new(RESULT_PROFILE, &self.report).0);
        claims.push((RISKS.into(), Value::Array(risks)));
        let payload = encode(Value::Map(claims));
        let signature = sign(&signed(&header, &payload));
        let parts = vec![Value::Bytes(header), Value::Map(Vec::new()), Value::Bytes(payload), bytes(&signature)];
        encode(Value::Tag(CWT, Value::Tag(SIGN1, Value::Array(parts).into()).into()))
    }

    fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let (claims, report) = Claims::parse(decode(payload).ok_or(FORM)?, RESULT_PROFILE)?;
        let issuer = claims.get(ISSUER)?.as_text().ok_or(TokenError::Claim(ISSUER))?.into();
        let issued_at = claims.get(ISSUED_AT)?.as_integer().and_then(|time| time.try_into().ok());
        let issued_at = issued_at.ok_or(TokenError::Claim(ISSUED_AT))?;
        let named = claims.get(RISKS)?.as_array().ok_or(TokenError::Claim(RISKS))?;
        let risks = Risks::from_names(|name| named.contains(&name.into()));
        // One that this release has no word for is still a risk.
        if risks.names().count() != named.len() {
            return Err(TokenError::Claim(RISKS));
        }
        Ok(Self { issuer, issued_at, report, risks })
    }
}

/// Checks that a token is signed by the Ed25519 key (RFC 8032), and reads it. It is for the caller to compare the
/// nonce, and to look at the time and at the risks.
///
/// # Errors
/// [`TokenError`].
pub fn verify_result(token: &[u8], public_key: &[u8; 32]) -> Result<AttestationResult, TokenError> {
    // Not by coset::CoseSign1, whose headers may hold headers without end.
    let Some(Value::Tag(CWT, token)) = decode(token) else { return Err(FORM) };
    let Value::Tag(SIGN1, token) = *token else { return Err(FORM) };
    let parts: [Value; 4] = token.into_array().ok().and_then(|parts| parts.try_into().ok()).ok_or(FORM)?;
    let [Value::Bytes(header), Value::Map(_), Value::Bytes(payload), Value::Bytes(signature)] = parts else {
        return Err(FORM);
    };
    if !decode(&header).is_some_and(is_eddsa) {
        return Err(FORM);
    }
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| TokenError::Signature)?;
    let signature = Signature::from_slice(&signature).map_err(|_| TokenError::Signature)?;
    key.verify_strict(&signed(&header, &payload), &signature).map_err(|_| TokenError::Signature)?;
    AttestationResult::parse(&payload)
}

/// Whether a header has algorithm and key id and nothing else, which could be critical and not understood.
fn is_eddsa(header: Value) -> bool {
    let fields = header.into_map().unwrap_or_default();
    let [(alg, eddsa), (kid, Value::Bytes(_))] = fields.as_slice() else { return false };
    *alg == HeaderParameter::Alg.to_i64().into()
        && *eddsa == Algorithm::EdDSA.to_i64().into()
        && *kid == HeaderParameter::Kid.to_i64().into()
}

/// What is signed (RFC 9052, section 4.4).
fn signed(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = ProtectedHeader { original_data: Some(header.to_vec()), ..ProtectedHeader::default() };
    sig_structure_data(SignatureContext::CoseSign1, header, None, &[], payload)
}
