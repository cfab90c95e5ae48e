//! What callers see of a volume.

use alloc::string::String;

/// A time since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Whole seconds.
    pub seconds: u64,
    /// And nanoseconds, fewer than 10⁹.
    pub nanoseconds: u32,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
}

/// Whether a volume may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is written to the disk.
    ReadOnly,
    /// Everything is allowed.
    ReadWrite,
}

/// A file, directory or link of a volume. It stays the same until it has neither a name nor is held, see
/// [`crate::Volume::hold`]; after that the number may stand for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u64);

/// What there is to know about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// How many bytes it holds; of a symbolic link, how many its target has.
    pub size: u64,
    /// How many names it has.
    pub links: u32,
    /// When it was last read, as somebody set it: reading does not change it.
    pub accessed: Time,
    /// When its content changed.
    pub modified: Time,
    /// When its content or anything about it changed.
    pub changed: Time,
    /// Tells it from every other file that there is or was in the volume.
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
    /// What is there, if anything is.
    pub node: Option<NodeId>,
    /// The path ends in `/`, so that only a directory will do.
    pub slash: bool,
}

/// The state of a volume, for whoever wants to find exactly this one again: its generation (u64, little-endian) and
/// SHA-256 of the record that all else hangs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness(pub [u8; 40]);

impl Freshness {
    /// How many commits led to this state.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
