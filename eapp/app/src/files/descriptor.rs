//! What the guest has open, and what it may do with it, whatever version of WASI it uses.
//!
//! Changes under a grant for reading only are refused here, before the host is asked: otherwise the guest's data
//! could get out with the help of a host that does not check.

use super::system::{At, How, OpenFile, Opened};
use super::{EntryStream, FileInput, FileOutput};
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, NewTimestamp, OpenFlags, PathFlags,
};
use crate::failure::IoResult;
use crate::handles::SealedNode;
use crate::host::Host;
use alloc::{string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status, Violation};

/// A file or directory of the guest.
#[derive(Debug)]
pub struct Descriptor {
    file: Arc<OpenFile>,
    pub kind: DescriptorType,
    pub flags: DescriptorFlags,
    /// The granted directory through which it was reached may be written to.
    writable: bool,
    /// Identifies the file; `None` if that is not known.
    hash: Option<(u64, u64)>,
    /// The description from when it was opened; current as long as there were no more edge calls than this.
    fresh: Option<(u64, DescriptorStat)>,
}

impl Descriptor {
    /// A granted directory.
    pub fn granted(handle: u32, writable: bool, sealed: Option<SealedNode>) -> Self {
        let mutate = if writable { DescriptorFlags::MUTATE_DIRECTORY } else { DescriptorFlags::empty() };
        Self {
            file: Arc::new(OpenFile { handle, granted: true, writing: false, sealed }),
            kind: DescriptorType::Directory,
            flags: DescriptorFlags::READ | mutate,
            writable,
            hash: None,
            fresh: None,
        }
    }

    /// The descriptor of something that was opened with these flags in effect.
    fn opened(opened: Opened, flags: DescriptorFlags, writable: bool) -> Self {
        let Opened { file, stat, fresh } = opened;
        Self {
            file: Arc::new(file),
            kind: stat.stat.type_,
            flags: opened_flags(flags, stat.stat.type_),
            writable,
            hash: Some(stat.hash),
            fresh: fresh.map(|until| (until, stat.stat)),
        }
    }

    /// Anything but a directory.
    fn file(&self) -> IoResult<&OpenFile> {
        if self.kind == DescriptorType::Directory { Err(Status::BadDescriptor.into()) } else { Ok(&self.file) }
    }

    fn writable_file(&self) -> IoResult<&OpenFile> {
        let file = self.file()?;
        if self.writable { Ok(file) } else { Err(Status::NotPermitted.into()) }
    }

    fn directory(&self) -> IoResult<&OpenFile> {
        if self.kind == DescriptorType::Directory { Ok(&self.file) } else { Err(Status::NotDirectory.into()) }
    }

    fn writable_directory(&self) -> IoResult<&OpenFile> {
        let directory = self.directory()?;
        if self.writable { Ok(directory) } else { Err(Status::NotPermitted.into()) }
    }

    /// The volume of the sealed directory that it is in; `None` if it is the host's.
    pub fn volume(&self) -> Option<usize> {
        self.file.sealed.map(|node| node.volume)
    }

    /// Reads from `offset` on; the host had made `changes` until now.
    pub fn input(&self, offset: u64, changes: u64) -> IoResult<FileInput> {
        if self.kind == DescriptorType::Directory {
            return Err(Status::IsDirectory.into());
        }
        Ok(FileInput::new(self.file.clone(), offset, changes))
    }

    /// Writes from `position` on, or at the end if that is `None`.
    pub fn output(&self, position: Option<u64>) -> IoResult<FileOutput> {
        self.writable_file()?;
        Ok(FileOutput::new(self.file.clone(), position))
    }

    pub fn advise(&self, host: &mut Host, range: (u64, u64), advice: Advice) -> IoResult<()> {
        let file = self.file()?;
        file.system().advise(host, file, range, advice)
    }

    pub fn sync(&self, host: &mut Host, data_only: bool) -> IoResult<()> {
        self.file.system().sync(host, &self.file, data_only)
    }

