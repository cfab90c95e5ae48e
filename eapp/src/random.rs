//! Randomness: a ChaCha20 generator seeded by HKDF (RFC 5869) from what the host cannot know and what it gave, so that
//! neither alone decides the stream.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use hkdf::HkdfExtract;
use sha2::Sha256;
use zeroize::Zeroize;

/// Names the use in HKDF, so that no other use of the same inputs gives the same stream.
const LABEL: &[u8] = b"wasmstone random v1";

/// The guest's random numbers. Both generators wipe their keys when they are dropped.
pub struct Random {
    secure: ChaCha20Rng,
    insecure: ChaCha20Rng,
    /// Of the guest's hash tables: one for as long as it runs.
    pub insecure_seed: (u64, u64),
}

impl Random {
    /// Seeds both generators; `private` is wiped.
    pub fn new(private: &mut [u8; 64], host: &[u8; 32]) -> Self {
        let mut extract = HkdfExtract::<Sha256>::new(Some(host));
        extract.input_ikm(LABEL);
        extract.input_ikm(private);
        private.zeroize();
        let (mut seed, _) = extract.finalize();
        let mut secure = ChaCha20Rng::from_seed(seed.into());
        secure.fill_bytes(&mut seed);
        let insecure = ChaCha20Rng::from_seed(seed.into());
        seed.zeroize();
        Self::of(secure, insecure)
    }

    /// A generator that is seeded from this one, and whose stream tells nothing of this one's.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        let [secure, insecure] = [(); 2].map(|()| {
            self.secure.fill_bytes(&mut seed);
            ChaCha20Rng::from_seed(seed)
        });
        seed.zeroize();
        Self::of(secure, insecure)
    }

    fn of(secure: ChaCha20Rng, mut insecure: ChaCha20Rng) -> Self {
        let insecure_seed = (insecure.next_u64(), insecure.next_u64());
        Self { secure, insecure, insecure_seed }
    }

    /// Fills `bytes` with unpredictable ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.secure.fill_bytes(bytes);
    }

    /// Fills `bytes` from a stream of its own, which tells nothing of the other.
    pub fn fill_insecure(&mut self, bytes: &mut [u8]) {
        self.insecure.fill_bytes(bytes);
    }
}
