//! How changes reach the disk.
//!
//! A commit writes one transaction to the journal. Blocks that no state has that a crash could bring back may be in
//! their places before that; all others stay in the log as well, and are written to their places by a checkpoint, when
//! log or journal are full. A checkpoint ends with the root record, so that the journal may begin anew.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::geometry::position;
use crate::journal;
use crate::keys::{JOURNAL, ROOT};
use crate::root::Root;
use crate::stat::{Access, Freshness, Time};
use crate::store::Sealed;
use crate::volume::Volume;
use alloc::vec::Vec;

/// The most blocks that wait to be written to their places.
const LOG_MAX: usize = 320;
/// The most bytes of the journal before it begins anew.
const JOURNAL_MAX: u64 = 4 << 20;
/// More dirty blocks than this go to the disk before the next change.
const DIRTY_MAX: usize = 256;
/// An object with more dirty blocks than this has new ones written to their places at once.
const DIRECT: usize = 16;
/// How long changes wait for a commit, in seconds.
const WAIT: u64 = 5;

impl Volume {
    /// Before anything is changed: what waited for too long, or is too much, goes to the disk.
    pub(crate) fn begin_change(&mut self, disk: &mut dyn Disk, now: Time) -> Result<()> {
        self.begin_removal(now)?;
        if self.since.is_some_and(|since| now.seconds >= since.saturating_add(WAIT)) {
            self.commit(disk)?;
        }
        if self.store.dirty() > DIRTY_MAX {
            self.relieve(disk)?;
        }
        self.since = Some(self.since.map_or(now.seconds, |since| since.min(now.seconds)));
        Ok(())
    }

    /// Before something is removed, which must go even where the disk is full.
    pub(crate) fn begin_removal(&mut self, now: Time) -> Result<()> {
        if self.access == Access::ReadOnly {
            return Err(Code::ReadOnly.into());
        }
        self.begin()?;
        if self.store.dirty() > DIRTY_MAX * 4 {
            return Err(Code::TooMany.into());
        }
        self.since = Some(self.since.map_or(now.seconds, |since| since.min(now.seconds)));
        Ok(())
    }

    /// Makes everything that was changed until now survive, of all files at once. This is what `fsync` of any file or
    /// directory is.
    ///
    /// # Errors
    /// The disk's own: nothing is lost then, neither on the disk nor here, and it can be tried again. Or
    /// [`crate::Code::Broken`], when that is not so.
    pub fn commit(&mut self, disk: &mut dyn Disk) -> Result<()> {
        self.store.files.check()?;
        if self.store.dirty() == 0 {
            self.since = None;
            return Ok(());
        }
        if self.store.log.len() + self.store.dirty() > LOG_MAX || self.store.log.end > JOURNAL_MAX {
            self.checkpoint(disk)?;
        }
        self.write_new(disk, true)?;
        let sealed = self.seal()?;
        let root = Root {
            generation: self.state.root.generation + 1,
            table_unique: self.table.unique.into(),
            table_size: self.table.size.into(),
            table_top: self.table.top,
            free: self.free.into(),
            ..self.state.root
        };
        let state = self.root_key.seal(&mut self.store.nonces, root)?;
        let previous = self.state.commitment();
        let head = journal::head(&self.journal_key, &mut self.store.nonces, previous, &state, &sealed)?;
        // What was written to its place must be there before anything says so.
        self.store.files.sync(disk)?;
        let end = match self.write_journal(disk, &head, &sealed) {
            // Where there is no room behind the other transactions there is some in their place.
            Err(Error::Disk(_)) if self.store.log.end > 0 => {
                self.checkpoint(disk)?;
                self.write_journal(disk, &head, &sealed)?
            }
            written => written?,
        };
        self.store.files.sync(disk)?;
        self.committed(end, sealed);
        self.state = state;
        if self.tidy && self.checkpoint(disk).is_err() {
            // It is committed nevertheless.
            self.store.files.check()?;
        }
        Ok(())
    }

    /// Writes what may be written to its place at once, of objects where that is much: data, and nodes if `nodes` says
    /// so.
    fn write_new(&mut self, disk: &mut dyn Disk, nodes: bool) -> Result<()> {
        for dirty in self.store.dirty_numbers().chunk_by(|one, other| one == other) {
            if dirty.len() > DIRECT
                && let Some(node) = dirty.first().and_then(|number| self.nodes.get_mut(number))
            {
                self.store.write_new(disk, &mut node.object, nodes)?;
            }
        }
        Ok(())
    }

    /// Makes room in memory.
    pub(crate) fn relieve(&mut self, disk: &mut dyn Disk) -> Result<()> {
        let before = self.store.dirty();
        self.write_new(disk, false)?;
        if self.store.dirty() > before / 2 {
            self.write_new(disk, true)?;
        }
        if self.store.dirty() > before / 2 { self.commit(disk) } else { Ok(()) }
    }

