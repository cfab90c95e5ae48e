//! Operations on names: creating, linking, renaming and removing.
//!
//! Each of these first loads everything that it is going to change, which fails if the disk fails, and then changes it,
//! which does not need the disk. So no operation is left half done.

use crate::disk::Disk;
use crate::error::{Code, Result};
use crate::limits::{NAME_MAX, PATH_MAX};
use crate::node::Node;
use crate::stat::{Kind, NodeId, Time};
use crate::volume::{ROOT_NODE, Volume};

/// Checks a name that is to be made or removed. `reserved` is the error for `.` and `..`, which always exist.
fn check_name(name: &str, reserved: Code) -> Result<()> {
    match name {
        "" | "." | ".." => Err(reserved.into()),
        _ if name.len() > NAME_MAX => Err(Code::NameTooLong.into()),
        _ if name.contains(['/', '\0']) => Err(Code::Invalid.into()),
        _ => Ok(()),
    }
}

impl Volume {
    /// Finds `name`, a single component, in a directory.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotDirectory`], damage, or the disk's own.
    pub fn lookup(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str) -> Result<NodeId> {
        self.begin()?;
        Ok(self.directory(disk, directory)?.find(name)?.map(|found| NodeId(found.node)).ok_or(Code::NotFound)?)
    }

    /// Makes room for a new name in a directory. Returns the block for it.
    fn prepare_name(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str) -> Result<u32> {
        check_name(name, Code::Exists)?;
        let mut entries = self.directory(disk, directory)?;
        if entries.find(name)?.is_some() {
            return Err(Code::Exists.into());
        }
        if self.touch(disk, directory)?.links == 0 {
            return Err(Code::NotFound.into());
        }
        self.directory(disk, directory)?.prepare(name)
    }

    /// Sets the times of a directory whose names changed. It must have been touched before.
    fn changed(&mut self, directory: NodeId, now: Time) {
        if let Some(node) = self.nodes.get_mut(&directory.0) {
            (node.modified, node.changed) = (now, now);
        }
    }

    fn create(
        &mut self,
        disk: &mut dyn Disk,
        directory: NodeId,
        name: &str,
        (kind, content): (Kind, &str),
        now: Time,
    ) -> Result<NodeId> {
        self.begin_change(disk, now)?;
        let block = self.prepare_name(disk, directory, name)?;
        let mut object = self.allocate(disk)?;
        self.store.write(disk, &mut object, 0, content.as_bytes())?;
        let number = object.number;
        self.nodes.insert(number, Node::new(object, kind, directory.0, now));
        self.directory(disk, directory)?.insert(block, name, number, kind)?;
        self.changed(directory, now);
        Ok(NodeId(number))
    }

    /// Creates an empty file.
    ///
    /// # Errors
    /// [`Code::Exists`], [`Code::NotFound`] if the directory itself was removed, [`Code::ReadOnly`],
    /// [`Code::NameTooLong`], [`Code::Invalid`], damage, or the disk's own.
    pub fn create_file(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str, now: Time) -> Result<NodeId> {
        self.create(disk, directory, name, (Kind::File, ""), now)
    }

    /// Creates an empty directory.
    ///
    /// # Errors
    /// As of [`Self::create_file`].
    pub fn create_directory(
        &mut self,
        disk: &mut dyn Disk,
        directory: NodeId,
        name: &str,
        now: Time,
    ) -> Result<NodeId> {
        self.create(disk, directory, name, (Kind::Directory, ""), now)
    }

    /// Creates a symbolic link to `target`, which must not be empty, absolute or longer than [`crate::PATH_MAX`].
    ///
    /// # Errors
    /// As of [`Self::create_file`]; [`Code::NotPermitted`] for an absolute target.
    pub fn create_symlink(
        &mut self,
        disk: &mut dyn Disk,
        directory: NodeId,
        name: &str,
        target: &str,
        now: Time,
    ) -> Result<NodeId> {
        match target {
            "" => Err(Code::NotFound.into()),
            _ if target.starts_with('/') => Err(Code::NotPermitted.into()),
            _ if target.len() > PATH_MAX => Err(Code::NameTooLong.into()),
            _ if target.contains('\0') => Err(Code::Invalid.into()),
            _ => self.create(disk, directory, name, (Kind::Symlink, target), now),
        }
    }

    /// Gives a file or symbolic link an additional name.
    ///
    /// # Errors
    /// As of [`Self::create_file`]; [`Code::NotPermitted`] for a directory.
    pub fn link(&mut self, disk: &mut dyn Disk, node: NodeId, directory: NodeId, name: &str, now: Time) -> Result<()> {
        self.begin_change(disk, now)?;
        let block = self.prepare_name(disk, directory, name)?;
        let linked = self.touch(disk, node)?;
        let kind = linked.kind;
        match (kind, linked.links) {
            (Kind::Directory, _) => return Err(Code::NotPermitted.into()),
            (_, 0) => return Err(Code::NotFound.into()),
            (_, u32::MAX) => return Err(Code::TooMany.into()),
            _ => {}
        }
        linked.links += 1;
        linked.changed = now;
        self.directory(disk, directory)?.insert(block, name, node.0, kind)?;
        self.changed(directory, now);
        Ok(())
    }

