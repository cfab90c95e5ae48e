//! `wasi:filesystem/types.descriptor`.
//!
//! What the policy grants for reading only is refused here already: a host that looked away could
//! otherwise let the guest's data out.

use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, HostDescriptor, MetadataHashValue, NewTimestamp,
    OpenFlags, PathFlags,
};
use crate::guest::Guest;
use crate::wasi::FileFailure;
use crate::wasi::directory::EntryStream;
use crate::wasi::input::{self, InputStream};
use crate::wasi::output::OutputStream;
use crate::wasi::times::{Stat, new_time, stat};
use alloc::borrow::ToOwned;
use alloc::{string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::types::{
    AdviseRequest, HandleRequest, ListRequest, OpenRequest, PathRequest, SetSizeRequest, SetTimesRequest, SyncRequest,
    TwoPathsRequest, WriteAtRequest,
};
use wasmstone_edge_protocol::{Operation, PATH_MAX, PAYLOAD_MAX, Status, filesystem, record};
use wasmtime::component::Resource;

type FileResult<T> = Result<T, FileFailure>;

/// Something the host opened for us. Streams share it with the descriptor that they come from.
#[derive(Debug)]
pub struct OpenFile {
    /// Its number on the wire.
    pub handle: u32,
    /// A granted directory, which is never given back.
    pub granted: bool,
    /// A file that was opened for writing.
    pub writing: bool,
}

/// A file or directory of the guest.
#[derive(Debug)]
pub struct Descriptor {
    file: Arc<OpenFile>,
    kind: DescriptorType,
    flags: DescriptorFlags,
    /// The granted directory that it was reached through may be written to.
    writable: bool,
    /// Identifies the file on the host, where that is known.
    hash: Option<(u64, u64)>,
    /// What opening told of the file, until the edge call with this number.
    fresh: Option<(u64, DescriptorStat)>,
}

impl Descriptor {
    /// A granted directory.
    pub fn granted(handle: u32, writable: bool) -> Self {
        let mutate = if writable { DescriptorFlags::MUTATE_DIRECTORY } else { DescriptorFlags::empty() };
        Self {
            file: Arc::new(OpenFile { handle, granted: true, writing: false }),
            kind: DescriptorType::Directory,
            flags: DescriptorFlags::READ | mutate,
            writable,
            hash: None,
            fresh: None,
        }
    }
}

/// What the host said of a path, as long as no other edge call followed.
#[derive(Debug)]
pub struct RecentStat {
    calls: u64,
    directory: u32,
    path_flags: u32,
    path: String,
    hash: (u64, u64),
}

fn path_flags_number(flags: PathFlags) -> u32 {
    u32::from(flags.contains(PathFlags::SYMLINK_FOLLOW))
}

fn flags_number<T: Copy>(all: &[T], contains: impl Fn(T) -> bool) -> u32 {
    (0..).zip(all).map(|(bit, flag)| u32::from(contains(*flag)) << bit).sum()
}

impl Guest {
    fn descriptor(&self, descriptor: &Resource<Descriptor>) -> FileResult<&Descriptor> {
        Ok(self.table.get(descriptor)?)
    }

    /// The handle of anything but a directory.
    fn file(&self, descriptor: &Resource<Descriptor>) -> FileResult<&Descriptor> {
        match self.descriptor(descriptor)? {
            directory if directory.kind == DescriptorType::Directory => Err(Status::BadDescriptor.into()),
            file => Ok(file),
        }
    }

    fn writable_file(&mut self, descriptor: &Resource<Descriptor>) -> FileResult<u32> {
        let file = self.file(descriptor)?;
        let handle = file.file.handle;
        if file.writable { Ok(handle) } else { Err(Status::NotPermitted.into()) }
    }

    fn directory(&self, descriptor: &Resource<Descriptor>) -> FileResult<u32> {
        match self.descriptor(descriptor)? {
            directory if directory.kind == DescriptorType::Directory => Ok(directory.file.handle),
            _ => Err(Status::NotDirectory.into()),
        }
    }

    fn writable_directory(&self, descriptor: &Resource<Descriptor>) -> FileResult<u32> {
        let handle = self.directory(descriptor)?;
        if self.descriptor(descriptor)?.writable { Ok(handle) } else { Err(Status::NotPermitted.into()) }
    }

    /// Asks for something that has no answer but how it went.
    fn tell<O: Operation>(&mut self, request: &O::Request, payload: &[&[u8]]) -> FileResult<()> {
        self.host.changes += 1;
        self.host.ask::<O>(request, payload, 0)?;
        Ok(())
    }

    fn change_path<O: Operation<Request = PathRequest>>(
        &mut self,
        directory: &Resource<Descriptor>,
        path: &str,
    ) -> FileResult<()> {
        let request = PathRequest { handle: self.writable_directory(directory)?.into(), path_flags: 0.into() };
        self.tell::<O>(&request, &[path_bytes(path)?])
    }

    fn change_paths<O: Operation<Request = TwoPathsRequest>>(
        &mut self,
        directories: (&Resource<Descriptor>, &Resource<Descriptor>),
        path_flags: PathFlags,
        paths: (&str, &str),
    ) -> FileResult<()> {
        let (old, new) = (path_bytes(paths.0)?, path_bytes(paths.1)?);
        let request = TwoPathsRequest {
            old_directory: self.writable_directory(directories.0)?.into(),
            new_directory: self.writable_directory(directories.1)?.into(),
            path_flags: path_flags_number(path_flags).into(),
            // At most PATH_MAX, which fits.
            old_length: (old.len() as u32).into(),
        };
        self.tell::<O>(&request, &[old, new])
    }

    /// Asks about what is open.
    fn stat_open(&mut self, descriptor: &Resource<Descriptor>) -> FileResult<Stat> {
        let request = HandleRequest { handle: self.descriptor(descriptor)?.file.handle.into() };
        let stat = stat(&self.host.ask::<filesystem::Stat>(&request, &[], 0)?.0)?;
        self.table.get_mut(descriptor)?.hash = Some(stat.hash);
        Ok(stat)
    }

    fn stat_path(&mut self, directory: u32, path_flags: u32, path: &str) -> FileResult<Stat> {
        let request = PathRequest { handle: directory.into(), path_flags: path_flags.into() };
        let stat = stat(&self.host.ask::<filesystem::StatAt>(&request, &[path_bytes(path)?], 0)?.0)?;
        let calls = self.host.channel.calls();
        self.host.recent = Some(RecentStat { calls, directory, path_flags, path: path.to_owned(), hash: stat.hash });
        Ok(stat)
    }

    fn hash_of(&mut self, descriptor: &Resource<Descriptor>) -> FileResult<(u64, u64)> {
        match self.descriptor(descriptor)?.hash {
            Some(hash) => Ok(hash),
            None => Ok(self.stat_open(descriptor)?.hash),
        }
    }

    fn open(
        &mut self,
        directory: u32,
        writable: bool,
        mut request: OpenRequest,
        path: &[u8],
        flags: DescriptorFlags,
    ) -> FileResult<Resource<Descriptor>> {
        let (handle, opened) = self.host.opening(self.id, Status::InsufficientMemory, |host, handle| {
            request.directory = directory.into();
            request.handle = handle.into();
            let (reply, _) = host.ask::<filesystem::OpenAt>(&request, &[path], 0)?;
            Ok(stat(&reply)?)
        })?;
        let descriptor = Descriptor {
            file: Arc::new(OpenFile { handle, granted: false, writing: flags.contains(DescriptorFlags::WRITE) }),
            kind: opened.stat.type_,
            flags: opened_flags(flags, opened.stat.type_),
            writable,
            hash: Some(opened.hash),
            fresh: Some((self.host.channel.calls(), opened.stat)),
        };
        Ok(self.table.push(descriptor)?)
    }
}

/// What `get-flags` says: a directory is mutated where a file is written.
fn opened_flags(flags: DescriptorFlags, kind: DescriptorType) -> DescriptorFlags {
    let read = if flags.contains(DescriptorFlags::READ) { DescriptorFlags::READ } else { DescriptorFlags::empty() };
    match (flags.contains(DescriptorFlags::WRITE), kind) {
        (false, _) => read,
        (true, DescriptorType::Directory) => read | DescriptorFlags::MUTATE_DIRECTORY,
        (true, _) => read | DescriptorFlags::WRITE,
    }
}

fn path_bytes(path: &str) -> FileResult<&[u8]> {
    if path.len() > PATH_MAX { Err(Status::NameTooLong.into()) } else { Ok(path.as_bytes()) }
}

impl HostDescriptor for Guest {
    fn read_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> FileResult<Resource<InputStream>> {
        let descriptor = self.descriptor(&file)?;
        if descriptor.kind == DescriptorType::Directory {
            return Err(Status::IsDirectory.into());
        }
        let stream = InputStream::file(descriptor.file.clone(), offset, self.host.changes);
        Ok(self.table.push(stream)?)
    }

    fn write_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> FileResult<Resource<OutputStream>> {
        self.writable_file(&file)?;
        let stream = OutputStream::at(self.descriptor(&file)?.file.clone(), offset);
        Ok(self.table.push(stream)?)
    }

    fn append_via_stream(&mut self, file: Resource<Descriptor>) -> FileResult<Resource<OutputStream>> {
        self.writable_file(&file)?;
        let stream = OutputStream::append(self.descriptor(&file)?.file.clone());
        Ok(self.table.push(stream)?)
    }

    fn advise(&mut self, file: Resource<Descriptor>, offset: u64, length: u64, advice: Advice) -> FileResult<()> {
        let advice = match advice {
            Advice::Normal => 0u32,
            Advice::Sequential => 1,
            Advice::Random => 2,
            Advice::WillNeed => 3,
            Advice::DontNeed => 4,
            Advice::NoReuse => 5,
        };
        let request = AdviseRequest {
            handle: self.file(&file)?.file.handle.into(),
            advice: advice.into(),
            offset: offset.into(),
            length: length.into(),
        };
        self.host.ask::<filesystem::Advise>(&request, &[], 0)?;
        Ok(())
    }

    fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> FileResult<()> {
        let request = SyncRequest { handle: self.descriptor(&descriptor)?.file.handle.into(), data_only: 1.into() };
        self.tell::<filesystem::Sync>(&request, &[])
    }

    fn sync(&mut self, descriptor: Resource<Descriptor>) -> FileResult<()> {
        let request = SyncRequest { handle: self.descriptor(&descriptor)?.file.handle.into(), data_only: 0.into() };
        self.tell::<filesystem::Sync>(&request, &[])
    }

    fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> FileResult<DescriptorFlags> {
        Ok(self.descriptor(&descriptor)?.flags)
    }

    fn get_type(&mut self, descriptor: Resource<Descriptor>) -> FileResult<DescriptorType> {
        Ok(self.descriptor(&descriptor)?.kind)
    }

    fn set_size(&mut self, file: Resource<Descriptor>, size: u64) -> FileResult<()> {
        let handle = self.writable_file(&file)?.into();
        self.tell::<filesystem::SetSize>(&SetSizeRequest { handle, reserved: 0.into(), size: size.into() }, &[])
    }

    fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FileResult<()> {
        let target = self.descriptor(&descriptor)?;
        if !target.writable {
            return Err(Status::NotPermitted.into());
        }
        let request = SetTimesRequest {
            handle: target.file.handle.into(),
            path_flags: 0.into(),
            accessed: new_time(accessed)?,
            modified: new_time(modified)?,
        };
        self.tell::<filesystem::SetTimes>(&request, &[])
    }

    fn read(&mut self, file: Resource<Descriptor>, length: u64, offset: u64) -> FileResult<(Vec<u8>, bool)> {
        let handle = self.file(&file)?.file.handle;
        input::read_at(self, handle, length, offset)
    }

    fn write(&mut self, file: Resource<Descriptor>, bytes: Vec<u8>, offset: u64) -> FileResult<u64> {
        let handle = self.writable_file(&file)?;
        if !self.file(&file)?.file.writing {
            return Err(Status::BadDescriptor.into());
        }
        let part = bytes.get(..PAYLOAD_MAX).unwrap_or(&bytes);
        if part.is_empty() {
            return Ok(0);
        }
        self.host.changes += 1;
        let request = WriteAtRequest { handle: handle.into(), reserved: 0.into(), offset: offset.into() };
        let (reply, _) = self.host.ask::<filesystem::WriteAt>(&request, &[part], 0)?;
        Ok(reply.written.at_most(part.len() as u32, "more was written than was sent")?.into())
    }

    fn read_directory(&mut self, directory: Resource<Descriptor>) -> FileResult<Resource<EntryStream>> {
        let directory = self.directory(&directory)?;
        let (handle, ()) = self.host.opening(self.id, Status::InsufficientMemory, |host, handle| {
            let request = ListRequest { directory: directory.into(), handle: handle.into() };
            host.ask::<filesystem::List>(&request, &[], 0).map(drop)
        })?;
        Ok(self.table.push(EntryStream::new(Arc::new(OpenFile { handle, granted: false, writing: false })))?)
    }

    fn create_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> FileResult<()> {
        self.change_path::<filesystem::CreateDirectoryAt>(&directory, &path)
    }

    fn stat(&mut self, descriptor: Resource<Descriptor>) -> FileResult<DescriptorStat> {
        let calls = self.host.channel.calls();
        match self.table.get_mut(&descriptor)?.fresh.take() {
            Some((until, stat)) if until == calls => Ok(stat),
            _ => Ok(self.stat_open(&descriptor)?.stat),
        }
    }

    fn stat_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FileResult<DescriptorStat> {
        let directory = self.directory(&directory)?;
        Ok(self.stat_path(directory, path_flags_number(flags), &path)?.stat)
    }

    fn set_times_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FileResult<()> {
        let request = SetTimesRequest {
            handle: self.writable_directory(&directory)?.into(),
            path_flags: path_flags_number(flags).into(),
            accessed: new_time(accessed)?,
            modified: new_time(modified)?,
        };
        self.tell::<filesystem::SetTimesAt>(&request, &[path_bytes(&path)?])
    }

    fn link_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        flags: PathFlags,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> FileResult<()> {
        self.change_paths::<filesystem::LinkAt>((&old_directory, &new_directory), flags, (&old_path, &new_path))
    }

    fn open_at(
        &mut self,
        directory: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FileResult<Resource<Descriptor>> {
        let handle = self.directory(&directory)?;
        let writable = self.descriptor(&directory)?.writable;
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
        if changes {
            self.host.changes += 1;
        }
        let all_open_flags = [OpenFlags::CREATE, OpenFlags::DIRECTORY, OpenFlags::EXCLUSIVE, OpenFlags::TRUNCATE];
        let all_flags = [DescriptorFlags::READ, DescriptorFlags::WRITE];
        let request = OpenRequest {
            path_flags: path_flags_number(path_flags).into(),
            open_flags: flags_number(&all_open_flags, |flag| open_flags.contains(flag)).into(),
            flags: flags_number(&all_flags, |flag| flags.contains(flag)).into(),
            ..OpenRequest::default()
        };
        // What was not opened for writing is open for reading, as in Wasmtime.
        let mut opened = if writes { flags } else { flags | DescriptorFlags::READ };
        if changes {
            opened |= DescriptorFlags::WRITE;
        }
        self.open(handle, writable, request, path_bytes(&path)?, opened)
    }

    fn readlink_at(&mut self, directory: Resource<Descriptor>, path: String) -> FileResult<String> {
        let request = PathRequest { handle: self.directory(&directory)?.into(), path_flags: 0.into() };
        let (_, target) = self.host.ask::<filesystem::ReadlinkAt>(&request, &[path_bytes(&path)?], PATH_MAX)?;
        Ok(record::text(target)?.to_owned())
    }

    fn remove_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> FileResult<()> {
        self.change_path::<filesystem::RemoveDirectoryAt>(&directory, &path)
    }

    fn rename_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> FileResult<()> {
        let directories = (&old_directory, &new_directory);
        self.change_paths::<filesystem::RenameAt>(directories, PathFlags::empty(), (&old_path, &new_path))
    }

    fn symlink_at(&mut self, directory: Resource<Descriptor>, target: String, path: String) -> FileResult<()> {
        self.change_paths::<filesystem::SymlinkAt>((&directory, &directory), PathFlags::empty(), (&target, &path))
    }

    fn unlink_file_at(&mut self, directory: Resource<Descriptor>, path: String) -> FileResult<()> {
        self.change_path::<filesystem::UnlinkFileAt>(&directory, &path)
    }

    fn is_same_object(&mut self, one: Resource<Descriptor>, other: Resource<Descriptor>) -> wasmtime::Result<bool> {
        let mut hash = |descriptor| match self.hash_of(descriptor) {
            Ok(hash) => Ok(Some(hash)),
            Err(FileFailure::Code(_)) => Ok(None),
            Err(FileFailure::Trap(error)) => Err(error),
        };
        let (one, other) = (hash(&one)?, hash(&other)?);
        Ok(one.is_some() && one == other)
    }

    fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> FileResult<MetadataHashValue> {
        let (lower, upper) = self.hash_of(&descriptor)?;
        Ok(MetadataHashValue { lower, upper })
    }

    fn metadata_hash_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FileResult<MetadataHashValue> {
        let directory = self.directory(&directory)?;
        let path_flags = path_flags_number(flags);
        let calls = self.host.channel.calls();
        let (lower, upper) = match self.host.recent.take() {
            Some(recent)
                if recent.calls == calls
                    && recent.directory == directory
                    && recent.path_flags == path_flags
                    && recent.path == path =>
            {
                recent.hash
            }
            _ => self.stat_path(directory, path_flags, &path)?.hash,
        };
        Ok(MetadataHashValue { lower, upper })
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        let descriptor = self.table.delete(descriptor)?;
        Ok(self.release(descriptor.file)?)
    }
}
