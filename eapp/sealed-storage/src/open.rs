//! Opening a volume: finding its last commit, repairing it after a crash, or making a new one.

use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::files::{self, Files};
use crate::journal;
use crate::keys::{Id, JOURNAL, Key, Nonces, derive};
use crate::log::Log;
use crate::node::{INODE, Node};
use crate::object::{Object, halves};
use crate::root::{RootKey, State, UNREADABLE};
use crate::stat::{Access, Freshness, Kind, NodeId, Time};
use crate::store::Store;
use crate::volume::{ROOT_NODE, Volume};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// How many names of the host's files memory holds at once.
const NAMES: usize = 4096;

/// What the disk holds.
struct Found {
    /// The last commit; `None` if the disk holds none.
    state: Option<State>,
    log: Log,
    /// The volume was not closed.
    unclean: bool,
}

impl Volume {
    /// Opens the volume on the disk, or makes a new one on an empty disk, which needs read-write access and no pin.
    /// `entropy` is 32 random bytes that are used for nothing else, before or later.
    ///
    /// # Errors
    /// [`Code::WrongKey`], [`Code::Stale`], [`Code::NotSealed`], [`Code::Version`], damage, or the disk's own.
    pub fn open(
        disk: &mut dyn Disk,
        key: &[u8; 32],
        entropy: &[u8; 32],
        pinned: Option<&Freshness>,
        access: Access,
        now: Time,
    ) -> Result<Self> {
        let mut files = Files::new();
        // Whatever fails below, the disk's files must be closed.
        let keys = (derive(key, &[b"journal"])?, RootKey::new(key)?);
        let found = find(disk, &mut files, key, (&keys.0, &keys.1));
        let opened = found.and_then(|found| {
            let state = found.state.unwrap_or_else(State::none);
            if pinned.is_some_and(|pinned| found.state.is_none() || *pinned != state.freshness()) {
                return Err(Code::Stale.into());
            }
            let mut nonces = Nonces::new(key, entropy, &state.commitment())?;
            let unique = if found.state.is_some() { state.root.table_unique.get() } else { nonces.unique()? };
            let table = Object::stored(key, 0, unique, state.root.table_size.get(), state.root.table_top)?;
            Ok(Self {
                key: Key::new(*key),
                journal_key: keys.0,
                root_key: keys.1,
                store: Store::new(core::mem::replace(&mut files, Files::new()), found.log, nonces),
                table_committed: table.extent(),
                table,
                nodes: BTreeMap::new(),
                free: state.root.free.get(),
                state,
                access,
                since: None,
                dying: Vec::new(),
                dead: Vec::new(),
                tidy: false,
            })
            .map(|volume| (volume, found.state.is_none(), found.unclean))
        });
        let (mut volume, new, unclean) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                files.close(disk);
                return Err(error);
            }
        };
        let ready = match (access, new, unclean) {
            (Access::ReadOnly, true, _) => Err(Code::NotSealed.into()),
            (Access::ReadOnly, false, _) | (Access::ReadWrite, false, false) => Ok(()),
            (Access::ReadWrite, true, _) => volume.make(disk, now),
            (Access::ReadWrite, false, true) => volume.recover(disk),
        };
        if let Err(error) = ready {
            volume.store.files.close(disk);
            return Err(error);
        }
        Ok(volume)
    }

    /// Makes a new volume. Inode 0 is never used, inode 1 is the root directory.
    fn make(&mut self, disk: &mut dyn Disk, now: Time) -> Result<()> {
        self.store.files.sync_found(disk)?;
        self.store.resize(disk, &mut self.table, INODE as u64)?;
        let object = self.allocate(disk)?;
        self.nodes.insert(ROOT_NODE, Node::new(object, Kind::Directory, ROOT_NODE, now));
        self.commit(disk)?;
        self.checkpoint(disk)
    }

    /// Repairs a volume that was not closed.
    fn recover(&mut self, disk: &mut dyn Disk) -> Result<()> {
        // What was found must survive before anything is written over what an earlier state needs.
        self.store.files.sync_found(disk)?;
        for id in self.store.log.ids() {
            if !self.exists(disk, &id)? {
                self.store.log.cut(&id, 0);
            }
        }
        if self.store.log.len() > 0 || self.store.log.end > 0 {
            // On a full disk this can wait: the guest may make room by removing files.
            match self.checkpoint(disk) {
                Err(Error::Disk(_)) if !self.store.files.broken => {}
                done => done?,
            }
        }
        // Files that were held without a name are held no more.
        for number in ROOT_NODE + 1..self.inodes() {
            if self.inode(disk, number)?.is_nameless() {
                self.begin_change(disk, Time::default())?;
                self.touch(disk, NodeId(number))?;
                self.remove_if_unused(disk, number)?;
            }
        }
        let mut after = None;
        while let Some(last) = self.remove_orphans(disk, after)? {
            after = Some(last);
        }
        Ok(())
    }

    /// Whether the volume has the object with this id.
    fn exists(&mut self, disk: &mut dyn Disk, id: &Id) -> Result<bool> {
        let (number, unique) = halves(id);
        if number == 0 {
            return Ok(unique == self.table.unique);
        }
        Ok(number < self.inodes() && self.inode(disk, number)?.is_of(unique))
    }

    /// Removes the host's files of objects that the volume does not have. Looks at [`NAMES`] ids above `after`
    /// and returns the last of them; `None` if there are no more.
    fn remove_orphans(&mut self, disk: &mut dyn Disk, after: Option<Id>) -> Result<Option<Id>> {
        let mut ids = Vec::new();
        disk.list(&mut |name| {
            if let Some(id) = files::id(name).filter(|id| Some(*id) > after) {
                // The lowest ids, in order: the host lists names in any order, and memory is bounded.
                if let Err(place) = ids.binary_search(&id) {
                    ids.insert(place, id);
                    ids.truncate(NAMES);
                }
            }
        })?;
        for id in &ids {
            if !self.exists(disk, id)? {
                self.store.files.remove(disk, id)?;
            }
        }
        Ok(if ids.len() < NAMES { None } else { ids.last().copied() })
    }
}

