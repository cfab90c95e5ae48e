//! Blocks that are committed and not in their places yet.

use crate::disk::Disk;
use crate::error::Result;
use crate::files::{Files, PIECE};
use crate::geometry::BLOCK;
use crate::keys::Id;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The latest block for each place, of all transactions in the journal, encrypted as on the disk.
pub struct Log {
    blocks: BTreeMap<(Id, u64), Vec<u8>>,
    /// Where the next transaction goes in the journal.
    pub end: u64,
    /// The journal is not empty. The next opening takes that as a sign that the volume was not closed.
    pub marked: bool,
    /// The journal held transactions at opening, possibly with blocks for places that no object uses any more. A new
    /// block for such a place has to go through the journal as well, so that it is written after the old one.
    pub found: bool,
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self { blocks: BTreeMap::new(), end: 0, marked: false, found: false }
    }

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// The block for this place.
    pub fn block(&self, id: &Id, position: u64) -> Option<&[u8]> {
        self.blocks.get(&(*id, position)).map(Vec::as_slice)
    }

    /// Adds a block.
    pub fn insert(&mut self, id: Id, position: u64, bytes: Vec<u8>) {
        self.blocks.insert((id, position), bytes);
    }

    /// Forgets the blocks of an object from a position on.
    pub fn cut(&mut self, id: &Id, from: u64) {
        while let Some(place) = self.blocks.range((*id, from)..=(*id, u64::MAX)).next().map(|(place, _)| *place) {
            self.blocks.remove(&place);
        }
    }

    /// The objects that have blocks here.
    pub fn ids(&self) -> Vec<Id> {
        let mut ids: Vec<Id> = self.blocks.keys().map(|(id, _)| *id).collect();
        ids.dedup();
        ids
    }

    /// Writes all blocks to their places. They stay in the log.
    pub fn write(&self, disk: &mut dyn Disk, files: &mut Files) -> Result<()> {
        // Blocks that lie side by side are written with one call to the host.
        let mut run: (Id, u64, Vec<u8>) = ([0; 16], 0, Vec::new());
        for ((id, position), bytes) in &self.blocks {
            let follows = run.0 == *id && run.1.saturating_add((run.2.len() / BLOCK) as u64) == *position;
            if !follows || run.2.len() >= PIECE {
                write(disk, files, &run)?;
                run = (*id, *position, Vec::new());
            }
            run.2.extend_from_slice(bytes);
        }
        write(disk, files, &run)
    }

    /// Empties the log: all blocks and the root record are in their places.
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.end = 0;
        self.found = false;
    }
}

fn write(disk: &mut dyn Disk, files: &mut Files, (id, position, bytes): &(Id, u64, Vec<u8>)) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    files.write(disk, id, position.saturating_mul(BLOCK as u64), bytes)
}
