//! How the owner of sealed data hands a key to an enclave: the owner wraps it, and the enclave app unwraps it.
//! `docs/sealed-storage.md` describes when.

/// What the wrapping key is derived under (HKDF), before the owner's public key and the enclave's.
pub const TRANSFER_LABEL: &[u8; 21] = b"wasmstone transfer v1";

/// Bytes of a transfer key.
pub const TRANSFER_KEY_SIZE: usize = 32;

/// Bytes of a wrapped transfer key: nonce, encrypted key and tag of XChaCha20-Poly1305.
pub const WRAPPED_KEY_SIZE: usize = 24 + TRANSFER_KEY_SIZE + 16;
