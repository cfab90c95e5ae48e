//! Inodes.

use crate::error::{Error, Result};
use crate::index::Index;
use crate::keys::Entry;
use crate::limits::SIZE_MAX;
use crate::object::Object;
use crate::stat::{Kind, Stat, Time};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes of an inode in the table.
pub const INODE: usize = size_of::<Inode>();

const FREE: u8 = 0;
const FILE: u8 = 1;
const DIRECTORY: u8 = 2;
const SYMLINK: u8 = 3;

/// An inode in the table.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Inode {
    kind: u8,
    zeros: [u8; 7],
    unique: U64,
    /// Of a free one, the next that is free.
    size: U64,
    /// Of a directory, the one that it is in.
    parent: U64,
    links: U32,
    nanoseconds: [U32; 3],
    /// Accessed, modified, changed.
    seconds: [U64; 3],
    top: Entry,
    more_zeros: [u8; 16],
}

impl Inode {
    /// One that stands for nothing. The next such is `next`.
    pub fn free(next: u64) -> Self {
        Self {
            kind: FREE,
            zeros: [0; 7],
            unique: U64::ZERO,
            size: next.into(),
            parent: U64::ZERO,
            links: U32::ZERO,
            nanoseconds: [U32::ZERO; 3],
            seconds: [U64::ZERO; 3],
            top: [0; 40],
            more_zeros: [0; 16],
        }
    }

    /// The next free one, if this is free.
    pub fn next_free(&self) -> Option<u64> {
        (self.kind == FREE).then(|| self.size.get())
    }

    /// It stands for something that has no name.
    pub fn is_nameless(&self) -> bool {
        self.kind != FREE && self.links == 0
    }

    /// It is that of the object with this random half of an id.
    pub fn is_of(&self, unique: u64) -> bool {
        self.kind != FREE && self.unique == unique
    }
}

/// An inode in memory.
pub struct Node {
    pub object: Object,
    pub kind: Kind,
    pub links: u32,
    /// Of a directory, the one that it is in.
    pub parent: u64,
    pub accessed: Time,
    pub modified: Time,
    pub changed: Time,
    /// How often it is held.
    pub holds: u32,
    /// It is not in the table as it is here.
    pub dirty: bool,
    /// How many blocks the host's file has in the state of the last commit.
    pub committed: u64,
    /// Of a directory that was used lately.
    pub index: Option<Index>,
}

impl Node {
    /// Something new.
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

    /// What an inode stands for; `None` if it is free.
    pub fn decode(volume: &[u8; 32], number: u64, inode: &Inode) -> Result<Option<Self>> {
        let kind = match inode.kind {
            FREE => return Ok(None),
            FILE => Kind::File,
            DIRECTORY => Kind::Directory,
            SYMLINK => Kind::Symlink,
            _ => return Err(Error::Damaged("an inode is of no kind")),
        };
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

    /// As it is in the table.
    pub fn encode(&self) -> Inode {
        let times = [self.accessed, self.modified, self.changed];
        Inode {
            kind: match self.kind {
                Kind::File => FILE,
                Kind::Directory => DIRECTORY,
                Kind::Symlink => SYMLINK,
            },
            unique: self.object.unique.into(),
            parent: self.parent.into(),
            links: self.links.into(),
            nanoseconds: times.map(|time| time.nanoseconds.into()),
            seconds: times.map(|time| time.seconds.into()),
            top: self.object.top,
            ..Inode::free(self.object.size)
        }
    }

    /// What there is to know about it.
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

    /// Memory can do without it: the table has all of it, and no later block may take a place that it must not.
    pub fn is_idle(&self) -> bool {
        let object = &self.object;
        !self.dirty
            && self.holds == 0
            && !object.shortened
            && object.settled == object.extent()
            && self.committed == object.extent()
    }
}
