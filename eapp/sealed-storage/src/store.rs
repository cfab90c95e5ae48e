//! Reading and changing objects, block by block.
//!
//! A block is encrypted ("sealed") under its object's key. What opens it, its [`Entry`], is in the node above it, so
//! changing a block changes every block above it too. Changed blocks stay in memory ("dirty") until a commit.

use crate::cache::{Address, Block, Cache};
use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::files::{Files, PIECE};
use crate::geometry::{BLOCK, FAN, blocks, height, position, reach};
use crate::keys::{Entry, HOLE, Id, Nonces, open};
use crate::limits::SIZE_MAX;
use crate::log::Log;
use crate::object::Object;
use alloc::vec::Vec;
use chacha20poly1305::aead::inout::InOutBuf;

/// How many data blocks of files and directories memory holds.
const DATA_BLOCKS: usize = 640;
/// How many nodes and blocks of the inode table memory holds: enough nodes for 256 MiB of data.
const NODE_BLOCKS: usize = 704;
/// The most blocks that are read from the disk at once.
pub const AHEAD: u64 = (PIECE / BLOCK) as u64;
/// Reads of more bytes than this do not put blocks into the cache.
const STREAMED: usize = 16 * BLOCK;

/// Only a mistake in this crate leads here: every change of a block loads it first.
pub const NOT_IN_MEMORY: Error = Error::Damaged("a block is not in memory");

/// What was last read ahead of a host's file, still encrypted.
struct Window {
    id: Id,
    first: u64,
    bytes: Vec<u8>,
}

/// Blocks in memory and the way to those on the disk.
pub struct Store {
    pub files: Files,
    pub log: Log,
    pub nonces: Nonces,
    pub data: Cache,
    pub nodes: Cache,
    window: Window,
}

/// Where the entry of a block is in its node, in bytes.
fn slot(index: u64) -> usize {
    (index % FAN) as usize * HOLE.len()
}

/// The entry of the block with this index in its node.
fn entry(node: &Block, index: u64) -> Entry {
    node.get(slot(index)..).and_then(|rest| rest.first_chunk()).copied().unwrap_or(HOLE)
}

impl Store {
    /// A store with no blocks in memory.
    pub fn new(files: Files, log: Log, nonces: Nonces) -> Self {
        let window = Window { id: [0; 16], first: 0, bytes: Vec::new() };
        Self { files, log, nonces, data: Cache::new(DATA_BLOCKS), nodes: Cache::new(NODE_BLOCKS), window }
    }

    /// The cache for a block. Nodes have their own, so that reading much data does not push them out.
    pub fn cache(&mut self, address: Address) -> &mut Cache {
        if address.level == 0 && address.number != 0 { &mut self.data } else { &mut self.nodes }
    }

    /// How many blocks are dirty.
    pub fn dirty(&self) -> usize {
        self.data.dirty() + self.nodes.dirty()
    }

