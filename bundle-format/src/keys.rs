//! Ed25519 keys (RFC 8032), in the PEM files that OpenSSL reads and writes.

pub(crate) mod pem;
pub(crate) mod store;

pub use store::{KeyError, KeyKind, KeyStore, StoredKey};

use ed25519_dalek::{
    Signer, SigningKey, VerifyingKey,
    pkcs8::{
        self, DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
        spki::{self, der::pem::LineEnding},
    },
};
use wasmstone_attestation::{hex_bytes, hex_bytes_serde};
use zeroize::Zeroizing;

hex_bytes! {
    /// The id of a public key, which depends on the key alone: the SHA-256 of its SPKI DER.
    KeyId, 32;
}
hex_bytes_serde!(KeyId);

/// The DER of a SubjectPublicKeyInfo for Ed25519, up to the 32 bytes of the key (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl KeyId {
    /// The id of the public key with these bytes, whether or not they are a valid key.
    pub fn of(public_key: &[u8; 32]) -> Self {
        Self(crate::Sha256Digest::of(&[&SPKI_PREFIX[..], public_key].concat()).0)
    }

    /// The first 16 digits, for people.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }
}

/// A public key, which checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with these bytes of RFC 8032; `None` if they are not a key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().map(Self)
    }

    /// The bytes of RFC 8032.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Reads a `PUBLIC KEY` PEM file.
    ///
    /// # Errors
    /// [`PemError`], in particular for a secret key, which must not be passed around.
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(PemError::Secret);
        }
        VerifyingKey::from_public_key_pem(&pem::block(pem, pem::PUBLIC)).map(Self).map_err(PemError::Public)
    }

    /// The `PUBLIC KEY` PEM file.
    ///
    /// # Errors
    /// No error is known; the encoder's errors are passed on.
    pub fn to_pem(&self) -> Result<String, PemError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(PemError::Public)
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.to_bytes())
    }

    /// Whether `signature` is this key's over `message`. Weak keys and signatures of a second form are refused.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

/// A secret key, which makes signatures. Its memory is cleared when it is dropped.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub fn generate() -> std::io::Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(std::io::Error::other)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a `PRIVATE KEY` PEM file.
    ///
    /// # Errors
    /// [`PemError`].
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        SigningKey::from_pkcs8_pem(&pem::block(pem, pem::SECRET)).map(Self).map_err(PemError::Private)
    }

    /// The `PRIVATE KEY` PEM file.
    ///
    /// # Errors
    /// No error is known; the encoder's errors are passed on.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, PemError> {
        // The file holds no public key: OpenSSL 3.0 does not read the newer form that does.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).map_err(PemError::Private)
    }

    /// The public key of this secret key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature over `message`; it is the same each time.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey({})", self.public().id())
    }
}

/// Why text is not a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// It is a secret key where a public key was expected.
    #[error(
        "this is a SECRET key: keep it to yourself, and give its public key, \
         from \"wasmstone key show NAME\" or \"openssl pkey -in FILE -pubout\""
    )]
    Secret,
    /// It is not an Ed25519 public key.
    #[error("not an Ed25519 public key in PEM form ({0}): expected a file that begins with -----BEGIN PUBLIC KEY-----")]
    Public(spki::Error),
    /// It is not an Ed25519 secret key.
    #[error(
        "not an Ed25519 secret key in PEM form ({0}): expected a file that begins with -----BEGIN PRIVATE KEY-----"
    )]
    Private(pkcs8::Error),
    /// It is not an X25519 public key.
    #[error(
        "not an X25519 public key in PEM form ({0}): expected a file from \"wasmstone seal public NAME\" or from \
         \"openssl pkey -in FILE -pubout\" of an X25519 key; a key that signs is of another kind"
    )]
    SealOwner(spki::Error),
    /// It is not an X25519 secret key.
    #[error(
        "not an X25519 secret key in PEM form ({0}): expected a file from \"wasmstone seal key NAME\" or from \
         \"openssl genpkey -algorithm X25519\"; a key that signs is of another kind"
    )]
    SealOwnerSecret(pkcs8::Error),
}
