//! Decrypted blocks in memory.

use crate::geometry::BLOCK;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use zeroize::Zeroize;

/// The content of a block, which is wiped when it is dropped.
pub struct Block(Box<[u8; BLOCK]>);

impl Block {
    /// A block of zeros.
    pub fn zeros() -> Self {
        Self(Box::new([0; BLOCK]))
    }
}

impl core::ops::Deref for Block {
    type Target = [u8; BLOCK];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl core::ops::DerefMut for Block {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Names a block by the number of its inode, its level and its index there. Addresses are ordered in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub number: u64,
    pub level: u8,
    pub index: u64,
}

struct Slot {
    address: Address,
    block: Block,
    /// Used since the clock hand passed.
    used: bool,
    /// Not on the disk yet, so it must stay in memory.
    dirty: bool,
}

/// At most `capacity` blocks, besides dirty ones. A clock hand chooses which block makes room (second chance).
pub struct Cache {
    slots: Vec<Slot>,
    places: BTreeMap<Address, usize>,
    capacity: usize,
    hand: usize,
    dirty: usize,
}

impl Cache {
    /// An empty cache for this many blocks.
    pub fn new(capacity: usize) -> Self {
        Self { slots: Vec::new(), places: BTreeMap::new(), capacity, hand: 0, dirty: 0 }
    }

    /// How many blocks are dirty.
    pub fn dirty(&self) -> usize {
        self.dirty
    }

    /// Whether a block is here.
    pub fn has(&self, address: Address) -> bool {
        self.places.contains_key(&address)
    }

    /// The content of a block, if it is here.
    pub fn get(&mut self, address: Address) -> Option<&mut Block> {
        let slot = self.slots.get_mut(*self.places.get(&address)?)?;
        slot.used = true;
        Some(&mut slot.block)
    }

    /// Whether a block is here and dirty.
    pub fn is_dirty(&self, address: Address) -> bool {
        self.places.get(&address).and_then(|place| self.slots.get(*place)).is_some_and(|slot| slot.dirty)
    }

    /// Sets whether a block is dirty.
    pub fn set_dirty(&mut self, address: Address, dirty: bool) {
        if let Some(slot) = self.places.get(&address).and_then(|place| self.slots.get_mut(*place)) {
            if slot.dirty != dirty {
                self.dirty = if dirty { self.dirty + 1 } else { self.dirty.saturating_sub(1) };
            }
            slot.dirty = dirty;
        }
    }

    /// A block to read into, with any content. In a full cache it is one that was not used for long.
    pub fn room(&mut self) -> Block {
        let full = self.slots.len() >= self.capacity;
        let old = full.then(|| self.replaceable()).flatten();
        let old = old.and_then(|place| self.slots.get(place)).map(|slot| slot.address);
        old.and_then(|address| self.remove(address)).unwrap_or_else(Block::zeros)
    }

    /// Adds a clean block, for which [`Self::room`] made room.
    pub fn insert(&mut self, address: Address, block: Block) {
        self.remove(address);
        self.places.insert(address, self.slots.len());
        self.slots.push(Slot { address, block, used: true, dirty: false });
    }

    /// A clean slot that was not used since the hand last passed it, unless all are dirty.
    fn replaceable(&mut self) -> Option<usize> {
        for _ in 0..self.slots.len().saturating_mul(2) {
            let place = self.hand;
            self.hand = if place + 1 >= self.slots.len() { 0 } else { place + 1 };
            match self.slots.get_mut(place) {
                Some(slot) if slot.dirty => {}
                Some(slot) if slot.used => slot.used = false,
                Some(_) => return Some(place),
                None => self.hand = 0,
            }
        }
        None
    }

    fn remove(&mut self, address: Address) -> Option<Block> {
        self.set_dirty(address, false);
        let place = self.places.remove(&address)?;
        let removed = (place < self.slots.len()).then(|| self.slots.swap_remove(place));
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.address, place);
        }
        removed.map(|slot| slot.block)
    }

    /// Forgets the blocks of one level from an index on.
    pub fn cut(&mut self, number: u64, level: u8, from: u64) {
        for address in self.of_level(number, level, from, false) {
            self.remove(address);
        }
    }

    /// Forgets all blocks of an inode.
    pub fn forget(&mut self, number: u64) {
        for level in 0..=u8::MAX >> 4 {
            self.cut(number, level, 0);
        }
    }

    fn of_level(&self, number: u64, level: u8, from: u64, only_dirty: bool) -> Vec<Address> {
        let range = Address { number, level, index: from }..=Address { number, level, index: u64::MAX };
        self.places.range(range).map(|(address, _)| *address).filter(|at| !only_dirty || self.is_dirty(*at)).collect()
    }

    /// The dirty blocks of one level of an inode, in order.
    pub fn dirty_of(&self, number: u64, level: u8) -> Vec<Address> {
        self.of_level(number, level, 0, true)
    }

    /// Marks all blocks as clean.
    pub fn all_clean(&mut self) {
        for slot in &mut self.slots {
            slot.dirty = false;
        }
        self.dirty = 0;
    }

    /// The inode of every dirty block.
    pub fn dirty_numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.slots.iter().filter(|slot| slot.dirty).map(|slot| slot.address.number)
    }
}
