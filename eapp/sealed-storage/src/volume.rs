//! A volume in memory: its inodes and how they are loaded, made and removed.

use crate::directory::Directory;
use crate::disk::Disk;
use crate::error::{Code, Error, Result};
use crate::keys::{Id, Key};
use crate::node::{INODE, Inode, Node, inode_offset};
use crate::object::Object;
use crate::root::{RootKey, State};
use crate::stat::{Access, Freshness, Kind, NodeId};
use crate::store::Store;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use zerocopy::{FromBytes, IntoBytes};

/// The inode of the root directory.
pub const ROOT_NODE: u64 = 1;
/// The most inodes in memory that are not in use.
const NODES_MAX: usize = 512;
/// The most names of directories in memory.
const NAMES_MAX: usize = 64 * 1024;
/// A change that frees this many blocks leads to a checkpoint, which gives them back to the host.
pub const TIDY_BLOCKS: u64 = 256;

/// An open sealed directory. Only one may be open at a time on the same disk.
///
/// Changes are collected and reach the disk as one commit, of which a crash leaves all or nothing. This happens at
/// [`Self::commit`], when memory is full, and with the first change 5 seconds after an uncommitted one.
pub struct Volume {
    pub(crate) key: Key,
    pub(crate) journal_key: Key,
    pub(crate) root_key: RootKey,
    pub(crate) store: Store,
    pub(crate) table: Object,
    pub(crate) table_committed: u64,
    pub(crate) nodes: BTreeMap<u64, Node>,
    /// The number of the first free inode; 0 if no inode is free.
    pub(crate) free: u64,
    /// The last commit.
    pub(crate) state: State,
    pub(crate) access: Access,
    /// The time of the oldest uncommitted change, in seconds since 1970.
    pub(crate) since: Option<u64>,
    /// Removed objects, and whether the host may have files of them. The next commit makes their removal final.
    pub(crate) dying: Vec<(Id, bool)>,
    /// Objects whose removal is committed: the next checkpoint removes the host's files of them.
    pub(crate) dead: Vec<Id>,
    /// A change freed [`TIDY_BLOCKS`]: the next commit ends with a checkpoint.
    pub(crate) tidy: bool,
}

impl Volume {
    /// The state of the last commit.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.state.freshness()
    }

    /// Whether there are changes that are not committed.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.since.is_some()
    }

    /// The root directory.
    #[must_use]
    pub fn root(&self) -> NodeId {
        NodeId(ROOT_NODE)
    }

    /// Starts an operation: checks that the disk's state is known, and drops what memory can do without.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.store.files.check()?;
        if self.nodes.len() > NODES_MAX {
            self.nodes.retain(|number, node| *number == ROOT_NODE || !node.is_idle());
        }
        let names = self.nodes.values().filter_map(|node| node.index.as_ref()).map(|index| index.len()).sum::<usize>();
        if names > NAMES_MAX {
            for node in self.nodes.values_mut() {
                node.index = None;
            }
        }
        Ok(())
    }

    /// Reads an inode from the table.
    pub(crate) fn inode(&mut self, disk: &mut dyn Disk, number: u64) -> Result<Inode> {
        let mut bytes = [0; INODE];
        let read = self.store.read(disk, &mut self.table, inode_offset(number), &mut bytes)?;
        match Inode::read_from_bytes(&bytes) {
            Ok(inode) if read == INODE => Ok(inode),
            _ => Err(Code::NotFound.into()),
        }
    }

    /// How many inodes the table has, including free ones and inode 0, which is never used.
    pub(crate) fn inodes(&self) -> u64 {
        self.table.size / INODE as u64
    }

    /// Loads an inode into memory.
    pub(crate) fn node(&mut self, disk: &mut dyn Disk, id: NodeId) -> Result<(&mut Store, &mut Node)> {
        if !self.nodes.contains_key(&id.0) {
            if id.0 == 0 {
                return Err(Code::NotFound.into());
            }
            let inode = self.inode(disk, id.0)?;
            let node = Node::decode(&self.key, id.0, &inode)?.ok_or(Code::NotFound)?;
            self.nodes.insert(id.0, node);
        }
        let node = self.nodes.get_mut(&id.0).ok_or(Code::NotFound)?;
        Ok((&mut self.store, node))
    }

    /// Loads a directory.
    pub(crate) fn directory<'a>(&'a mut self, disk: &'a mut dyn Disk, id: NodeId) -> Result<Directory<'a>> {
        let (store, node) = self.node(disk, id)?;
        Directory::new(store, disk, node)
    }

    /// Loads a regular file.
    pub(crate) fn file(&mut self, disk: &mut dyn Disk, id: NodeId) -> Result<(&mut Store, &mut Node)> {
        let (store, node) = self.node(disk, id)?;
        match node.kind {
            Kind::File => Ok((store, node)),
            Kind::Directory => Err(Code::IsDirectory.into()),
            Kind::Symlink => Err(Code::Invalid.into()),
        }
    }

    /// Loads what changing an inode needs, so that the change does not need the disk.
    pub(crate) fn touch(&mut self, disk: &mut dyn Disk, id: NodeId) -> Result<&mut Node> {
        self.node(disk, id)?;
        let node = self.nodes.get_mut(&id.0).ok_or(Code::NotFound)?;
        if !node.dirty {
            self.store.prepare(disk, &self.table, inode_offset(id.0))?;
            node.dirty = true;
        }
        Ok(node)
    }

    /// Writes an inode to the table in memory.
    pub(crate) fn write_inode(&mut self, disk: &mut dyn Disk, number: u64, inode: &Inode) -> Result<()> {
        self.store.write(disk, &mut self.table, inode_offset(number), inode.as_bytes())
    }

    /// Takes a free inode, or adds one to the table, and makes an empty object for it.
    pub(crate) fn allocate(&mut self, disk: &mut dyn Disk) -> Result<Object> {
        let unique = self.store.nonces.unique()?;
        let number = self.free;
        if number != 0 {
            let next = self.inode(disk, number)?.next_free().filter(|next| *next < self.inodes());
            let next = next.ok_or(Error::Damaged("the list of free inodes is invalid"))?;
            let object = Object::new(&self.key, number, unique)?;
            self.store.prepare(disk, &self.table, inode_offset(number))?;
            self.free = next;
            return Ok(object);
        }
        let number = self.inodes();
        let object = Object::new(&self.key, number, unique)?;
        self.write_inode(disk, number, &Inode::free(0))?;
        Ok(object)
    }

    /// Removes a file, directory or link that has no names and is not held. It must have been touched before.
    pub(crate) fn remove_if_unused(&mut self, disk: &mut dyn Disk, number: u64) -> Result<()> {
        if self.nodes.get(&number).is_none_or(|node| node.links > 0 || node.holds > 0) {
            return Ok(());
        }
        self.write_inode(disk, number, &Inode::free(self.free))?;
        self.free = number;
        if let Some(node) = self.nodes.remove(&number) {
            self.tidy |= node.object.extent().max(node.committed) >= TIDY_BLOCKS;
            self.dying.push((node.object.id(), node.object.stored));
        }
        self.store.forget(number);
        Ok(())
    }
}
