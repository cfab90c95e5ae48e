//! Finding and changing names in a directory.
//!
//! Since records never move, adding or removing a name changes one block only, and listing can continue from any
//! place. Memory holds a hash of every name and the block that it is in, so finding one reads one block as a rule.

use crate::cache::Block;
use crate::disk::Disk;
use crate::error::{Code, Result};
use crate::geometry::BLOCK;
use crate::index::{Index, hash};
use crate::node::Node;
use crate::records::{BROKEN, GRANULES, Record, first, granules, join, put, record, room};
use crate::stat::{DirectoryEntry, Kind, NodeId};
use crate::store::Store;
use alloc::string::String;
use alloc::vec::Vec;

/// The most names of a directory.
const NAMES_MAX: usize = 1 << 20;

/// A name that was found, and where its record is.
pub struct Found {
    pub node: u64,
    pub kind: Kind,
    block: u32,
    granule: usize,
}

/// A directory in use.
pub struct Directory<'a> {
    store: &'a mut Store,
    disk: &'a mut dyn Disk,
    node: &'a mut Node,
}

impl<'a> Directory<'a> {
    /// Opens a directory, and reads all names of it if memory does not have them.
    ///
    /// # Errors
    /// [`Code::NotDirectory`], damage, or the disk's own.
    pub fn new(store: &'a mut Store, disk: &'a mut dyn Disk, node: &'a mut Node) -> Result<Self> {
        if node.kind != Kind::Directory {
            return Err(Code::NotDirectory.into());
        }
        let indexed = node.index.is_some();
        let mut directory = Self { store, disk, node };
        if !indexed {
            let index = directory.indexed()?;
            directory.node.index = Some(index);
        }
        Ok(directory)
    }

    fn blocks(&self) -> u64 {
        self.node.object.size / BLOCK as u64
    }

    fn block(&mut self, number: u64) -> Result<Block> {
        let mut block = Block::zeros();
        let read = self.store.read(self.disk, &mut self.node.object, number * BLOCK as u64, &mut *block)?;
        if read == BLOCK { Ok(block) } else { Err(BROKEN) }
    }

    fn write(&mut self, number: u32, block: &Block) -> Result<()> {
        self.store.write(self.disk, &mut self.node.object, u64::from(number) * BLOCK as u64, &**block)?;
        let room = room(block)?;
        if let Some(place) = self.index()?.room.get_mut(number as usize) {
            *place = room;
        }
        Ok(())
    }

    fn index(&mut self) -> Result<&mut Index> {
        self.node.index.as_mut().ok_or(BROKEN)
    }

    fn indexed(&mut self) -> Result<Index> {
        let mut index = Index { names: Vec::new(), room: Vec::new() };
        for number in 0..u32::try_from(self.blocks()).map_err(|_| BROKEN)? {
            let block = self.block(number.into())?;
            index.room.push(room(&block)?);
            let mut at = 0;
            while let Some(record) = record(&block, at)? {
                at += record.granules;
                if let Some((name, ..)) = record.name {
                    index.names.push((hash(name), number));
                }
            }
        }
        index.names.sort_unstable();
        Ok(index)
    }

    /// Whether the directory has no names.
    pub fn is_empty(&mut self) -> Result<bool> {
        Ok(self.index()?.names.is_empty())
    }

    /// Looks for a name.
    pub fn find(&mut self, name: &str) -> Result<Option<Found>> {
        let hash = hash(name);
        let names = &self.index()?.names;
        let start = names.partition_point(|entry| entry.0 < hash);
        // Several names may have the same hash, in one block or in several.
        let mut last = None;
        for place in start.. {
            let Some((_, block)) = self.index()?.names.get(place).copied().filter(|entry| entry.0 == hash) else {
                break;
            };
            if last == Some(block) {
                continue;
            }
            last = Some(block);
            let content = self.block(block.into())?;
            let found = first(&content, |record| record.name.is_some_and(|(there, ..)| there == name))?;
            if let Some(Record { granule, name: Some((_, node, kind)), .. }) = found {
                return Ok(Some(Found { node, kind, block, granule }));
            }
        }
        Ok(None)
    }

