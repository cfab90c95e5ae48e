//! Objects: a guest's file, directory or link, or the inode table.

use crate::error::Result;
use crate::geometry::{blocks, extent, height};
use crate::keys::{Entry, HOLE, Id, Key, derive};

/// What is needed to find and decrypt an object's blocks.
pub struct Object {
    /// The number of its inode; 0 for the inode table.
    pub number: u64,
    /// The random half of its id.
    pub unique: u64,
    key: Key,
    /// Bytes of content.
    pub size: u64,
    /// The entry of its topmost block. The block's level follows from the size.
    pub top: Entry,
    /// From this position on, counted in blocks, the host's file has no block of any state that a crash could bring
    /// back, so new blocks may be written there before their commit.
    pub settled: u64,
    /// Where the last read ended.
    pub read_end: u64,
    /// The host's file may exist.
    pub stored: bool,
    /// It was shortened, and the host's file was not shortened yet.
    pub shortened: bool,
}

/// The id of an object.
pub fn id(number: u64, unique: u64) -> Id {
    (u128::from(number) << 64 | u128::from(unique)).to_be_bytes()
}

/// The number and the random half of an id.
pub fn halves(id: &Id) -> (u64, u64) {
    let id = u128::from_be_bytes(*id);
    ((id >> 64) as u64, id as u64)
}

/// The key of an object.
pub fn key(volume: &[u8; 32], id: &Id) -> Result<Key> {
    derive(volume, &[b"object", id])
}

impl Object {
    /// An object without content.
    pub fn new(volume: &[u8; 32], number: u64, unique: u64) -> Result<Self> {
        Self::stored(volume, number, unique, 0, HOLE)
    }

    /// An object of the last commit.
    pub fn stored(volume: &[u8; 32], number: u64, unique: u64, size: u64, top: Entry) -> Result<Self> {
        Ok(Self {
            number,
            unique,
            key: key(volume, &id(number, unique))?,
            size,
            top,
            settled: extent(blocks(size)),
            read_end: 0,
            stored: size > 0,
            shortened: false,
        })
    }

    /// Its id.
    pub fn id(&self) -> Id {
        id(self.number, self.unique)
    }

    /// Its key.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The level of its topmost block.
    pub fn height(&self) -> u8 {
        height(blocks(self.size))
    }

    /// How many blocks the host's file has.
    pub fn extent(&self) -> u64 {
        extent(blocks(self.size))
    }
}
