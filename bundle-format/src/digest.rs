//! SHA-256 digests.

use sha2::{Digest, Sha256};
use wasmstone_attestation::{hex_bytes, hex_bytes_serde};

hex_bytes! {
    /// A SHA-256 digest.
    Sha256Digest, 32;
}
hex_bytes_serde!(Sha256Digest);

impl Sha256Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}
