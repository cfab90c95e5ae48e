//! What memory holds of the names in a directory.

use alloc::vec::Vec;

/// What is in a directory, in short.
pub struct Index {
    /// Hash and block of every name, in order.
    pub names: Vec<(u32, u32)>,
    /// The longest free record of every block, in granules.
    pub room: Vec<u8>,
}

impl Index {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// FNV-1a.
pub fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
