//! Inodes: what the table on the disk holds of a file, directory or link, and the same in memory.

use crate::error::{Error, Result};
use crate::index::Index;
use crate::keys::Entry;
use crate::limits::SIZE_MAX;
use crate::object::Object;
use crate::stat::{Kind, Stat, Time};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of an inode in the table.
pub const INODE: usize = size_of::<Inode>();

/// Where the inode with this number is in the table, in bytes.
pub fn inode_offset(number: u64) -> u64 {
    number.saturating_mul(INODE as u64)
}

/// In the place of a kind's number.
const FREE: u8 = 0;

/// An inode in the table.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Inode {
    kind: u8,
    zeros: [u8; 7],
    unique: U64,
    /// In bytes. Of a free inode: the number of the next free one.
    size: U64,
    /// Of a directory: the directory that it is in.
    parent: U64,
    links: U32,
    nanoseconds: [U32; 3],
    /// When it was accessed, modified and changed.
    seconds: [U64; 3],
    top: Entry,
    more_zeros: [u8; 16],
}

impl Inode {
    /// A free inode. `next` is the number of the next free one, or 0.
    pub fn free(next: u64) -> Self {
        Self { kind: FREE, size: next.into(), ..Self::new_zeroed() }
    }

    /// The number of the next free inode, if this one is free.
    pub fn next_free(&self) -> Option<u64> {
        (self.kind == FREE).then(|| self.size.get())
    }

    /// It is in use, and no directory names it.
    pub fn is_nameless(&self) -> bool {
        self.kind != FREE && self.links == 0
    }

    /// It belongs to the object whose id has this random half.
    pub fn is_of(&self, unique: u64) -> bool {
        self.kind != FREE && self.unique == unique
    }
}

/// An inode in memory.
pub struct Node {
    pub object: Object,
    pub kind: Kind,
    pub links: u32,
    /// Of a directory: the directory that it is in.
    pub parent: u64,
    pub accessed: Time,
    pub modified: Time,
    pub changed: Time,
    /// How often it is held, see [`crate::Volume::hold`].
    pub holds: u32,
    /// The table does not have its present state.
    pub dirty: bool,
    /// How many blocks the host's file has in the last commit.
    pub committed: u64,
    /// Of a directory that was used lately: the names in it.
    pub index: Option<Index>,
}

impl Node {
    /// A new file, directory or link with one name.
    pub fn new(object: Object, kind: Kind, parent: u64, now: Time) -> Self {
        Self {
            object,
            kind,
            links: 1,
            parent,
            accessed: now,
            modified: now,
            changed: now,
            holds: 0,
            dirty: true,
            committed: 0,
            index: None,
        }
    }

    /// Reads an inode of the table; `None` if it is free.
    pub fn decode(volume: &[u8; 32], number: u64, inode: &Inode) -> Result<Option<Self>> {
        if inode.kind == FREE {
            return Ok(None);
        }
        let kind = Kind::from_number(inode.kind).ok_or(Error::Damaged("an inode has an unknown kind"))?;
        if inode.size > SIZE_MAX {
            return Err(Error::Damaged("an inode's size is too large"));
        }
        let object = Object::stored(volume, number, inode.unique.get(), inode.size.get(), inode.top)?;
        let [accessed, modified, changed] = [0, 1, 2].map(|which: usize| Time {
            seconds: inode.seconds.get(which).map_or(0, |seconds| seconds.get()),
            nanoseconds: inode.nanoseconds.get(which).map_or(0, |nanoseconds| nanoseconds.get()),
        });
        Ok(Some(Self {
            committed: object.extent(),
            object,
            kind,
            links: inode.links.get(),
            parent: inode.parent.get(),
            accessed,
            modified,
            changed,
            holds: 0,
            dirty: false,
            index: None,
        }))
    }

    /// The bytes for the table.
    pub fn encode(&self) -> Inode {
        let times = [self.accessed, self.modified, self.changed];
        Inode {
            kind: self.kind as u8,
            unique: self.object.unique.into(),
            parent: self.parent.into(),
            links: self.links.into(),
            nanoseconds: times.map(|time| time.nanoseconds.into()),
            seconds: times.map(|time| time.seconds.into()),
            top: self.object.top,
            ..Inode::free(self.object.size)
        }
    }

    /// What callers may know about it.
    pub fn stat(&self) -> Stat {
        Stat {
            kind: self.kind,
            size: self.object.size,
            links: self.links,
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
            identity: (self.object.number, self.object.unique),
        }
    }

    /// It may be dropped from memory: the table holds all of it, and `settled`, which only memory knows, is at the
    /// end of the object.
    pub fn is_idle(&self) -> bool {
        let object = &self.object;
        !self.dirty
            && self.holds == 0
            && !object.shortened
            && object.settled == object.extent()
            && self.committed == object.extent()
    }
}
