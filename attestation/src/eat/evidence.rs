//! Evidence: a report on its way to a Verifier.

use super::{Claims, TokenError, decode, encode};
use crate::Report;
use alloc::vec::Vec;
use coset::cbor::Value;

/// The profile of evidence, which `docs/attestation.md` describes.
pub const EVIDENCE_PROFILE: &str = "urn:uuid:3998da7c-4684-4761-a7cf-86fac852dece";

/// The tag of an unprotected CWT claims set (RFC 9781). What protects the report is in the report.
const UCCS: u64 = 601;

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
