//! What the guest has open, and what it may do with it.

use crate::bindings::wasi::filesystem::types::{DescriptorFlags, DescriptorStat, DescriptorType, OpenFlags, PathFlags};
use crate::failure::IoResult;
use crate::files::{OpenFile, Opened};
use crate::guest::Guest;
use crate::handles::SealedNode;
use alloc::sync::Arc;
use wasmstone_edge_protocol::Status;
use wasmtime::component::Resource;

/// A file or directory of the guest.
#[derive(Debug)]
pub struct Descriptor {
    pub(super) file: Arc<OpenFile>,
    pub(super) kind: DescriptorType,
    pub(super) flags: DescriptorFlags,
    /// The granted directory through which it was reached may be written to.
    pub(super) writable: bool,
    /// Identifies the file; `None` if that is not known.
    pub(super) hash: Option<(u64, u64)>,
    /// The description from when it was opened; current as long as there were no more edge calls than this.
    pub(super) fresh: Option<(u64, DescriptorStat)>,
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
    pub(super) fn opened(opened: Opened, flags: DescriptorFlags, writable: bool) -> Self {
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
}

pub(super) fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

/// Fails unless two directories are in one file system.
pub(super) fn check_same_volume(old: &OpenFile, new: &OpenFile) -> IoResult<()> {
    let volume = |file: &OpenFile| file.sealed.map(|node| node.volume);
    if volume(old) == volume(new) { Ok(()) } else { Err(Status::CrossDevice.into()) }
}

impl Guest {
    pub(super) fn descriptor(&self, descriptor: &Resource<Descriptor>) -> IoResult<&Descriptor> {
        Ok(self.table.get(descriptor)?)
    }

    /// Anything but a directory.
    pub(super) fn file(&self, descriptor: &Resource<Descriptor>) -> IoResult<&Descriptor> {
        match self.descriptor(descriptor)? {
            directory if directory.kind == DescriptorType::Directory => Err(Status::BadDescriptor.into()),
            file => Ok(file),
        }
    }

    pub(super) fn writable_file(&self, descriptor: &Resource<Descriptor>) -> IoResult<Arc<OpenFile>> {
        let file = self.file(descriptor)?;
        if file.writable { Ok(file.file.clone()) } else { Err(Status::NotPermitted.into()) }
    }

    pub(super) fn directory(&self, descriptor: &Resource<Descriptor>) -> IoResult<Arc<OpenFile>> {
        match self.descriptor(descriptor)? {
            directory if directory.kind == DescriptorType::Directory => Ok(directory.file.clone()),
            _ => Err(Status::NotDirectory.into()),
        }
    }

    pub(super) fn writable_directory(&self, descriptor: &Resource<Descriptor>) -> IoResult<Arc<OpenFile>> {
        let directory = self.directory(descriptor)?;
        if self.descriptor(descriptor)?.writable { Ok(directory) } else { Err(Status::NotPermitted.into()) }
    }

    /// What identifies an open file.
    pub(super) fn hash_of(&mut self, descriptor: &Resource<Descriptor>) -> IoResult<(u64, u64)> {
        let known = self.descriptor(descriptor)?;
        if let Some(hash) = known.hash {
            return Ok(hash);
        }
        let file = known.file.clone();
        let hash = file.system().stat(&mut self.host, &file)?.hash;
        self.table.get_mut(descriptor)?.hash = Some(hash);
        Ok(hash)
    }
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
pub(super) fn checked(open_flags: OpenFlags, flags: DescriptorFlags, writable: bool) -> IoResult<DescriptorFlags> {
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