    pub fn set_size(&self, host: &mut Host, size: u64) -> IoResult<()> {
        let file = self.writable_file()?;
        file.system().set_size(host, file, size)
    }

    /// Sets the times of access and modification.
    pub fn set_times(&self, host: &mut Host, times: [NewTimestamp; 2]) -> IoResult<()> {
        if !self.writable {
            return Err(Status::NotPermitted.into());
        }
        self.file.system().set_times(host, &self.file, times)
    }

    /// Reads at most `length` bytes, at most as many as a payload has. The result is these, and whether the end of the
    /// file is behind them.
    pub fn read(&self, host: &mut Host, length: usize, offset: u64) -> IoResult<(Vec<u8>, bool)> {
        let file = self.file()?;
        if length == 0 {
            return Ok((Vec::new(), true));
        }
        file.system().read_at(host, file, offset, length.min(PAYLOAD_MAX))
    }

    /// Writes at most as many bytes as a payload has, at `offset`, or at the end of the file if that is `None`. The
    /// result is how many were written.
    pub fn write(&self, host: &mut Host, bytes: &[u8], offset: Option<u64>) -> IoResult<usize> {
        let file = self.writable_file()?;
        if !file.writing {
            return Err(Status::BadDescriptor.into());
        }
        let part = bytes.get(..PAYLOAD_MAX).unwrap_or(bytes);
        match offset {
            _ if part.is_empty() => Ok(0),
            Some(offset) => file.system().write_at(host, file, offset, part),
            None => file.system().append(host, file, part),
        }
    }

    /// Begins to list a directory, for the guest `owner`.
    pub fn list(&self, host: &mut Host, owner: u32) -> IoResult<EntryStream> {
        let directory = self.directory()?;
        Ok(EntryStream::new(directory.system().list(host, owner, directory)?))
    }

    pub fn stat(&mut self, host: &mut Host) -> IoResult<DescriptorStat> {
        if let Some((until, stat)) = self.fresh.take()
            && until == host.channel.calls()
        {
            return Ok(stat);
        }
        let stat = self.file.system().stat(host, &self.file)?;
        self.hash = Some(stat.hash);
        Ok(stat.stat)
    }

    /// What identifies it.
    pub fn hash(&mut self, host: &mut Host) -> IoResult<(u64, u64)> {
        if self.hash.is_none() {
            self.hash = Some(self.file.system().stat(host, &self.file)?.hash);
        }
        Ok(self.hash.unwrap_or_default())
    }

    pub fn stat_at(&self, host: &mut Host, flags: PathFlags, path: &str) -> IoResult<DescriptorStat> {
        let directory = self.directory()?;
        Ok(directory.system().stat_at(host, At { directory, path }, follows(flags))?.stat)
    }

    /// What identifies what a path names.
    pub fn hash_at(&self, host: &mut Host, flags: PathFlags, path: &str) -> IoResult<(u64, u64)> {
        let directory = self.directory()?;
        directory.system().hash_at(host, At { directory, path }, follows(flags))
    }

    pub fn set_times_at(
        &self,
        host: &mut Host,
        flags: PathFlags,
        path: &str,
        times: [NewTimestamp; 2],
    ) -> IoResult<()> {
        let directory = self.writable_directory()?;
        directory.system().set_times_at(host, At { directory, path }, follows(flags), times)
    }

