//! What is between `wasi:filesystem` and where files are.

use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DirectoryEntry, NewTimestamp, OpenFlags};
use crate::files::Sealed;
use crate::files::hosted::Hosted;
use crate::host::Host;
use crate::metadata::Stat;
use crate::wasi::FileFailure;
use alloc::{string::String, vec::Vec};
use wasmstone_sealed_storage::NodeId;

/// The result of an operation on files.
pub type FileResult<T> = Result<T, FileFailure>;

/// Something that is open for the guest. Streams share it with the descriptor that they come from.
#[derive(Debug)]
pub struct OpenFile {
    /// Its number, on the wire where the host opened it.
    pub handle: u32,
    /// A granted directory, which is never given back.
    pub granted: bool,
    /// A file that was opened for writing.
    pub writing: bool,
    /// What it is in a sealed directory, of which the host knows nothing.
    pub sealed: Option<SealedNode>,
}

impl OpenFile {
    /// Where it is.
    pub fn system(&self) -> &'static dyn FileSystem {
        if self.sealed.is_some() { &Sealed } else { &Hosted }
    }
}

/// A file or directory in a sealed directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedNode {
    /// Which sealed directory it is in.
    pub volume: usize,
    /// Its number there.
    pub id: NodeId,
    /// It was opened for reading.
    pub reads: bool,
}

/// How something is opened.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Symbolic links at the end of the path are followed.
    pub follow: bool,
    pub open: OpenFlags,
    /// As the guest asked for them.
    pub asked: DescriptorFlags,
    /// As they are in effect.
    pub flags: DescriptorFlags,
}

/// What was opened.
#[derive(Debug)]
pub struct Opened {
    pub file: OpenFile,
    pub stat: Stat,
    /// The edge call until which nothing can have changed.
    pub fresh: Option<u64>,
}

/// A place in a directory.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    pub directory: &'a OpenFile,
    pub path: &'a str,
}

/// A part of a directory's list.
#[derive(Debug)]
pub struct Entries {
    pub entries: Vec<DirectoryEntry>,
    /// There are no more.
    pub end: bool,
}

/// Where files are: with the host, or sealed in a directory of its. Whoever calls has seen to it that the grant
/// allows what is asked, that directories are directories, and that two of them are of one file system.
pub trait FileSystem {
    /// Opens or makes something for the guest `owner`.
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> FileResult<Opened>;

    /// Reads at most `length` bytes, and tells whether the end is behind them.
    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> FileResult<(Vec<u8>, bool)>;

    /// Writes, and tells how many bytes.
    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> FileResult<usize>;

    /// Writes at the end, and tells how many bytes.
    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> FileResult<usize>;

    /// Describes what is open.
    fn stat(&self, host: &mut Host, file: &OpenFile) -> FileResult<Stat>;

    /// Describes what a path names.
    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> FileResult<Stat>;

    /// Identifies what a path names.
    fn hash_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> FileResult<(u64, u64)> {
        Ok(self.stat_at(host, at, follow)?.hash)
    }

    /// Cuts or extends a file.
    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> FileResult<()>;

    /// Sets the times of access and modification of what is open.
    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> FileResult<()>;

    /// Sets those of what a path names.
    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> FileResult<()>;

    /// Hears how a file will be used.
    fn advise(&self, host: &mut Host, file: &OpenFile, range: (u64, u64), advice: Advice) -> FileResult<()>;

    /// Writes out what was written.
    fn sync(&self, host: &mut Host, file: &OpenFile, data_only: bool) -> FileResult<()>;

    /// Begins to list a directory, for the guest `owner`.
    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> FileResult<OpenFile>;

    /// The next entries of a list. The cursor is where it is; 0 to begin with.
    fn entries(&self, host: &mut Host, stream: &OpenFile, cursor: &mut u64) -> FileResult<Entries>;

    /// Makes a directory.
    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()>;

    /// Removes an empty directory.
    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()>;

    /// Removes a file.
    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()>;

    /// Reads a symbolic link.
    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> FileResult<String>;

    /// Makes a symbolic link.
    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> FileResult<()>;

    /// Makes a hard link.
    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> FileResult<()>;

    /// Renames.
    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> FileResult<()>;
}