    /// Counts one name less for a file, directory or link. It must have been touched before.
    fn unlinked(&mut self, disk: &mut dyn Disk, number: u64, now: Time) -> Result<()> {
        if let Some(node) = self.nodes.get_mut(&number) {
            node.links = node.links.saturating_sub(1);
            node.changed = now;
        }
        self.remove_if_unused(disk, number)
    }

    fn remove(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str, now: Time, whole: bool) -> Result<()> {
        check_name(name, if whole { Code::Invalid } else { Code::IsDirectory })?;
        self.begin_removal(now)?;
        let mut entries = self.directory(disk, directory)?;
        let found = entries.find(name)?.ok_or(Code::NotFound)?;
        match (found.kind, whole) {
            (Kind::Directory, false) => return Err(Code::IsDirectory.into()),
            (Kind::File | Kind::Symlink, true) => return Err(Code::NotDirectory.into()),
            _ => {}
        }
        entries.prepare_change(&found)?;
        if whole && !self.directory(disk, NodeId(found.node))?.is_empty()? {
            return Err(Code::NotEmpty.into());
        }
        self.touch(disk, directory)?;
        self.touch(disk, NodeId(found.node))?;
        self.directory(disk, directory)?.remove(&found, name)?;
        self.changed(directory, now);
        self.unlinked(disk, found.node, now)
    }

    /// Removes a name of a file or symbolic link. Without names, it exists until it is released.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::IsDirectory`], [`Code::ReadOnly`], [`Code::Invalid`], damage, or the disk's own.
    pub fn unlink(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str, now: Time) -> Result<()> {
        self.remove(disk, directory, name, now, false)
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotDirectory`], [`Code::NotEmpty`], [`Code::ReadOnly`], [`Code::Invalid`] for `.`,
    /// damage, or the disk's own.
    pub fn remove_directory(&mut self, disk: &mut dyn Disk, directory: NodeId, name: &str, now: Time) -> Result<()> {
        self.remove(disk, directory, name, now, true)
    }

    /// Whether a directory is the directory `outer` or lies in it.
    fn lies_in(&mut self, disk: &mut dyn Disk, directory: NodeId, outer: u64) -> Result<bool> {
        let mut at = directory.0;
        // A path cannot have more directories than there are inodes. Damage could make a circle of parents.
        for _ in 0..self.inodes() {
            if at == outer || at == ROOT_NODE {
                break;
            }
            at = self.node(disk, NodeId(at))?.1.parent;
        }
        Ok(at == outer)
    }

    /// Renames a file, directory or link in one step. It replaces what has the new name: a file or link replaces a
    /// file or link, a directory replaces an empty directory. If both names are of the same file, nothing happens.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::NotDirectory`], [`Code::IsDirectory`], [`Code::NotEmpty`], [`Code::Invalid`] if
    /// a directory would lie in itself, [`Code::ReadOnly`], damage, or the disk's own.
    pub fn rename(
        &mut self,
        disk: &mut dyn Disk,
        (from, from_name): (NodeId, &str),
        (to, to_name): (NodeId, &str),
        now: Time,
    ) -> Result<()> {
        check_name(from_name, Code::Invalid)?;
        check_name(to_name, Code::Invalid)?;
        self.begin_change(disk, now)?;
        let mut entries = self.directory(disk, from)?;
        let moved = entries.find(from_name)?.ok_or(Code::NotFound)?;
        entries.prepare_change(&moved)?;
        let mut entries = self.directory(disk, to)?;
        let replaced = entries.find(to_name)?;
        if moved.kind == Kind::Directory && self.lies_in(disk, to, moved.node)? {
            return Err(Code::Invalid.into());
        }
        let mut block = None;
        if let Some(replaced) = &replaced {
            if replaced.node == moved.node {
                return Ok(());
            }
            match (moved.kind, replaced.kind) {
                (Kind::Directory, Kind::Directory) => {
                    let empty = self.directory(disk, NodeId(replaced.node))?.is_empty()?;
                    if !empty {
                        return Err(Code::NotEmpty.into());
                    }
                }
                (Kind::Directory, _) => return Err(Code::NotDirectory.into()),
                (_, Kind::Directory) => return Err(Code::IsDirectory.into()),
                _ => {}
            }
            self.touch(disk, NodeId(replaced.node))?;
            self.touch(disk, to)?;
            self.directory(disk, to)?.prepare_change(replaced)?;
        } else {
            block = Some(self.prepare_name(disk, to, to_name)?);
        }
        self.touch(disk, from)?;
        self.touch(disk, NodeId(moved.node))?;

        // Everything is loaded: from here on the disk is not needed.
        let mut entries = self.directory(disk, to)?;
        match (&replaced, block) {
            (Some(replaced), _) => entries.replace(replaced, to_name, moved.node, moved.kind)?,
            (None, Some(block)) => entries.insert(block, to_name, moved.node, moved.kind)?,
            (None, None) => {}
        }
        self.directory(disk, from)?.remove(&moved, from_name)?;
        if let Some(node) = self.nodes.get_mut(&moved.node) {
            node.parent = to.0;
            node.changed = now;
        }
        self.changed(from, now);
        self.changed(to, now);
        match replaced {
            Some(replaced) => self.unlinked(disk, replaced.node, now),
            None => Ok(()),
        }
    }
}