    /// Seals everything that is dirty, inodes and their table last.
    fn seal(&mut self) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(self.store.dirty());
        for node in self.nodes.values_mut() {
            if node.dirty {
                self.store.seal_dirty(&mut node.object, &mut sealed)?;
                self.store.put_inode(&self.table, node)?;
            }
        }
        self.store.seal_dirty(&mut self.table, &mut sealed)?;
        Ok(sealed)
    }

    /// Appends a transaction to the journal; where the next one begins.
    fn write_journal(&mut self, disk: &mut dyn Disk, head: &[u8], sealed: &[Sealed]) -> Result<u64> {
        // Even if it fails, the transaction may turn out to be complete.
        for object in self.nodes.values_mut().map(|node| &mut node.object).chain([&mut self.table]) {
            object.settled = object.settled.max(object.extent());
        }
        let mut at = self.store.log.end;
        let mut piece = head.to_vec();
        self.store.log.marked = true;
        for blocks in sealed.chunks(journal::PIECE_BLOCKS) {
            for block in blocks {
                piece.extend_from_slice(&block.bytes);
            }
            self.store.files.write(disk, &JOURNAL, at, &piece)?;
            at += piece.len() as u64;
            piece.clear();
        }
        if !piece.is_empty() {
            self.store.files.write(disk, &JOURNAL, at, &piece)?;
            at += piece.len() as u64;
        }
        Ok(at)
    }

    /// The transaction is on the disk.
    fn committed(&mut self, end: u64, sealed: Vec<Sealed>) {
        let log = &mut self.store.log;
        log.end = end;
        for block in sealed {
            log.insert(block.id, position(block.level, block.index), block.bytes);
        }
        for node in self.nodes.values_mut().filter(|node| node.dirty) {
            node.dirty = false;
            node.committed = node.object.extent();
            if node.object.shortened {
                log.cut(&node.object.id(), node.committed);
            }
        }
        for (id, stored) in self.dying.drain(..) {
            log.cut(&id, 0);
            if stored {
                self.dead.push(id);
            }
        }
        self.table_committed = self.table.extent();
        self.store.all_clean();
        self.since = None;
    }

    /// Brings the last commit to its place, so that the journal is not needed for it.
    pub(crate) fn checkpoint(&mut self, disk: &mut dyn Disk) -> Result<()> {
        let store = &mut self.store;
        store.forget_ahead();
        store.log.write(disk, &mut store.files)?;
        store.files.sync(disk)?;
        store.files.write(disk, &ROOT, 0, &self.state.record)?;
        store.files.sync(disk)?;
        for id in store.log.ids() {
            let (number, unique) = crate::object::halves(&id);
            if let Some(node) = self.nodes.get_mut(&number)
                && node.object.unique == unique
            {
                node.object.stored = true;
            }
        }
        store.log.clear();
        self.table.settled = self.table_committed;
        for node in self.nodes.values_mut() {
            node.object.settled = node.committed;
        }
        // Only now is nothing left that needs what is removed here.
        for node in self.nodes.values_mut().filter(|node| node.object.shortened) {
            let (id, extent) = (node.object.id(), node.object.extent());
            let kept = extent.max(node.committed);
            if kept == 0 && node.object.stored {
                store.files.remove(disk, &id)?;
                node.object.stored = false;
            } else if node.object.stored {
                store.files.cut(disk, &id, kept)?;
            }
            node.object.shortened = node.committed > extent;
        }
        while let Some(id) = self.dead.last() {
            store.files.remove(disk, id)?;
            self.dead.pop();
        }
        self.tidy = false;
        Ok(())
    }

    /// Commits, tidies up and gives all numbers of files back to the disk. Nothing may follow but dropping it.
    ///
    /// # Errors
    /// As of [`Self::commit`].
    pub fn close(&mut self, disk: &mut dyn Disk) -> Result<Freshness> {
        let closed = if self.access == Access::ReadWrite { self.try_close(disk) } else { Ok(()) };
        self.store.files.close(disk);
        closed.map(|()| self.freshness())
    }

    fn try_close(&mut self, disk: &mut dyn Disk) -> Result<()> {
        self.store.files.check()?;
        let nameless: Vec<u64> =
            self.nodes.iter().filter(|(_, node)| node.links == 0).map(|(number, _)| *number).collect();
        for number in nameless {
            if let Some(node) = self.nodes.get_mut(&number) {
                node.holds = 0;
            }
            self.touch(disk, crate::stat::NodeId(number))?;
            self.remove_if_unused(disk, number)?;
        }
        self.commit(disk)?;
        if !self.store.log.marked {
            return Ok(());
        }
        // It is committed: on a full disk the journal stays for the next one to open the volume.
        match self.checkpoint(disk) {
            Err(Error::Disk(_)) if !self.store.files.broken => return Ok(()),
            done => done?,
        }
        self.store.files.cut(disk, &JOURNAL, 0)?;
        self.store.log.marked = false;
        Ok(())
    }
}
