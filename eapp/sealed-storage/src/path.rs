//! Following paths.

use crate::disk::Disk;
use crate::error::{Code, Result};
use crate::limits::{NAME_MAX, PATH_MAX};
use crate::stat::{Kind, NodeId, Place};
use crate::volume::Volume;
use alloc::string::String;
use alloc::vec::Vec;

/// The most symbolic links that are followed in a path.
const LINKS_MAX: usize = 40;

/// Refuses paths that cannot be followed, whatever the volume holds.
fn check(path: &str) -> Result<()> {
    match path {
        "" => Err(Code::NotFound.into()),
        _ if path.starts_with('/') => Err(Code::NotPermitted.into()),
        _ if path.len() > PATH_MAX => Err(Code::NameTooLong.into()),
        _ if path.contains('\0') => Err(Code::Invalid.into()),
        _ => Ok(()),
    }
}

impl Volume {
    /// Follows a path to its last component, which need not exist. Symbolic links before the last component are always
    /// followed; one that is the last component only if `follow` is set or the path ends in `/`.
    ///
    /// # Errors
    /// [`Code::NotPermitted`] if it is absolute or leads above `directory`, [`Code::NotFound`] if it is empty or a
    /// component before the last is missing, [`Code::NotDirectory`], [`Code::Loop`], [`Code::NameTooLong`],
    /// [`Code::Invalid`] if it holds a NUL, damage, or the disk's own.
    pub fn resolve(&mut self, disk: &mut dyn Disk, directory: NodeId, path: &str, follow: bool) -> Result<Place> {
        check(path)?;
        self.begin()?;
        // The directories from `directory` to here. A `..` takes from this list and never from a directory's parent,
        // so no path leads out of `directory`.
        let mut above: Vec<NodeId> = Vec::new();
        let mut at = directory;
        let mut links = 0;
        let mut rest = String::from(path);
        loop {
            let (name, further) = rest.split_once('/').unwrap_or((&rest, ""));
            let slash = name.len() < rest.len();
            let further = further.trim_start_matches('/');
            let last = further.is_empty();
            if name.len() > NAME_MAX {
                return Err(Code::NameTooLong.into());
            }
            let mut entries = self.directory(disk, at)?;
            if name == "." || name == ".." {
                if name == ".." {
                    at = above.pop().ok_or(Code::NotPermitted)?;
                }
                if last {
                    return Ok(Place { directory: at, name: ".".into(), node: Some(at), slash });
                }
                rest = further.into();
                continue;
            }
            let Some(found) = entries.find(name)? else {
                let place = Place { directory: at, name: name.into(), node: None, slash };
                return if last { Ok(place) } else { Err(Code::NotFound.into()) };
            };
            let node = NodeId(found.node);
            if found.kind == Kind::Symlink && (!last || follow || slash) {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Code::Loop.into());
                }
                // The target replaces the link in the path, and what followed the link follows the target.
                let mut target = self.read_link(disk, node)?;
                check(&target)?;
                if slash {
                    target.push('/');
                    target.push_str(further);
                }
                rest = target;
                continue;
            }
            if last {
                return Ok(Place { directory: at, name: name.into(), node: Some(node), slash });
            }
            above.push(at);
            at = node;
            rest = further.into();
        }
    }

    /// Finds what a path leads to, which has to exist.
    ///
    /// # Errors
    /// As of [`Self::resolve`]; [`Code::NotFound`]; [`Code::NotDirectory`] if it ends in `/` and leads to no directory.
    pub fn find(&mut self, disk: &mut dyn Disk, directory: NodeId, path: &str, follow: bool) -> Result<NodeId> {
        let place = self.resolve(disk, directory, path, follow)?;
        let node = place.node.ok_or(Code::NotFound)?;
        if place.slash && self.node(disk, node)?.1.kind != Kind::Directory {
            return Err(Code::NotDirectory.into());
        }
        Ok(node)
    }
}
