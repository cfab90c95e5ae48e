//! Keys, nonces, and the encryption of blocks.

use crate::error::{Error, Result};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use poly1305::Poly1305;
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key, which is wiped when it is dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// What decrypts a block, besides its object's key: nonce (24 bytes) and tag (16). It also authenticates the block,
/// since no other content has this tag. An entry of zeros means that the block was never written and reads as zeros.
pub type Entry = [u8; 40];

/// The entry of a block that was never written.
pub const HOLE: Entry = [0; 40];

/// The id of an object: the number of its inode and a random half, so that ids are never used twice. The host's file
/// is named by it, in hexadecimal digits.
pub type Id = [u8; 16];

/// Stands for the root record where an object's id is needed.
pub const ROOT: Id = *b"wasmstone root\0\0";
/// Stands for the journal where an object's id is needed.
pub const JOURNAL: Id = *b"wasmstonejournal";

const NOT_DERIVED: Error = Error::Damaged("a key cannot be derived");

/// Derives the key for the purpose `info` from `key` (HKDF-Expand, RFC 5869).
pub fn derive(key: &[u8; 32], info: &[&[u8]]) -> Result<Key> {
    let mut derived = Key::default();
    let hkdf = Hkdf::<Sha256>::from_prk(key).map_err(|_| NOT_DERIVED)?;
    hkdf.expand_multi_info(info, &mut *derived).map_err(|_| NOT_DERIVED)?;
    Ok(derived)
}

/// Where a block is in its object, as associated data of its encryption: it does not decrypt in another place.
fn place(level: u8, index: u64) -> [u8; 8] {
    (u64::from(level) << 56 | index).to_le_bytes()
}

/// The nonces of one opening.
///
/// Randomness and a counter would make them unique, if the host could not reset the machine so that the enclave gets
/// the same randomness twice. So they also depend on what is encrypted, through a hash with a secret key: two equal
/// nonces belong to the same bytes in the same place of the same object.
pub struct Nonces {
    make: Hkdf<Sha256>,
    digest: Key,
    prefix: Key,
    counter: u64,
}

impl Nonces {
    /// Nonces for a volume of this key; `entropy` and `state` make them different from those of every other opening.
    pub fn new(key: &[u8; 32], entropy: &[u8; 32], state: &[u8; 32]) -> Result<Self> {
        let make = derive(key, &[b"nonce"])?;
        Ok(Self {
            make: Hkdf::from_prk(&*make).map_err(|_| NOT_DERIVED)?,
            digest: derive(key, &[b"digest"])?,
            prefix: derive(key, &[b"opening", entropy, state])?,
            counter: 0,
        })
    }

    /// The random half of an object's id.
    pub fn unique(&mut self) -> Result<u64> {
        self.counter = self.counter.wrapping_add(1);
        let bytes = derive(&self.prefix, &[b"unique", &self.counter.to_le_bytes()])?;
        Ok(bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
    }

    /// Encrypts `plain` into `sealed`, which has the same length, and returns the entry that decrypts it.
    pub fn seal(
        &mut self,
        key: &[u8; 32],
        id: &Id,
        (level, index): (u8, u64),
        plain: &[u8],
        sealed: &mut [u8],
    ) -> Result<Entry> {
        const FAILED: Error = Error::Damaged("a block cannot be sealed");
        self.counter = self.counter.wrapping_add(1);
        let digest = Poly1305::new(&(*self.digest).into()).compute_unpadded(plain);
        let place = place(level, index);
        let mut nonce = XNonce::default();
        let info: [&[u8]; 5] = [&*self.prefix, &self.counter.to_le_bytes(), id, &place, &digest];
        self.make.expand_multi_info(&info, &mut nonce).map_err(|_| FAILED)?;
        let buffer = InOutBuf::new(plain, sealed).map_err(|_| FAILED)?;
        let cipher = XChaCha20Poly1305::new(&(*key).into());
        let tag = cipher.encrypt_inout_detached(&nonce, &place, buffer).map_err(|_| FAILED)?;
        let mut entry = HOLE;
        let (of_nonce, of_tag) = entry.split_at_mut(24);
        of_nonce.copy_from_slice(&nonce);
        of_tag.copy_from_slice(&tag);
        Ok(entry)
    }
}

/// Decrypts what was encrypted for this place. Returns whether it matches the entry; if not, nothing is decrypted.
pub fn open(key: &[u8; 32], (level, index): (u8, u64), entry: &Entry, buffer: InOutBuf<'_, '_, u8>) -> bool {
    let Some((nonce, tag)) = entry.split_first_chunk::<24>() else { return false };
    let Ok(tag) = <[u8; 16]>::try_from(tag) else { return false };
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    cipher.decrypt_inout_detached(&(*nonce).into(), &place(level, index), buffer, &tag.into()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{InOutBuf, Nonces, open};

    #[test]
    fn nonces_differ_by_content_place_and_count() {
        let nonces = || Nonces::new(&[1; 32], &[2; 32], &[3; 32]).unwrap();
        let mut out = [0; 64];
        let mut nonce = |nonces: &mut Nonces, id: u8, place, plain: u8| {
            nonces.seal(&[9; 32], &[id; 16], place, &[plain; 64], &mut out).unwrap()[..24].to_vec()
        };
        // The same opening lived through twice, as a host can arrange that resets the machine.
        let first = nonce(&mut nonces(), 0, (0, 0), 0);
        assert_eq!(nonce(&mut nonces(), 0, (0, 0), 0), first);
        assert_ne!(nonce(&mut nonces(), 0, (0, 0), 1), first);
        assert_ne!(nonce(&mut nonces(), 0, (0, 1), 0), first);
        assert_ne!(nonce(&mut nonces(), 1, (0, 0), 0), first);
        let mut further = nonces();
        assert_eq!(nonce(&mut further, 0, (0, 0), 0), first);
        assert_ne!(nonce(&mut further, 0, (0, 0), 0), first);
        let mut other = Nonces::new(&[1; 32], &[4; 32], &[3; 32]).unwrap();
        assert_ne!(nonce(&mut other, 0, (0, 0), 0), first);
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_only() {
        let mut nonces = Nonces::new(&[1; 32], &[2; 32], &[3; 32]).unwrap();
        let (plain, mut sealed, mut opened) = ([7; 4096], [0; 4096], [0; 4096]);
        let entry = nonces.seal(&[9; 32], &[0; 16], (1, 5), &plain, &mut sealed).unwrap();
        let mut opens = |key: u8, place, sealed: &[u8]| {
            open(&[key; 32], place, &entry, InOutBuf::new(sealed, &mut opened).unwrap())
        };
        assert!(opens(9, (1, 5), &sealed));
        assert!(!opens(8, (1, 5), &sealed));
        assert!(!opens(9, (0, 5), &sealed));
        assert!(!opens(9, (1, 4), &sealed));
        sealed[4095] ^= 1;
        assert!(!opens(9, (1, 5), &sealed));
        assert_eq!(opened, plain);
    }
}