    /// Opens or makes something for the guest `owner`.
    pub fn open_at(
        &self,
        host: &mut Host,
        owner: u32,
        path_flags: PathFlags,
        path: &str,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> IoResult<Self> {
        let directory = self.directory()?;
        let in_effect = checked(open_flags, flags, self.writable)?;
        let how = How { follow: follows(path_flags), open: open_flags, asked: flags, flags: in_effect };
        let opened = directory.system().open_at(host, owner, At { directory, path }, how)?;
        Ok(Self::opened(opened, in_effect, self.writable))
    }

    pub fn readlink_at(&self, host: &mut Host, path: &str) -> IoResult<String> {
        let directory = self.directory()?;
        directory.system().readlink_at(host, At { directory, path })
    }

    pub fn create_directory_at(&self, host: &mut Host, path: &str) -> IoResult<()> {
        let directory = self.writable_directory()?;
        directory.system().create_directory_at(host, At { directory, path })
    }

    pub fn remove_directory_at(&self, host: &mut Host, path: &str) -> IoResult<()> {
        let directory = self.writable_directory()?;
        directory.system().remove_directory_at(host, At { directory, path })
    }

    pub fn unlink_file_at(&self, host: &mut Host, path: &str) -> IoResult<()> {
        let directory = self.writable_directory()?;
        directory.system().unlink_file_at(host, At { directory, path })
    }

    pub fn symlink_at(&self, host: &mut Host, target: &str, path: &str) -> IoResult<()> {
        let directory = self.writable_directory()?;
        directory.system().symlink_at(host, target, At { directory, path })
    }

    pub fn link_at(&self, host: &mut Host, flags: PathFlags, path: &str, to: &Self, new_path: &str) -> IoResult<()> {
        let (from, to) = self.places(path, to, new_path)?;
        from.directory.system().link_at(host, from, follows(flags), to)
    }

    pub fn rename_at(&self, host: &mut Host, path: &str, to: &Self, new_path: &str) -> IoResult<()> {
        let (from, to) = self.places(path, to, new_path)?;
        from.directory.system().rename_at(host, from, to)
    }

    /// Two places in one file system, both of which may be changed.
    fn places<'a>(&'a self, path: &'a str, other: &'a Self, other_path: &'a str) -> IoResult<(At<'a>, At<'a>)> {
        let (one, two) = (self.writable_directory()?, other.writable_directory()?);
        if self.volume() != other.volume() {
            return Err(Status::CrossDevice.into());
        }
        Ok((At { directory: one, path }, At { directory: two, path: other_path }))
    }

    /// Closes it, unless a stream of the guest still refers to the file.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(self, host: &mut Host) -> Result<(), Violation> {
        self.file.release(host)
    }
}

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

/// The result of `get-flags`: a directory has another flag for writing.
fn opened_flags(flags: DescriptorFlags, kind: DescriptorType) -> DescriptorFlags {
    let read = flags & DescriptorFlags::READ;
    match (flags.contains(DescriptorFlags::WRITE), kind) {
        (false, _) => read,
        (true, DescriptorType::Directory) => read | DescriptorFlags::MUTATE_DIRECTORY,
        (true, _) => read | DescriptorFlags::WRITE,
    }
}

/// The flags in effect if the guest asks for these.
///
/// # Errors
/// If they are not possible, or the grant does not allow them.
fn checked(open_flags: OpenFlags, flags: DescriptorFlags, writable: bool) -> IoResult<DescriptorFlags> {
    let makes = OpenFlags::CREATE | OpenFlags::TRUNCATE;
    let writes = flags.contains(DescriptorFlags::WRITE);
    let changes = open_flags.intersects(makes);
    let synchronous = DescriptorFlags::FILE_INTEGRITY_SYNC
        | DescriptorFlags::DATA_INTEGRITY_SYNC
        | DescriptorFlags::REQUESTED_WRITE_SYNC;
    if flags.intersects(synchronous) {
        return Err(Status::Unsupported.into());
    }
    if open_flags.contains(OpenFlags::DIRECTORY) && open_flags.intersects(makes | OpenFlags::EXCLUSIVE) {
        return Err(Status::Invalid.into());
    }
    if (writes || changes) && !writable {
        return Err(Status::NotPermitted.into());
    }
    // A file that was not opened for writing is open for reading, as in Wasmtime.
    let read = if writes { flags } else { flags | DescriptorFlags::READ };
    Ok(if changes { read | DescriptorFlags::WRITE } else { read })
}