    /// The inode of every dirty block, in order.
    pub fn dirty_numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.data.dirty_numbers().chain(self.nodes.dirty_numbers()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Marks all blocks as clean: they are on the disk now.
    pub fn all_clean(&mut self) {
        self.data.all_clean();
        self.nodes.all_clean();
    }

    /// Forgets the blocks of an inode that was removed.
    pub fn forget(&mut self, number: u64) {
        self.data.forget(number);
        self.nodes.forget(number);
    }

    /// Forgets what was read ahead, which may be out of date.
    pub fn forget_ahead(&mut self) {
        self.window.bytes.clear();
    }

    /// Reads a block from the disk and decrypts it. Up to `wanted` blocks in a row are read from the disk at once.
    fn fetch(
        &mut self,
        disk: &mut dyn Disk,
        object: &Object,
        (level, index): (u8, u64),
        entry: &Entry,
        wanted: u64,
        out: &mut [u8],
    ) -> Result<()> {
        const CHANGED: Error = Error::Damaged("a block is not what was written");
        if *entry == HOLE {
            out.fill(0);
            return Ok(());
        }
        let (id, at) = (object.id(), position(level, index));
        // The log holds blocks that are committed and not in their places yet: the file has older ones there.
        if let Some(sealed) = self.log.block(&id, at) {
            let buffer = InOutBuf::new(sealed, out).map_err(|_| CHANGED)?;
            return if open(object.key(), (level, index), entry, buffer) { Ok(()) } else { Err(CHANGED) };
        }
        // Each read is a call to the host, which costs more than the bytes.
        if wanted > 1 && self.window.block(&id, at).is_none() {
            let last = position(level, index.saturating_add(wanted - 1));
            let count = last.saturating_sub(at).saturating_add(1).min(AHEAD);
            self.window.bytes.resize(count as usize * BLOCK, 0);
            let read = self.files.read(disk, &id, at.saturating_mul(BLOCK as u64), &mut self.window.bytes);
            self.window.bytes.truncate(read.as_ref().map_or(0, |read| *read));
            (self.window.id, self.window.first) = (id, at);
            read?;
        }
        let opened = if let Some(sealed) = self.window.block(&id, at) {
            open(object.key(), (level, index), entry, InOutBuf::new(sealed, out).map_err(|_| CHANGED)?)
        } else {
            let read = self.files.read(disk, &id, at.saturating_mul(BLOCK as u64), out)?;
            read == BLOCK && open(object.key(), (level, index), entry, out.into())
        };
        if opened { Ok(()) } else { Err(CHANGED) }
    }

    /// Loads a block into memory, unless it is there.
    fn load(&mut self, disk: &mut dyn Disk, object: &Object, level: u8, index: u64, wanted: u64) -> Result<()> {
        let target = Address { number: object.number, level, index };
        if self.cache(target).has(target) {
            return Ok(());
        }
        let above = |at: u8| Address { number: object.number, level: at, index: index / reach(at - level) };
        // Climb to the lowest block whose node is in memory, then load blocks from there down: a block cannot be
        // decrypted before its node.
        let height = object.height();
        let mut at = level;
        while at < height && !self.nodes.has(above(at + 1)) {
            at += 1;
        }
        loop {
            let address = above(at);
            let entry = self.known_entry(object, address);
            let mut block = self.cache(address).room();
            let wanted = if at == level { wanted } else { 1 };
            self.fetch(disk, object, (at, address.index), &entry, wanted, &mut *block)?;
            self.cache(address).insert(address, block);
            if at == level {
                return Ok(());
            }
            at -= 1;
        }
    }

    /// The entry of a block whose node is in memory.
    fn known_entry(&mut self, object: &Object, address: Address) -> Entry {
        if address.level >= object.height() {
            return if address.index == 0 { object.top } else { HOLE };
        }
        let node = Address { level: address.level + 1, index: address.index / FAN, ..address };
        self.nodes.get(node).map_or(HOLE, |node| entry(node, address.index))
    }

    pub fn set_entry(&mut self, object: &mut Object, address: Address, entry: &Entry) {
        if address.level >= object.height() {
            object.top = *entry;
            return;
        }
        let node = Address { level: address.level + 1, index: address.index / FAN, ..address };
        let entries = self.nodes.get(node).and_then(|node| node.get_mut(slot(address.index)..));
        if let Some(place) = entries.and_then(|rest| rest.first_chunk_mut()) {
            *place = *entry;
        }
    }

    /// Loads a block to change it, and marks it and everything above it as dirty. With `blank`, its content does not
    /// matter, so the disk is not read.
    fn change(&mut self, disk: &mut dyn Disk, object: &Object, index: u64, blank: bool) -> Result<&mut Block> {
        let target = Address { number: object.number, level: 0, index };
        if !self.cache(target).is_dirty(target) {
            for level in (1..=object.height()).rev() {
                let address = Address { level, index: index / reach(level), ..target };
                self.load(disk, object, level, address.index, 1)?;
                self.nodes.set_dirty(address, true);
            }
            if blank && !self.cache(target).has(target) {
                let mut block = self.cache(target).room();
                block.fill(0);
                self.cache(target).insert(target, block);
            } else {
                self.load(disk, object, 0, index, 1)?;
            }
            self.cache(target).set_dirty(target, true);
        }
        self.cache(target).get(target).ok_or(NOT_IN_MEMORY)
    }

    /// Loads and marks as dirty what a later change of the block at `offset` will change, so that it cannot fail.
    pub fn prepare(&mut self, disk: &mut dyn Disk, object: &Object, offset: u64) -> Result<()> {
        self.change(disk, object, offset / BLOCK as u64, false).map(drop)
    }

    /// Loads and marks as dirty the existing nodes above a block that is about to be made, so that this cannot fail.
    fn prepare_new(&mut self, disk: &mut dyn Disk, object: &Object, index: u64) -> Result<()> {
        for level in (1..=object.height()).rev() {
            let address = Address { number: object.number, level, index: index / reach(level) };
            if address.index.saturating_mul(reach(level)) < blocks(object.size) {
                self.load(disk, object, level, address.index, 1)?;
                self.nodes.set_dirty(address, true);
            }
        }
        Ok(())
    }

    /// Reads content. Returns the number of bytes, which is less than asked for only at the end.
    pub fn read(&mut self, disk: &mut dyn Disk, object: &mut Object, offset: u64, into: &mut [u8]) -> Result<usize> {
        let size = BLOCK as u64;
        let left = object.size.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..length) else { return Ok(0) };
        let end = offset.saturating_add(length as u64);
        // A reader that continues where the last read ended will probably continue again.
        let ahead = if offset == object.read_end && offset > 0 { AHEAD } else { 1 };
        let streamed = length > STREAMED;
        let (mut at, mut rest) = (offset, into);
        while !rest.is_empty() {
            let (index, within) = (at / size, (at % size) as usize);
            let (part, further) = rest.split_at_mut(rest.len().min(BLOCK - within));
            let address = Address { number: object.number, level: 0, index };
            let wanted = (blocks(end) - index).max(ahead).min(blocks(object.size) - index);
            if streamed && part.len() == BLOCK && !self.cache(address).has(address) {
                if object.height() > 0 {
                    self.load(disk, object, 1, index / FAN, 1)?;
                }
                let entry = self.known_entry(object, address);
                self.fetch(disk, object, (0, index), &entry, wanted, part)?;
            } else {
                self.load(disk, object, 0, index, wanted)?;
                let block = self.cache(address).get(address).and_then(|block| block.get(within..within + part.len()));
                part.copy_from_slice(block.ok_or(NOT_IN_MEMORY)?);
            }
            at += part.len() as u64;
            rest = further;
        }
        object.read_end = end;
        Ok(length)
    }

