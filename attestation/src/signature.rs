//! Keystone's signatures: Ed25519 with SHA3-512 in the place of SHA-512, which verifiers of RFC 8032 do not accept.

use ed25519_dalek::{Signature, VerifyingKey, hazmat::raw_verify};
use sha3::Sha3_512;

/// Whether `signature` is `key`'s over `message`.
///
/// The rules are the strict ones of `VerifyingKey::verify_strict`, which is for SHA-512 only: no cofactor, a reduced
/// S, one encoding of R, and neither R nor the key of small order.
pub fn verifies(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    // A point is a point: this type only knows how to read one, and how to tell its order.
    let strong = |point: &[u8; 32]| VerifyingKey::from_bytes(point).ok().filter(|point| !point.is_weak());
    match (strong(key), strong(signature.r_bytes())) {
        (Some(key), Some(_)) => raw_verify::<Sha3_512>(&key, message, &signature).is_ok(),
        _ => false,
    }
}
