//! Objects, block by block.

use crate::cache::{Address, Block, Cache};
use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::files::{Files, PIECE};
use crate::geometry::{BLOCK, FAN, blocks, height, position, reach};
use crate::keys::{Entry, HOLE, Id, JOURNAL, Nonces, open};
use crate::limits::SIZE_MAX;
use crate::log::Log;
use crate::node::{INODE, Node};
use crate::object::Object;
use alloc::vec::Vec;
use chacha20poly1305::aead::inout::InOutBuf;
use zerocopy::IntoBytes;

/// Data blocks of files and directories in memory.
const DATA_BLOCKS: usize = 640;
/// Nodes and inodes in memory: those over 256 MiB, and some.
const NODE_BLOCKS: usize = 704;
/// The most blocks that are read from the disk at once.
const AHEAD: u64 = (PIECE / BLOCK) as u64;
/// Reads of more bytes than this go past the cache.
const STREAMED: usize = 16 * BLOCK;

/// What was last read of a host's file, as it was there.
struct Window {
    id: Id,
    first: u64,
    bytes: Vec<u8>,
}

/// A block that is sealed and not yet on the disk.
pub struct Sealed {
    pub id: Id,
    pub level: u8,
    pub index: u64,
    pub entry: Entry,
    pub bytes: Vec<u8>,
}

/// Everything that keeps and moves blocks.
pub struct Store {
    pub files: Files,
    pub log: Log,
    pub nonces: Nonces,
    data: Cache,
    nodes: Cache,
    window: Window,
}

/// Where the entry of a block is in its node.
fn slot(index: u64) -> usize {
    (index % FAN) as usize * HOLE.len()
}

/// The entry of the block with this index in its node.
fn entry(node: &Block, index: u64) -> Entry {
    node.get(slot(index)..).and_then(|rest| rest.first_chunk()).copied().unwrap_or(HOLE)
}

impl Store {
    /// Nothing in memory.
    pub fn new(files: Files, log: Log, nonces: Nonces) -> Self {
        let window = Window { id: [0; 16], first: 0, bytes: Vec::new() };
        Self { files, log, nonces, data: Cache::new(DATA_BLOCKS), nodes: Cache::new(NODE_BLOCKS), window }
    }

    /// The cache that a block is in: what leads to data is apart from it.
    fn cache(&mut self, address: Address) -> &mut Cache {
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

    /// All that was dirty is on the disk now.
    pub fn all_clean(&mut self) {
        self.data.all_clean();
        self.nodes.all_clean();
    }

    /// Forgets the blocks of an inode that is no more.
    pub fn forget(&mut self, number: u64) {
        self.data.forget(number);
        self.nodes.forget(number);
    }

    /// What was read ahead may be out of date.
    pub fn forget_ahead(&mut self) {
        self.window.bytes.clear();
    }

    /// Reads a block from the disk and opens it. Of data, up to `wanted` blocks in a row are read at once.
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
        if let Some(sealed) = self.log.block(&id, at) {
            let buffer = InOutBuf::new(sealed, out).map_err(|_| CHANGED)?;
            return if open(object.key(), (level, index), entry, buffer) { Ok(()) } else { Err(CHANGED) };
        }
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

    /// Sees to it that a block is in memory.
    fn load(&mut self, disk: &mut dyn Disk, object: &Object, level: u8, index: u64, wanted: u64) -> Result<()> {
        let target = Address { number: object.number, level, index };
        if self.cache(target).has(target) {
            return Ok(());
        }
        let above = |at: u8| Address { number: object.number, level: at, index: index / reach(at - level) };
        // Up to what is known, and down again.
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

    fn set_entry(&mut self, object: &mut Object, address: Address, entry: &Entry) {
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

    /// Loads a block to change it: it is dirty then, and so is everything above. `blank`: its content does not matter.
    fn change(&mut self, disk: &mut dyn Disk, object: &Object, index: u64, blank: bool) -> Result<&mut Block> {
        const GONE: Error = Error::Damaged("a block is not in memory");
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
        self.cache(target).get(target).ok_or(GONE)
    }

    /// Loads and marks what a later change of the block at `offset` will change, so that it cannot fail.
    pub fn prepare(&mut self, disk: &mut dyn Disk, object: &Object, offset: u64) -> Result<()> {
        self.change(disk, object, offset / BLOCK as u64, false).map(drop)
    }

    /// Loads and marks the nodes there are above a block that there is not, so that making it cannot fail.
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

    /// Reads content; how many bytes, fewer than asked for only at the end.
    pub fn read(&mut self, disk: &mut dyn Disk, object: &mut Object, offset: u64, into: &mut [u8]) -> Result<usize> {
        let size = BLOCK as u64;
        let left = object.size.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..length) else { return Ok(0) };
        let end = offset.saturating_add(length as u64);
        // Who goes on where the last read ended will do so again.
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
                part.copy_from_slice(block.ok_or(Error::Damaged("a block is not in memory"))?);
            }
            at += part.len() as u64;
            rest = further;
        }
        object.read_end = end;
        Ok(length)
    }