    /// Writes content, and lengthens the object if needed.
    pub fn write(&mut self, disk: &mut dyn Disk, object: &mut Object, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= SIZE_MAX).ok_or(Code::FileTooLarge)?;
        let size = BLOCK as u64;
        let (mut at, mut rest) = (offset, bytes);
        while at < end {
            let within = (at % size) as usize;
            let (part, further) = rest.split_at(rest.len().min(BLOCK - within));
            let next = at + part.len() as u64;
            if at / size >= blocks(object.size) {
                // If the disk fails, it must fail before the size changes.
                self.prepare_new(disk, object, at / size)?;
                self.resize(disk, object, next)?;
            }
            let block = self.change(disk, object, at / size, part.len() == BLOCK)?;
            if let Some(place) = block.get_mut(within..within + part.len()) {
                place.copy_from_slice(part);
            }
            object.size = object.size.max(next);
            (at, rest) = (next, further);
        }
        Ok(())
    }

    /// Cuts an object, or lengthens it with zeros. The bytes of the last block behind the end are always zeros.
    pub fn resize(&mut self, disk: &mut dyn Disk, object: &mut Object, size: u64) -> Result<()> {
        if size > SIZE_MAX {
            return Err(Code::FileTooLarge.into());
        }
        let (count, old_height, new_height) = (blocks(size), object.height(), height(blocks(size)));
        if size < object.size {
            self.shorten(disk, object, size, count)?;
            object.shortened = true;
        } else {
            // One level more: the first entry of the new top node is the old top.
            for level in old_height..new_height {
                let below = Address { number: object.number, level, index: 0 };
                if object.top == HOLE && !self.cache(below).is_dirty(below) {
                    continue;
                }
                let mut node = Block::zeros();
                if let Some(first) = node.first_chunk_mut() {
                    *first = object.top;
                }
                let address = Address { level: level + 1, ..below };
                self.nodes.insert(address, node);
                self.nodes.set_dirty(address, true);
            }
        }
        object.size = size;
        Ok(())
    }

    fn shorten(&mut self, disk: &mut dyn Disk, object: &mut Object, size: u64, count: u64) -> Result<()> {
        let number = object.number;
        if let Some(last) = count.checked_sub(1) {
            // Everything that can fail comes before the first change.
            let block = self.change(disk, object, last, false)?;
            let kept = (size - last * BLOCK as u64) as usize;
            if let Some(behind) = block.get_mut(kept..) {
                behind.fill(0);
            }
            for level in 1..=height(count) {
                let address = Address { number, level, index: last / reach(level) };
                let behind = slot(last / reach(level - 1)) + HOLE.len();
                if let Some(behind) = self.nodes.get(address).and_then(|node| node.get_mut(behind..)) {
                    behind.fill(0);
                }
            }
        } else {
            object.top = HOLE;
        }
        for level in 0..=object.height() {
            let from = if level > height(count) { 0 } else { count.div_ceil(reach(level)) };
            self.cache(Address { number, level, index: 0 }).cut(number, level, from);
        }
        Ok(())
    }

    /// Writes over a part of a block that is dirty already, so that this cannot fail for the disk.
    pub fn overwrite(&mut self, object: &Object, offset: u64, bytes: &[u8]) -> Result<()> {
        let address = Address { number: object.number, level: 0, index: offset / BLOCK as u64 };
        let within = (offset % BLOCK as u64) as usize;
        let place = self.cache(address).get(address).and_then(|block| block.get_mut(within..within + bytes.len()));
        place.ok_or(NOT_IN_MEMORY)?.copy_from_slice(bytes);
        Ok(())
    }
}

impl Window {
    /// The encrypted bytes of a block, if the window has all of them.
    fn block(&self, id: &Id, at: u64) -> Option<&[u8]> {
        let place = usize::try_from(at.checked_sub(self.first)?).ok()?.checked_mul(BLOCK)?;
        if self.id == *id { self.bytes.get(place..place.checked_add(BLOCK)?) } else { None }
    }
}
