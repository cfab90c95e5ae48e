//! The keys of the owner, who alone may have the content of sealed directories moved to another release.
//!
//! A sealed directory is encrypted with a key that only one image gets on one machine. Its policy may name an owner.
//! The enclave takes a key that the owner wrapped for it as the key of a copy; `docs/sealed-storage.md` describes the
//! way from one release to the next.

mod store;

pub use store::OwnerStore;
pub use wasmstone_policy::WRAPPED_KEY_SIZE;

use crate::keys::{PemError, pem as text};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, aead::AeadInOut};
use ed25519_dalek::pkcs8::{
    self, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    spki::{
        self, AlgorithmIdentifierRef, DecodePublicKey, Document, EncodePublicKey, SubjectPublicKeyInfoRef,
        der::asn1::{BitStringRef, OctetStringRef},
        der::pem::{LineEnding, PemLabel},
    },
};
use hkdf::Hkdf;
use sha2::Sha256;
use std::io;
use wasmstone_attestation::{hex_bytes, hex_bytes_serde};
use wasmstone_policy::{TRANSFER_KEY_SIZE, TRANSFER_LABEL};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// X25519 (RFC 8410).
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

hex_bytes! {
    /// The X25519 public key (RFC 7748) of the owner, who may move sealed data.
    SealOwner, 32;
}
hex_bytes_serde!(SealOwner);

impl SealOwner {
    /// Reads a `PUBLIC KEY` PEM file.
    ///
    /// # Errors
    /// [`PemError`], in particular for a secret key, and for a key with which everybody could be the owner.
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(PemError::Secret);
        }
        let key = Self::from_public_key_pem(&text::block(pem, text::PUBLIC)).map_err(PemError::SealOwner)?;
        // With a point of small order, every secret key makes the same shared secret.
        let shared = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(key.0));
        if shared.was_contributory() { Ok(key) } else { Err(PemError::SealOwner(spki::Error::KeyMalformed)) }
    }

    /// The `PUBLIC KEY` PEM file.
    ///
    /// # Errors
    /// No error is known; the encoder's errors are passed on.
    pub fn to_pem(&self) -> Result<String, PemError> {
        self.to_public_key_pem(LineEnding::LF).map_err(PemError::SealOwner)
    }
}

impl TryFrom<SubjectPublicKeyInfoRef<'_>> for SealOwner {
    type Error = spki::Error;

    fn try_from(info: SubjectPublicKeyInfoRef<'_>) -> Result<Self, spki::Error> {
        info.algorithm.assert_algorithm_oid(X25519)?;
        let bytes = info.subject_public_key.as_bytes().ok_or(spki::Error::KeyMalformed)?;
        bytes.try_into().map(Self).map_err(|_| spki::Error::KeyMalformed)
    }
}

impl EncodePublicKey for SealOwner {
    fn to_public_key_der(&self) -> Result<Document, spki::Error> {
        let subject_public_key = BitStringRef::from_bytes(&self.0)?;
        let info = SubjectPublicKeyInfoRef { algorithm: ALGORITHM, subject_public_key };
        info.try_into()
    }
}

const ALGORITHM: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef { oid: X25519, parameters: None };

/// The owner's secret key. Its memory is cleared when it is dropped.
pub struct OwnerSecret(StaticSecret);