    /// Finds or adds a block with room for a name, and loads it, so that [`Self::insert`] does not need the disk.
    pub fn prepare(&mut self, name: &str) -> Result<u32> {
        let needed = granules(name);
        let index = self.index()?;
        if index.names.len() >= NAMES_MAX {
            return Err(Code::TooMany.into());
        }
        if let Some(block) = index.room.iter().position(|room| usize::from(*room) >= needed) {
            let block = u32::try_from(block).map_err(|_| BROKEN)?;
            self.pin(block)?;
            return Ok(block);
        }
        let number = u32::try_from(index.room.len()).map_err(|_| BROKEN)?;
        let mut block = Block::zeros();
        put(&mut block, 0, GRANULES, 0, 0, "");
        self.write(number, &block)?;
        self.index()?.room.push(GRANULES as u8);
        Ok(number)
    }

    fn pin(&mut self, block: u32) -> Result<()> {
        self.store.prepare(self.disk, &self.node.object, u64::from(block) * BLOCK as u64)
    }

    /// Loads what changing a record needs, so that the change does not need the disk.
    pub fn prepare_change(&mut self, found: &Found) -> Result<()> {
        self.pin(found.block)
    }

    /// Puts a name into a block that [`Self::prepare`] returned for it.
    pub fn insert(&mut self, block: u32, name: &str, node: u64, kind: Kind) -> Result<()> {
        let mut content = self.block(block.into())?;
        let needed = granules(name);
        let free = first(&content, |record| record.name.is_none() && record.granules >= needed)?;
        let Record { granule, granules, .. } = free.ok_or(BROKEN)?;
        if granules > needed {
            put(&mut content, granule + needed, granules - needed, 0, 0, "");
        }
        put(&mut content, granule, needed, node, kind as u8, name);
        self.write(block, &content)?;
        let entry = (hash(name), block);
        let names = &mut self.index()?.names;
        let place = names.partition_point(|other| *other < entry);
        names.insert(place, entry);
        Ok(())
    }

    /// Makes a name stand for another inode.
    pub fn replace(&mut self, found: &Found, name: &str, node: u64, kind: Kind) -> Result<()> {
        let mut content = self.block(found.block.into())?;
        put(&mut content, found.granule, granules(name), node, kind as u8, name);
        self.write(found.block, &content)
    }

    /// Removes a name.
    pub fn remove(&mut self, found: &Found, name: &str) -> Result<()> {
        let mut content = self.block(found.block.into())?;
        put(&mut content, found.granule, granules(name), 0, 0, "");
        join(&mut content)?;
        self.write(found.block, &content)?;
        let entry = (hash(name), found.block);
        let names = &mut self.index()?.names;
        let place = names.partition_point(|other| *other < entry);
        if names.get(place) == Some(&entry) {
            names.remove(place);
        }
        if self.is_empty()? {
            self.index()?.room.clear();
            self.store.resize(self.disk, &mut self.node.object, 0)?;
        }
        Ok(())
    }

    /// The first entry at or after a cursor, and the cursor behind that entry.
    pub fn entry(&mut self, cursor: u64) -> Result<Option<(u64, DirectoryEntry)>> {
        let per_block = GRANULES as u64;
        for number in cursor / per_block..self.blocks() {
            let block = self.block(number)?;
            let start = number * per_block;
            let found = first(&block, |record| record.name.is_some() && start + record.granule as u64 >= cursor)?;
            if let Some(Record { granule, granules, name: Some((name, node, kind)) }) = found {
                let entry = DirectoryEntry { name: String::from(name), node: NodeId(node), kind };
                return Ok(Some((start + (granule + granules) as u64, entry)));
            }
        }
        Ok(None)
    }
}
