//! The host's files: which are open, and which have to be synced.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::geometry::BLOCK;
use crate::keys::{Id, JOURNAL, ROOT};
use alloc::string::String;
use alloc::vec::Vec;

/// How many files are open at most.
const OPEN_MAX: usize = 64;

/// The most bytes of one operation.
pub const PIECE: usize = 256 * 1024;

/// An open file.
struct File {
    id: Id,
    handle: u32,
    /// The value of [`Files::uses`] when it was last used.
    used: u64,
}

/// The host's files.
pub struct Files {
    open: Vec<File>,
    uses: u64,
    /// What was written since the last sync.
    unsynced: Vec<Id>,
    /// Files may have been made since the last sync.
    made: bool,
    /// A sync failed, so it is unknown what is on the disk.
    pub broken: bool,
}

/// The name of an object's file.
fn name(id: &Id) -> String {
    match *id {
        ROOT => "root".into(),
        JOURNAL => "journal".into(),
        _ => id
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }))
            .collect(),
    }
}

/// The object whose file has this name.
pub fn id(name: &str) -> Option<Id> {
    let digits = name.as_bytes();
    if digits.len() != 32 || digits.iter().any(|digit| !matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    // The files of these two ids have other names. A file with such a name in digits is not theirs.
    u128::from_str_radix(name, 16).ok().map(u128::to_be_bytes).filter(|id| *id != ROOT && *id != JOURNAL)
}

impl Files {
    /// No files are open.
    pub fn new() -> Self {
        Self { open: Vec::new(), uses: 0, unsynced: Vec::new(), made: false, broken: false }
    }

    fn handle(&mut self, disk: &mut dyn Disk, id: &Id, create: bool) -> Result<Option<u32>> {
        self.uses += 1;
        if let Some(file) = self.open.iter_mut().find(|file| file.id == *id) {
            file.used = self.uses;
            return Ok(Some(file.handle));
        }
        if self.open.len() >= OPEN_MAX
            // The host has a limit too: close the file that was not used for longest.
            && let Some((place, oldest)) = self.open.iter().enumerate().min_by_key(|(_, file)| file.used)
        {
            disk.close(oldest.handle);
            self.open.swap_remove(place);
        }
        self.made |= create;
        let Some(handle) = disk.open(&name(id), create)? else { return Ok(None) };
        self.open.push(File { id: *id, handle, used: self.uses });
        Ok(Some(handle))
    }

    /// How many bytes the file holds; `None` if it does not exist.
    pub fn size(&mut self, disk: &mut dyn Disk, id: &Id) -> Result<Option<u64>> {
        Ok(match self.handle(disk, id, false)? {
            Some(handle) => Some(disk.size(handle)?),
            None => None,
        })
    }

    /// Fills `into` from an offset as far as the file goes, and returns the number of bytes. A missing file has none.
    pub fn read(&mut self, disk: &mut dyn Disk, id: &Id, offset: u64, into: &mut [u8]) -> Result<usize> {
        match self.handle(disk, id, false)? {
            Some(handle) => Ok(disk.read_at(handle, offset, into)?.min(into.len())),
            None => Ok(0),
        }
    }

    /// Writes in pieces, and makes the file if it does not exist.
    pub fn write(&mut self, disk: &mut dyn Disk, id: &Id, offset: u64, bytes: &[u8]) -> Result<()> {
        let handle = self.handle(disk, id, true)?.ok_or(Error::Damaged("a file was not made"))?;
        if !self.unsynced.contains(id) {
            self.unsynced.push(*id);
        }
        let mut at = offset;
        for piece in bytes.chunks(PIECE) {
            disk.write_at(handle, at, piece)?;
            at = at.saturating_add(PIECE as u64);
        }
        Ok(())
    }

    /// Cuts the file to this many blocks, if it exists and is longer.
    pub fn cut(&mut self, disk: &mut dyn Disk, id: &Id, blocks: u64) -> Result<()> {
        let size = blocks.saturating_mul(BLOCK as u64);
        if let Some(handle) = self.handle(disk, id, false)?
            && disk.size(handle)? > size
        {
            disk.set_size(handle, size)?;
        }
        Ok(())
    }

    /// Syncs what an earlier writer left, which may be in the host's memory only.
    pub fn sync_found(&mut self, disk: &mut dyn Disk) -> Result<()> {
        for id in [JOURNAL, ROOT] {
            if self.handle(disk, &id, false)?.is_some() && !self.unsynced.contains(&id) {
                self.unsynced.push(id);
            }
        }
        self.made = true;
        self.sync(disk)
    }

    /// Syncs every file that was written, so that it survives a loss of power.
    pub fn sync(&mut self, disk: &mut dyn Disk) -> Result<()> {
        let synced = self.try_sync(disk);
        self.broken |= synced.is_err();
        synced
    }

    fn try_sync(&mut self, disk: &mut dyn Disk) -> Result<()> {
        while let Some(id) = self.unsynced.last().copied() {
            let handle = self
                .handle(disk, &id, false)?
                .ok_or(Error::Damaged("a file that was written does not exist any more"))?;
            disk.sync(handle)?;
            self.unsynced.pop();
        }
        if self.made {
            disk.sync_names()?;
            self.made = false;
        }
        Ok(())
    }

    /// Removes a file.
    pub fn remove(&mut self, disk: &mut dyn Disk, id: &Id) -> Result<()> {
        self.unsynced.retain(|unsynced| unsynced != id);
        if let Some(place) = self.open.iter().position(|file| file.id == *id) {
            disk.close(self.open.swap_remove(place).handle);
        }
        Ok(disk.remove(&name(id))?)
    }

    /// Closes all files.
    pub fn close(&mut self, disk: &mut dyn Disk) {
        for file in self.open.drain(..) {
            disk.close(file.handle);
        }
    }

    /// Fails if a sync failed before.
    pub fn check(&self) -> Result<()> {
        if self.broken { Err(Code::Broken.into()) } else { Ok(()) }
    }
}