impl OwnerSecret {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub fn generate() -> io::Result<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        random(&mut *secret)?;
        Ok(Self(StaticSecret::from(*secret)))
    }

    /// Reads a `PRIVATE KEY` PEM file.
    ///
    /// # Errors
    /// [`PemError`].
    pub fn from_pem(pem: &str) -> Result<Self, PemError> {
        pkcs8::DecodePrivateKey::from_pkcs8_pem(&text::block(pem, text::SECRET)).map_err(PemError::SealOwnerSecret)
    }

    /// The `PRIVATE KEY` PEM file, as OpenSSL writes it.
    ///
    /// # Errors
    /// No error is known; the encoder's errors are passed on.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, PemError> {
        let encoded = || {
            // An octet string in an octet string (RFC 8410).
            let mut key = Zeroizing::new([0; 34]);
            let (head, secret) = key.split_at_mut(2);
            head.copy_from_slice(&[0x04, 32]);
            secret.copy_from_slice(self.0.as_bytes());
            let info = PrivateKeyInfoRef::new(ALGORITHM, OctetStringRef::new(&*key)?);
            let document = SecretDocument::try_from(&info)?;
            Ok(document.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)?)
        };
        encoded().map_err(PemError::SealOwnerSecret)
    }

    /// The public key of this secret key, which the policy names.
    pub fn public(&self) -> SealOwner {
        SealOwner(PublicKey::from(&self.0).to_bytes())
    }

    /// Wraps a transfer key for the enclave with this X25519 public key, which the enclave's report shows. Only that
    /// enclave can unwrap it, and only this owner could have wrapped it.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn wrap(&self, key: &TransferKey, enclave: &[u8; 32]) -> Result<[u8; WRAPPED_KEY_SIZE], WrapError> {
        let mut nonce = [0; 24];
        random(&mut nonce).map_err(WrapError::Random)?;
        self.wrap_with(key, enclave, &nonce).ok_or(WrapError::EnclaveKey)
    }

    fn wrap_with(&self, key: &TransferKey, enclave: &[u8; 32], nonce: &[u8; 24]) -> Option<[u8; WRAPPED_KEY_SIZE]> {
        let shared = self.0.diffie_hellman(&PublicKey::from(*enclave));
        if !shared.was_contributory() {
            return None;
        }
        let info = [&TRANSFER_LABEL[..], &self.public().0, enclave].concat();
        let mut wrapping = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, shared.as_bytes()).expand(&info, &mut *wrapping).ok()?;
        let mut wrapped = [0; WRAPPED_KEY_SIZE];
        let (head, rest) = wrapped.split_at_mut(nonce.len());
        let (text, tag) = rest.split_at_mut(TransferKey::SIZE);
        head.copy_from_slice(nonce);
        text.copy_from_slice(&*key.0);
        let cipher = XChaCha20Poly1305::new((&*wrapping).into());
        tag.copy_from_slice(&cipher.encrypt_inout_detached(nonce.into(), &[], text.into()).ok()?);
        Some(wrapped)
    }
}

impl TryFrom<PrivateKeyInfoRef<'_>> for OwnerSecret {
    type Error = pkcs8::Error;

    fn try_from(info: PrivateKeyInfoRef<'_>) -> Result<Self, pkcs8::Error> {
        info.algorithm.assert_algorithm_oid(X25519)?;
        match info.private_key.as_bytes() {
            [0x04, 32, secret @ ..] => secret.try_into().ok(),
            _ => None,
        }
        .map(|secret: [u8; 32]| Self(StaticSecret::from(secret)))
        .ok_or(pkcs8::Error::KeyMalformed(pkcs8::KeyError::Invalid))
    }
}

impl std::fmt::Debug for OwnerSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnerSecret({})", self.public())
    }
}

/// The key of a copy that is on its way from one enclave to another. Its memory is cleared when it is dropped.
pub struct TransferKey(Zeroizing<[u8; Self::SIZE]>);

impl TransferKey {
    /// Bytes of a transfer key.
    pub const SIZE: usize = TRANSFER_KEY_SIZE;

    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub fn generate() -> io::Result<Self> {
        let mut key = Zeroizing::new([0; Self::SIZE]);
        random(&mut *key)?;
        Ok(Self(key))
    }

    /// The key with these bytes; `None` if there are more or fewer than [`Self::SIZE`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }
}

/// Why a transfer key was not wrapped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// With the key that the enclave gave, everybody could unwrap it.
    #[error("with the enclave's key everybody could read the secret: ask the enclave for a new report")]
    EnclaveKey,
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Random(#[source] io::Error),
}

fn random(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::{OwnerSecret, TransferKey};
    use x25519_dalek::{PublicKey, StaticSecret};

    /// The values come from other implementations of X25519, HKDF and XChaCha20-Poly1305.
    #[test]
    fn a_wrapped_key_has_these_bytes() {
        let owner = OwnerSecret(StaticSecret::from([1; 32]));
        let enclave = PublicKey::from(&StaticSecret::from([2; 32]));
        let key = TransferKey::from_bytes(&[4; 32]).unwrap();
        let wrapped = owner.wrap_with(&key, enclave.as_bytes(), &[3; 24]).unwrap();
        let expected =
            "542ffb5078d6b50133cf1abcaa7cae1c2be4feee198e7515c9dd635718293b3bd9d8b24bacb2cd638b09f377a79e3842";
        assert_eq!(hex::encode(wrapped), "03".repeat(24) + expected);
    }

    #[test]
    fn nothing_is_wrapped_for_everybody() {
        let owner = OwnerSecret(StaticSecret::from([7; 32]));
        let key = TransferKey::from_bytes(&[9; 32]).unwrap();
        assert!(owner.wrap(&key, &[0; 32]).is_err());
        assert!(TransferKey::from_bytes(&[9; 31]).is_none());
    }
}
