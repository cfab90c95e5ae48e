//! Attestation results: what a Verifier signs for a Relying Party.

use super::{Claims, TokenError, bytes, decode, encode};
use crate::{Report, Risks, Verified};
use alloc::{string::String, vec, vec::Vec};
use coset::cbor::Value;
use coset::iana::{Algorithm, CborTag, CwtClaimName, EnumI64, HeaderParameter};
use coset::{ProtectedHeader, SignatureContext, sig_structure_data};
use ed25519_dalek::{Signature, VerifyingKey};

/// The profile of results, which `docs/attestation.md` describes.
pub const RESULT_PROFILE: &str = "urn:uuid:5153bac5-0fc3-4621-aad3-cbf8bd7dafb2";

/// The tag of a CBOR Web Token (RFC 8392).
const CWT: u64 = 61;
const SIGN1: u64 = CborTag::CoseSign1 as u64;
const FORM: TokenError =
    TokenError::Form("an attestation result, which is a CBOR Web Token in COSE_Sign1 with EdDSA and a key id");

const ISSUER: i64 = CwtClaimName::Iss as i64;
const ISSUED_AT: i64 = CwtClaimName::Iat as i64;
// For private use.
const RISKS: i64 = -70004;

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
