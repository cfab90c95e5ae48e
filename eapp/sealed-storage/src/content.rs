//! Reading and changing one file, directory or link; listing and holding.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::geometry::{BLOCK, blocks, extent};
use crate::limits::PATH_MAX;
use crate::stat::{Access, DirectoryEntry, Kind, NodeId, Stat, Time};
use crate::volume::{TIDY_BLOCKS, Volume};
use alloc::string::String;

/// The most bytes that are written before the number of dirty blocks is checked again.
const WRITE_MAX: usize = 32 * BLOCK;

impl Volume {
    /// Reads from a file. Returns the number of bytes, which is less than the length of `into` only at the file's end.
    ///
    /// # Errors
    /// [`Code::IsDirectory`], [`Code::Invalid`] of a symbolic link, damage, or the disk's own.
    pub fn read(&mut self, disk: &mut dyn Disk, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize> {
        self.begin()?;
        let (store, node) = self.file(disk, file)?;
        store.read(disk, &mut node.object, offset, into)
    }

    /// Writes all of `bytes` to a file.
    ///
    /// # Errors
    /// [`Code::IsDirectory`], [`Code::Invalid`] of a symbolic link, [`Code::FileTooLarge`], [`Code::ReadOnly`],
    /// damage, or the disk's own. Then the file may have the first of the bytes.
    pub fn write(&mut self, disk: &mut dyn Disk, file: NodeId, offset: u64, bytes: &[u8], now: Time) -> Result<()> {
        let mut at = offset;
        for part in bytes.chunks(WRITE_MAX) {
            self.begin_change(disk, now)?;
            self.file(disk, file)?;
            self.touch(disk, file)?;
            let (store, node) = self.file(disk, file)?;
            store.write(disk, &mut node.object, at, part)?;
            (node.modified, node.changed) = (now, now);
            at = at.saturating_add(part.len() as u64);
        }
        Ok(())
    }

    /// Cuts a file, or lengthens it with zeros.
    ///
    /// # Errors
    /// As of [`Self::write`].
    pub fn set_size(&mut self, disk: &mut dyn Disk, file: NodeId, size: u64, now: Time) -> Result<()> {
        let before = self.file(disk, file)?.1.object.size;
        if size < before {
            self.begin_removal(now)?
        } else {
            self.begin_change(disk, now)?
        }
        self.touch(disk, file)?;
        let (store, node) = self.file(disk, file)?;
        store.resize(disk, &mut node.object, size)?;
        (node.modified, node.changed) = (now, now);
        self.tidy |= extent(blocks(before)).saturating_sub(extent(blocks(size))) >= TIDY_BLOCKS;
        Ok(())
    }

    /// Sets when a file, directory or link was read and changed; `None` leaves a time as it is.
    ///
    /// # Errors
    /// [`Code::ReadOnly`], damage, or the disk's own.
    pub fn set_times(
        &mut self,
        disk: &mut dyn Disk,
        node: NodeId,
        accessed: Option<Time>,
        modified: Option<Time>,
        now: Time,
    ) -> Result<()> {
        self.begin_change(disk, now)?;
        let node = self.touch(disk, node)?;
        node.accessed = accessed.unwrap_or(node.accessed);
        node.modified = modified.unwrap_or(node.modified);
        node.changed = now;
        Ok(())
    }

    /// Size, times and links of a file, directory or link.
    ///
    /// # Errors
    /// Damage, or the disk's own.
    pub fn stat(&mut self, disk: &mut dyn Disk, node: NodeId) -> Result<Stat> {
        self.begin()?;
        Ok(self.node(disk, node)?.1.stat())
    }

    /// The target of a symbolic link.
    ///
    /// # Errors
    /// [`Code::Invalid`] for anything but a symbolic link, damage, or the disk's own.
    pub fn read_link(&mut self, disk: &mut dyn Disk, link: NodeId) -> Result<String> {
        const BROKEN: Error = Error::Damaged("the target of a symbolic link is invalid");
        self.begin()?;
        let (store, node) = self.node(disk, link)?;
        if node.kind != Kind::Symlink {
            return Err(Code::Invalid.into());
        }
        let length = usize::try_from(node.object.size).ok().filter(|length| *length <= PATH_MAX);
        let mut target = alloc::vec![0; length.ok_or(BROKEN)?];
        store.read(disk, &mut node.object, 0, &mut target)?;
        String::from_utf8(target).map_err(|_| BROKEN)
    }

    /// The next entry of a directory at a cursor, and the cursor for the entry after it. The first cursor is 0; `None`
    /// is the end. A name that exists from the first call to the last is returned exactly once, whatever is added or
    /// removed meanwhile.
    ///
    /// # Errors
    /// [`Code::NotDirectory`], damage, or the disk's own.
    pub fn entry(
        &mut self,
        disk: &mut dyn Disk,
        directory: NodeId,
        cursor: u64,
    ) -> Result<Option<(u64, DirectoryEntry)>> {
        self.begin()?;
        self.directory(disk, directory)?.entry(cursor)
    }

    /// Holds a file, directory or link, so that it outlives its last name until it is released as often.
    ///
    /// # Errors
    /// [`Code::NotFound`] if it was removed, damage, or the disk's own.
    pub fn hold(&mut self, disk: &mut dyn Disk, node: NodeId) -> Result<()> {
        self.begin()?;
        let (_, node) = self.node(disk, node)?;
        node.holds = node.holds.checked_add(1).ok_or(Code::TooMany)?;
        Ok(())
    }

    /// Undoes one [`Self::hold`].
    ///
    /// # Errors
    /// Damage, or the disk's own. It is released nevertheless.
    pub fn release(&mut self, disk: &mut dyn Disk, node: NodeId) -> Result<()> {
        let Some(held) = self.nodes.get_mut(&node.0) else { return Ok(()) };
        held.holds = held.holds.saturating_sub(1);
        if held.holds > 0 || held.links > 0 || self.access == Access::ReadOnly {
            return Ok(());
        }
        self.store.files.check()?;
        self.touch(disk, node)?;
        // Removing it can wait for the next change: no time makes it due.
        self.since.get_or_insert(u64::MAX);
        self.remove_if_unused(disk, node.0)
    }
}
