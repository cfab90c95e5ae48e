//! What callers see of a volume.

use alloc::string::String;

/// A time since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Whole seconds.
    pub seconds: u64,
    /// Nanoseconds beyond them, below 10⁹.
    pub nanoseconds: u32,
}

/// What a file is. The numbers are those on the disk, in inodes and directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File = 1,
    /// A directory.
    Directory = 2,
    /// A symbolic link.
    Symlink = 3,
}

impl Kind {
    /// The kind that has this number on the disk.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::File, Self::Directory, Self::Symlink].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// Whether a volume may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is written to the disk.
    ReadOnly,
    /// Everything is allowed.
    ReadWrite,
}

/// Names a file, directory or link of a volume, as long as it has a name or is held ([`crate::Volume::hold`]). After
/// that the number may name another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u64);

/// Size, times and links of a file, directory or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// How many bytes it holds; for a symbolic link, the bytes of its target.
    pub size: u64,
    /// How many names it has.
    pub links: u32,
    /// When it was last read, as a caller set it: reading does not change it.
    pub accessed: Time,
    /// When its content changed.
    pub modified: Time,
    /// When its content or anything about it changed.
    pub changed: Time,
    /// Differs from that of every other file that is or was in the volume.
    pub identity: (u64, u64),
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name.
    pub name: String,
    /// What it names.
    pub node: NodeId,
    /// What that is.
    pub kind: Kind,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory that holds the last component, or would.
    pub directory: NodeId,
    /// The last component; `.` where the path ends in a directory that it went through, as `a/..` does, which then is
    /// `directory`.
    pub name: String,
    /// What has this name, if anything has.
    pub node: Option<NodeId>,
    /// The path ends in `/`, so it must lead to a directory.
    pub slash: bool,
}

/// Identifies the state of a volume, so that a caller can demand exactly this state later: its generation (u64,
/// little-endian) and the SHA-256 of the root record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness(pub [u8; 40]);

impl Freshness {
    /// How many commits led to this state.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
