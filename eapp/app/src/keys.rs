//! Keys that only this image gets on this machine, the same in every run: they are derived from a secret of the
//! machine, with a name of its own for each use.

use crate::platform::Platform;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, aead::AeadInOut};
use hkdf::Hkdf;
use sha2::Sha256;
use wasmstone_policy::TRANSFER_LABEL;
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
use zeroize::Zeroizing;

/// A key, wiped when it is dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// The uses of keys. Each has a sealing key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The files of sealed directories, by the guest's path of the directory.
    Directory,
    /// Keys of the guest, by its label.
    Label,
}

impl Use {
    const fn identifier(self) -> &'static [u8] {
        match self {
            Self::Directory => b"wasmstone directory v1",
            Self::Label => b"wasmstone guest v1",
        }
    }
}

/// The key of the name `name` for a use; `None` if the machine has no keys.
pub fn named(platform: &mut dyn Platform, purpose: Use, name: &str) -> Option<Key> {
    let mut secret = Zeroizing::new([0; 32]);
    if !platform.sealing_key(purpose.identifier(), &mut secret) {
        return None;
    }
    derived(&*secret, name.as_bytes())
}

/// The key of a copy of the directory `path` that is moved under a transfer key. It differs for each path, so no copy
/// can pass for that of another directory.
pub fn moved(transfer: &[u8; 32], path: &str) -> Option<Key> {
    derived(transfer, path.as_bytes())
}

/// HKDF-SHA256 (RFC 5869) without a salt.
fn derived(secret: &[u8], info: &[u8]) -> Option<Key> {
    let mut key = Zeroizing::new([0; 32]);
    // 32 bytes are never too many.
    Hkdf::<Sha256>::new(None, secret).expand(info, &mut *key).ok()?;
    Some(key)
}

/// The X25519 key pair (RFC 7748) with which others wrap keys for this enclave.
pub struct ExchangeKey(Key);

impl ExchangeKey {
    /// This enclave's key pair; `None` if the machine has no keys.
    pub fn own(platform: &mut dyn Platform) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        platform.sealing_key(b"wasmstone exchange v1", &mut secret).then_some(Self(secret))
    }

    /// The public key.
    pub fn public(&self) -> [u8; 32] {
        x25519(*self.0, X25519_BASEPOINT_BYTES)
    }

    /// The key that only this enclave and `owner` can compute; `None` for one of the few public keys with which
    /// everybody can compute it.
    pub fn shared_with(&self, owner: &[u8; 32]) -> Option<Key> {
        let shared = Zeroizing::new(x25519(*self.0, *owner));
        if *shared == [0; 32] {
            return None;
        }
        let mut info = [0; TRANSFER_LABEL.len() + 32 + 32];
        let (label, keys) = info.split_at_mut(TRANSFER_LABEL.len());
        let (first, second) = keys.split_at_mut(32);
        label.copy_from_slice(TRANSFER_LABEL);
        first.copy_from_slice(owner);
        second.copy_from_slice(&self.public());
        derived(&*shared, &info)
    }

    /// The transfer key in `wrapped`: nonce, encrypted key, tag. `None` if `owner` did not wrap it for this enclave.
    pub fn unwrapped(&self, owner: &[u8; 32], wrapped: &[u8]) -> Option<Key> {
        let (nonce, rest) = wrapped.split_first_chunk::<24>()?;
        let (encrypted, tag) = rest.split_first_chunk::<32>()?;
        let tag: &[u8; 16] = tag.try_into().ok()?;
        let mut key = Zeroizing::new(*encrypted);
        let cipher = XChaCha20Poly1305::new((&*self.shared_with(owner)?).into());
        cipher.decrypt_inout_detached(nonce.into(), &[], key.as_mut_slice().into(), tag.into()).ok()?;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values come from other implementations of X25519, HKDF and XChaCha20-Poly1305.
    const CIPHERTEXT: &str =
        "542ffb5078d6b50133cf1abcaa7cae1c2be4feee198e7515c9dd635718293b3bd9d8b24bacb2cd638b09f377a79e3842";

    #[test]
    fn what_the_owner_wrapped_is_unwrapped_and_nothing_else() {
        let exchange = |secret| ExchangeKey(Zeroizing::new([secret; 32]));
        let (owner, own) = (exchange(1).public(), exchange(2));
        let digits = CIPHERTEXT.as_bytes().chunks(2);
        let ciphertext = digits.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap());
        let mut wrapped: alloc::vec::Vec<u8> = [3; 24].into_iter().chain(ciphertext).collect();
        assert_eq!(own.unwrapped(&owner, &wrapped).map(|key| *key), Some([4; 32]));
        for position in 0..wrapped.len() {
            wrapped[position] ^= 1;
            assert_eq!(own.unwrapped(&owner, &wrapped), None, "{position}");
            wrapped[position] ^= 1;
            assert_eq!(own.unwrapped(&owner, &wrapped[..position]), None, "{position}");
        }
        assert_eq!(own.unwrapped(&[0; 32], &wrapped), None);
        assert_eq!(exchange(5).unwrapped(&owner, &wrapped), None);
    }
}
