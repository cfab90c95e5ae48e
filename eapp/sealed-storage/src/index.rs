//! What memory holds of the names in a directory.

use alloc::vec::Vec;

/// The names in a directory, by their hashes.
pub struct Index {
    /// Hash and block number of every name, in ascending order.
    pub names: Vec<(u32, u32)>,
    /// The longest free record of each block, in granules.
    pub room: Vec<u8>,
}

impl Index {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// The FNV-1a hash of a name.
pub fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