    /// Writes content, and makes the object longer where it has to be.
    pub fn write(&mut self, disk: &mut dyn Disk, object: &mut Object, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= SIZE_MAX).ok_or(Code::FileTooLarge)?;
        let size = BLOCK as u64;
        let (mut at, mut rest) = (offset, bytes);
        while at < end {
            let within = (at % size) as usize;
            let (part, further) = rest.split_at(rest.len().min(BLOCK - within));
            let next = at + part.len() as u64;
            if at / size >= blocks(object.size) {
                // The size must not change where the disk fails.
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

    /// Cuts an object, or lengthens it by zeros. Bytes behind the end are zeros always.
    pub fn resize(&mut self, disk: &mut dyn Disk, object: &mut Object, size: u64) -> Result<()> {
        if size > SIZE_MAX {
            return Err(Code::FileTooLarge.into());
        }
        let (count, old_height, new_height) = (blocks(size), object.height(), height(blocks(size)));
        if size < object.size {
            self.shorten(disk, object, size, count)?;
            object.shortened = true;
        } else {
            // One level more: a node whose first entry is the top of until now.
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
            // All that can fail comes first.
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

    /// Writes to the host's file at once what the last commits have nothing of there: data, and if `nodes` says so
    /// also nodes that are complete.
    pub fn write_new(&mut self, disk: &mut dyn Disk, object: &mut Object, nodes: bool) -> Result<()> {
        if self.log.found {
            return Ok(());
        }
        let (id, number) = (object.id(), object.number);
        for level in 0..=if nodes { object.height() } else { 0 } {
            let mut addresses = self.cache(Address { number, level, index: 0 }).dirty_of(number, level);
            let below = match level.checked_sub(1) {
                Some(below) => self.cache(Address { number, level: below, index: 0 }).dirty_of(number, below),
                None => Vec::new(),
            };
            addresses.retain(|address| {
                position(level, address.index) >= object.settled
                    && below.binary_search_by_key(&address.index, |child| child.index / FAN).is_err()
            });
            let mut rest = addresses.as_slice();
            while let Some(first) = rest.first() {
                // As many as lie side by side.
                let start = position(level, first.index);
                let lies_at = |place: usize| rest.get(place).map(|next| position(level, next.index));
                let count =
                    (0..AHEAD as usize).take_while(|place| lies_at(*place) == Some(start + *place as u64)).count();
                let (run, further) = rest.split_at(count.max(1));
                let mut bytes = Vec::with_capacity(run.len() * BLOCK);
                for address in run {
                    bytes.extend_from_slice(&self.seal(object, *address)?.bytes);
                }
                self.forget_ahead();
                if !self.log.marked {
                    self.files.write(disk, &JOURNAL, 0, &[0; 8])?;
                    self.log.marked = true;
                }
                object.stored = true;
                self.files.write(disk, &id, start.saturating_mul(BLOCK as u64), &bytes)?;
                for address in run {
                    self.cache(*address).set_dirty(*address, false);
                }
                rest = further;
            }
        }
        Ok(())
    }

    /// Puts an inode into the table, of which the block is dirty already.
    pub fn put_inode(&mut self, table: &Object, node: &Node) -> Result<()> {
        let at = node.object.number.saturating_mul(INODE as u64);
        let address = Address { number: table.number, level: 0, index: at / BLOCK as u64 };
        let within = (at % BLOCK as u64) as usize;
        let place = self.nodes.get(address).and_then(|block| block.get_mut(within..within + INODE));
        place.ok_or(Error::Damaged("a block is not in memory"))?.copy_from_slice(node.encode().as_bytes());
        Ok(())
    }

    /// Seals a block and tells its node.
    fn seal(&mut self, object: &mut Object, address: Address) -> Result<Sealed> {
        let Address { level, index, .. } = address;
        let mut bytes = alloc::vec![0; BLOCK];
        let data = if level == 0 && address.number != 0 { &mut self.data } else { &mut self.nodes };
        let plain = data.get(address).ok_or(Error::Damaged("a block is not in memory"))?;
        let entry = self.nonces.seal(object.key(), &object.id(), (level, index), &**plain, &mut bytes)?;
        self.set_entry(object, address, &entry);
        Ok(Sealed { id: object.id(), level, index, entry, bytes })
    }

    /// Seals all dirty blocks of an object, from data to the top. They stay dirty.
    pub fn seal_dirty(&mut self, object: &mut Object, sealed: &mut Vec<Sealed>) -> Result<()> {
        for level in 0..=object.height() {
            for address in self.cache(Address { number: object.number, level, index: 0 }).dirty_of(object.number, level)
            {
                sealed.push(self.seal(object, address)?);
            }
        }
        Ok(())
    }
}

impl Window {
    /// The bytes of a block, if all of them are here.
    fn block(&self, id: &Id, at: u64) -> Option<&[u8]> {
        let place = usize::try_from(at.checked_sub(self.first)?).ok()?.checked_mul(BLOCK)?;
        if self.id == *id { self.bytes.get(place..place.checked_add(BLOCK)?) } else { None }
    }
}
