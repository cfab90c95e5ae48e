//! How changes reach the disk.
//!
//! A commit writes one transaction to the journal. A block whose place is unused in every state that a crash could
//! bring back may be written to its place before that. All others stay in the log as well. A checkpoint writes them to
//! their places when the log or the journal is full, then the root record, so that the journal can start over.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::geometry::position;
use crate::journal;
use crate::keys::{JOURNAL, ROOT};
use crate::node::inode_offset;
use crate::root::Root;
use crate::sealing::Sealed;
use crate::stat::{Access, Freshness, Time};
use crate::volume::Volume;
use alloc::vec::Vec;
use zerocopy::IntoBytes;

/// The most blocks in the log, which wait to be written to their places.
const LOG_MAX: usize = 320;
/// The most bytes of the journal before it starts over.
const JOURNAL_MAX: u64 = 4 << 20;
/// More dirty blocks than this go to the disk before the next change.
const DIRTY_MAX: usize = 256;
/// An object with more dirty blocks than this has new ones written to their places at once.
const DIRECT: usize = 16;
/// How long changes wait for a commit, in seconds.
const WAIT: u64 = 5;

impl Volume {
    /// Starts a change. Earlier changes that waited too long, or are too many, go to the disk first.
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

    /// Starts a removal, which must be possible on a full disk: nothing is written first.
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

    /// Makes every change until now survive, in all files at once. This serves `fsync` of any file or directory.
    ///
    /// # Errors
    /// The disk's own: then nothing is lost, neither on the disk nor in memory, and the caller can try again. Or
    /// [`crate::Code::Broken`], when this is not certain.
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
        // Blocks that were written to their places must survive before the transaction that refers to them does.
        self.store.files.sync(disk)?;
        let end = match self.write_journal(disk, &head, &sealed) {
            // On a full disk, a checkpoint makes room: this transaction can then replace the earlier ones.
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
            // The commit itself has succeeded, so only an unknown state of the disk is an error.
            self.store.files.check()?;
        }
        Ok(())
    }

    /// Writes data, and with `nodes` also nodes, to their places where that is allowed. Only for objects with many
    /// dirty blocks: for few, one more operation of the host costs more than room in the journal.
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

    /// Reduces the dirty blocks in memory to half: first data, then nodes, then by a commit.
    pub(crate) fn relieve(&mut self, disk: &mut dyn Disk) -> Result<()> {
        let before = self.store.dirty();
        self.write_new(disk, false)?;
        if self.store.dirty() > before / 2 {
            self.write_new(disk, true)?;
        }
        if self.store.dirty() > before / 2 { self.commit(disk) } else { Ok(()) }
    }

    /// Encrypts everything that is dirty. The table comes last, since inodes hold the entries of their objects.
    fn seal(&mut self) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(self.store.dirty());
        for node in self.nodes.values_mut() {
            if node.dirty {
                self.store.seal_dirty(&mut node.object, &mut sealed)?;
                self.store.overwrite(&self.table, inode_offset(node.object.number), node.encode().as_bytes())?;
            }
        }
        self.store.seal_dirty(&mut self.table, &mut sealed)?;
        Ok(sealed)
    }

    /// Appends a transaction to the journal. Returns where the next one begins.
    fn write_journal(&mut self, disk: &mut dyn Disk, head: &[u8], sealed: &[Sealed]) -> Result<u64> {
        // Even if this fails, the disk may hold the complete transaction, so a crash could bring its state back.
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

    /// Updates memory after the transaction has reached the disk.
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

    /// Writes all blocks of the last commit to their places, so that the journal is not needed any more.
    pub(crate) fn checkpoint(&mut self, disk: &mut dyn Disk) -> Result<()> {
        let store = &mut self.store;
        store.forget_ahead();
        // In this order: the root record must not refer to blocks that are not in their places yet.
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
        // Only now does no state that a crash could bring back need what is removed here.
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

    /// Commits, removes what is not needed and closes all files of the disk. The caller must drop the volume then.
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
        // Everything is committed. On a full disk the journal stays, and the next opening uses it.
        match self.checkpoint(disk) {
            Err(Error::Disk(_)) if !self.store.files.broken => return Ok(()),
            done => done?,
        }
        self.store.files.cut(disk, &JOURNAL, 0)?;
        self.store.log.marked = false;
        Ok(())
    }
}
