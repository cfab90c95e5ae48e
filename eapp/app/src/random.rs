//! Randomness: ChaCha20 generators that all come from one seed. HKDF (RFC 5869) makes the seed from bytes that the
//! host cannot know and bytes that the host gave, so that neither alone decides a stream.

use crate::channel::Channel;
use crate::keys::Key;
use crate::platform::Platform;
use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use hkdf::HkdfExtract;
use sha2::Sha256;
use wasmstone_edge_protocol::{Violation, launch, types::Empty};
use zeroize::Zeroizing;

/// The number of bytes made ahead: with the next key, four blocks of the cipher, which it makes at once.
const AHEAD: usize = 256 - 32;

/// How many bytes are given out before more entropy is mixed in.
const FRESH: usize = 1 << 20;

/// How often the time is read to mix it in.
const SAMPLES: usize = 32;

/// A generator. Its state tells nothing about the bytes that it gave out before: every refill replaces the key, bytes
/// are wiped when they are given out, and the rest is wiped when it is dropped.
pub struct Generator {
    key: Key,
    ahead: Zeroizing<[u8; AHEAD]>,
    /// The number of bytes of `ahead` that were given out.
    used: usize,
    /// Bytes given out since the last [`Generator::refresh`] that mixed something in.
    given: usize,
}

impl Generator {
    /// The first generator, from which all others are forked, made from entropy of the machine and of the host.
    pub fn new(platform: &mut dyn Platform, host: &[u8; 32]) -> Self {
        let mut private = Zeroizing::new([0; 64]);
        platform.private_entropy(&mut private);
        Self::keyed(mixed(host, &[b"wasmstone random v1", &*private]))
    }

    fn keyed(key: Key) -> Self {
        Self { key, ahead: Zeroizing::new([0; AHEAD]), used: AHEAD, given: 0 }
    }

    /// A generator for the use `label`. The numbers of the two tell nothing about each other.
    pub fn fork(&mut self, label: &[u8]) -> Self {
        let mut drawn = Zeroizing::new([0; 32]);
        self.fill(&mut *drawn);
        Self::keyed(mixed(&*drawn, &[label]))
    }

    /// Fills `bytes` with unpredictable ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.given = self.given.saturating_add(bytes.len());
        if bytes.len() > AHEAD {
            return self.stream().fill_bytes(bytes);
        }
        let mut left = bytes;
        while !left.is_empty() {
            if self.used >= AHEAD {
                self.stream().fill_bytes(&mut *self.ahead);
                self.used = 0;
            }
            let ahead = self.ahead.get_mut(self.used..).unwrap_or_default();
            let count = left.len().min(ahead.len());
            let (now, later) = left.split_at_mut(count);
            for (to, from) in now.iter_mut().zip(ahead) {
                *to = core::mem::take(from);
            }
            self.used += count;
            left = later;
        }
    }

    /// A stream under the current key, which is forgotten: the stream's first bytes are the next one.
    fn stream(&mut self) -> ChaCha20Rng {
        let mut stream = ChaCha20Rng::from_seed(*self.key);
        stream.fill_bytes(&mut *self.key);
        stream
    }

    /// Mixes in the time and entropy of the host, once enough bytes were given out. That can only add randomness: a
    /// host that knows or chooses both knows no more than before, and a host that gives nothing takes nothing away.
    ///
    /// # Errors
    /// If the host breaks the contract.
    pub fn refresh(&mut self, channel: &mut Channel) -> Result<(), Violation> {
        if self.given < FRESH {
            return Ok(());
        }
        let mut times = [0; 8 * SAMPLES];
        for time in times.chunks_exact_mut(8) {
            time.copy_from_slice(&channel.platform().ticks().to_le_bytes());
        }
        let told = channel.call::<launch::Entropy>(&Empty {}, &[], 0)?;
        let host = told.map_or([0; 32], |(told, _)| told.entropy);
        *self = Self::keyed(mixed(&*self.key, &[b"wasmstone fresh random v1", &times, &host]));
        Ok(())
    }
}

/// A key that can be computed only from `salt` and all `parts`: HKDF's extraction.
fn mixed(salt: &[u8], parts: &[&[u8]]) -> Key {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in parts {
        extract.input_ikm(part);
    }
    let (key, _) = extract.finalize();
    Zeroizing::new(key.into())
}

/// A guest's random numbers.
pub struct Random {
    /// For numbers that must not be guessed.
    pub secure: Generator,
    /// For all other numbers.
    pub insecure: Generator,
    /// For the guest's hash tables. It stays the same as long as the guest runs.
    pub insecure_seed: (u64, u64),
}

impl Random {
    /// The random numbers of one guest.
    pub fn new(root: &mut Generator) -> Self {
        let secure = root.fork(b"guest");
        let mut insecure = root.fork(b"guest, insecure");
        let mut seed = [0; 16];
        insecure.fill(&mut seed);
        let seed = u128::from_le_bytes(seed);
        Self { secure, insecure, insecure_seed: (seed as u64, (seed >> 64) as u64) }
    }
}

#[cfg(test)]
mod tests;