/// Finds the last commit.
fn find(disk: &mut dyn Disk, files: &mut Files, volume: &[u8; 32], keys: (&Key, &RootKey)) -> Result<Found> {
    let (root, exists) = keys.1.read(disk, files)?;
    let journal = files.size(disk, &JOURNAL)?.unwrap_or(0);
    let mut found = Found { state: root, log: Log::new(), unclean: journal > 0 };
    found.log.marked = journal > 0;
    // The journal counts if it continues from the root record, or if the root record was being written and is not
    // readable. Without a root record, it must begin with the first commit of the volume.
    let mut previous = match (&root, exists) {
        (Some(root), _) => Some(root.commitment()),
        (None, true) => None,
        (None, false) => Some(State::none().commitment()),
    };
    while found.log.end < journal {
        let Some(transaction) = journal::read(disk, files, volume, keys, found.log.end)? else { break };
        if previous.is_some_and(|previous| previous != transaction.previous) {
            break;
        }
        previous = Some(transaction.state.commitment());
        found.log.end = transaction.end;
        found.state = Some(transaction.state);
        for (id, position, bytes) in transaction.blocks {
            found.log.insert(id, position, bytes);
        }
    }
    found.log.found = found.log.end > 0;
    if found.state.is_some() {
        return Ok(found);
    }
    if exists {
        return Err(UNREADABLE);
    }
    // If making a volume was interrupted, the disk holds a journal and nothing else.
    let mut other = false;
    disk.list(&mut |name| other |= !matches!(name, "." | ".." | "journal"))?;
    if other { Err(Code::NotSealed.into()) } else { Ok(found) }
}
