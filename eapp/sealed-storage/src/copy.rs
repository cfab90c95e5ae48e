//! Copying a volume into another.

use crate::disk::Disk;
use crate::error::{Code, Result};
use crate::files::PIECE;
use crate::stat::{Kind, NodeId, Stat, Time};
use crate::volume::Volume;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// The disks of two volumes.
pub trait Disks {
    /// The disk of the volume that is copied.
    fn source(&mut self) -> &mut dyn Disk;
    /// The disk of the volume that it is copied to.
    fn target(&mut self) -> &mut dyn Disk;
}

/// A directory that is being copied.
struct Level {
    source: NodeId,
    target: NodeId,
    stat: Stat,
    cursor: u64,
}

impl Volume {
    /// Copies names, contents, links and times to another volume, which must be empty, and commits it.
    ///
    /// # Errors
    /// [`Code::Exists`] if the other is not empty, damage, or the errors of either disk. Then the other may hold a
    /// part of the files.
    pub fn copy_to(&mut self, other: &mut Self, disks: &mut dyn Disks, now: Time) -> Result<()> {
        let (source, target) = (self.root(), other.root());
        if other.entry(disks.target(), target, 0)?.is_some() {
            return Err(Code::Exists.into());
        }
        let mut content = Zeroizing::new(alloc::vec![0; PIECE]);
        // Files with several names, and their copies, so that the copy has the same links.
        let mut linked: Vec<(NodeId, NodeId)> = Vec::new();
        let stat = self.stat(disks.source(), source)?;
        let mut levels = alloc::vec![Level { source, target, stat, cursor: 0 }];
        while let Some(level) = levels.last_mut() {
            let Some((cursor, entry)) = self.entry(disks.source(), level.source, level.cursor)? else {
                let (target, stat) = (level.target, level.stat);
                other.set_times(disks.target(), target, Some(stat.accessed), Some(stat.modified), now)?;
                levels.pop();
                continue;
            };
            level.cursor = cursor;
            let (directory, name) = (level.target, entry.name.as_str());
            let stat = self.stat(disks.source(), entry.node)?;
            let place = linked.binary_search_by_key(&entry.node, |(here, _)| *here);
            if let Some((_, there)) = place.ok().and_then(|place| linked.get(place)) {
                other.link(disks.target(), *there, directory, name, now)?;
                continue;
            }
            let made = match entry.kind {
                Kind::Directory => {
                    let made = other.create_directory(disks.target(), directory, name, now)?;
                    levels.push(Level { source: entry.node, target: made, stat, cursor: 0 });
                    continue;
                }
                Kind::Symlink => {
                    let target = self.read_link(disks.source(), entry.node)?;
                    other.create_symlink(disks.target(), directory, name, &target, now)?
                }
                Kind::File => {
                    let made = other.create_file(disks.target(), directory, name, now)?;
                    self.copy_content((entry.node, stat.size), other, made, disks, &mut content, now)?;
                    made
                }
            };
            other.set_times(disks.target(), made, Some(stat.accessed), Some(stat.modified), now)?;
            if let (true, Err(place)) = (stat.links > 1, place) {
                linked.insert(place, (entry.node, made));
            }
        }
        other.commit(disks.target())
    }

    fn copy_content(
        &mut self,
        (source, size): (NodeId, u64),
        other: &mut Self,
        target: NodeId,
        disks: &mut dyn Disks,
        content: &mut [u8],
        now: Time,
    ) -> Result<()> {
        let mut at = 0;
        loop {
            let read = self.read(disks.source(), source, at, content)?;
            let bytes = content.get(..read).unwrap_or_default();
            if bytes.is_empty() {
                return other.set_size(disks.target(), target, size, now);
            }
            // Zeros are not written, so that files with holes stay as small in the copy.
            if bytes.iter().any(|byte| *byte != 0) {
                other.write(disks.target(), target, at, bytes, now)?;
            }
            at = at.saturating_add(read as u64);
        }
    }
}
