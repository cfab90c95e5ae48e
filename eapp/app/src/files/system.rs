//! The interface between `wasi:filesystem` and the two file systems: the host's, and the sealed directories.

use super::{hosted::Hosted, sealed::Sealed};
use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, NewTimestamp, OpenFlags};
use crate::failure::IoResult;
use crate::handles::SealedNode;
use crate::host::Host;
use crate::metadata::{Entries, Stat};
use alloc::{string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::Violation;

/// A file or directory that is open for the guest. Streams share it with the descriptor that they come from.
#[derive(Debug)]
pub struct OpenFile {
    /// Its handle. The host knows it by this number, unless it is in a sealed directory.
    pub handle: u32,
    /// A granted directory, which is never closed.
    pub granted: bool,
    /// A file that was opened for writing.
    pub writing: bool,
    /// Its node in a sealed directory; `None` for the host's own files.
    pub sealed: Option<SealedNode>,
}

impl OpenFile {
    /// The file system that it is in.
    pub fn system(&self) -> &'static dyn FileSystem {
        if self.sealed.is_some() { &Sealed } else { &Hosted }
    }

    /// Closes the file unless another stream or descriptor of the guest still refers to it.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn release(self: Arc<Self>, host: &mut Host) -> Result<(), Violation> {
        match Arc::into_inner(self) {
            Some(file) if !file.granted => host.close(file.handle),
            _ => Ok(()),
        }
    }
}

/// How something is opened.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
    pub open: OpenFlags,
    /// The flags that the guest asked for.
    pub asked: DescriptorFlags,
    /// The flags in effect.
    pub flags: DescriptorFlags,
}

/// What was opened.
#[derive(Debug)]
pub struct Opened {
    pub file: OpenFile,
    pub stat: Stat,
    /// How many edge calls there were: the description is current until the next.
    pub fresh: Option<u64>,
}

/// A place in a directory.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    pub directory: &'a OpenFile,
    pub path: &'a str,
}

/// A file system: the host's, or the sealed directories. The caller has checked that the grant allows the operation,
/// that directories are directories, and that two of them are in one file system.
pub trait FileSystem {
    /// Opens or makes something for the guest `owner`.
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> IoResult<Opened>;

    /// Reads at most `length` bytes. The result is these, and whether the end of the file is behind them.
    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> IoResult<(Vec<u8>, bool)>;

    /// Writes. The result is how many bytes were written.
    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> IoResult<usize>;

    /// Writes at the end. The result is how many bytes were written.
    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> IoResult<usize>;

    /// Describes what is open.
    fn stat(&self, host: &mut Host, file: &OpenFile) -> IoResult<Stat>;

    /// Describes what a path names.
    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> IoResult<Stat>;

    /// Identifies what a path names.
    fn hash_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> IoResult<(u64, u64)> {
        Ok(self.stat_at(host, at, follow)?.hash)
    }

    /// Cuts or extends a file.
    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> IoResult<()>;

    /// Sets the times of access and modification of what is open.
    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> IoResult<()>;

    /// Sets the times of access and modification of what a path names.
    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> IoResult<()>;

    /// Takes advice on how a file will be used.
    fn advise(&self, host: &mut Host, file: &OpenFile, range: (u64, u64), advice: Advice) -> IoResult<()>;

    /// Makes written data durable.
    fn sync(&self, host: &mut Host, file: &OpenFile, data_only: bool) -> IoResult<()>;

    /// Begins to list a directory, for the guest `owner`.
    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> IoResult<OpenFile>;

    /// The next entries of a list. The cursor is the position in the list, at first 0.
    fn entries(&self, host: &mut Host, stream: &OpenFile, cursor: &mut u64) -> IoResult<Entries>;

    /// Makes a directory.
    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()>;

    /// Removes an empty directory.
    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()>;

    /// Removes a file.
    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()>;

    /// Reads a symbolic link.
    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> IoResult<String>;

    /// Makes a symbolic link.
    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> IoResult<()>;

    /// Makes a hard link.
    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> IoResult<()>;

    /// Renames.
    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> IoResult<()>;
}
