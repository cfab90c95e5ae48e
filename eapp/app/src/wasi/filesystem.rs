//! `wasi:filesystem/types.descriptor`.
//!
//! Changes under a grant for reading only are refused here, before the host is asked: otherwise the guest's data
//! could get out with the help of a host that does not check.

mod descriptor;

pub use descriptor::Descriptor;

use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, HostDescriptor, MetadataHashValue, NewTimestamp,
    OpenFlags, PathFlags,
};
use crate::failure::{IoFailure, IoResult};
use crate::files::{At, FileInput, FileOutput, How};
use crate::guest::Guest;
use crate::wasi::{directory::EntryStream, input::InputStream, output::OutputStream, output::Sink};
use alloc::{string::String, vec::Vec};
use descriptor::{check_same_volume, checked, follows};
use wasmstone_edge_protocol::{PAYLOAD_MAX, Status};
use wasmtime::component::Resource;

impl HostDescriptor for Guest {
    fn read_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> IoResult<Resource<InputStream>> {
        let descriptor = self.descriptor(&file)?;
        if descriptor.kind == DescriptorType::Directory {
            return Err(Status::IsDirectory.into());
        }
        let input = FileInput::new(descriptor.file.clone(), offset, self.host.changes);
        Ok(self.table.push(InputStream::File(input))?)
    }

    fn write_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> IoResult<Resource<OutputStream>> {
        let output = FileOutput::new(self.writable_file(&file)?, Some(offset));
        Ok(self.table.push(OutputStream::new(Sink::File(output)))?)
    }

    fn append_via_stream(&mut self, file: Resource<Descriptor>) -> IoResult<Resource<OutputStream>> {
        let output = FileOutput::new(self.writable_file(&file)?, None);
        Ok(self.table.push(OutputStream::new(Sink::File(output)))?)
    }

    fn advise(&mut self, file: Resource<Descriptor>, offset: u64, length: u64, advice: Advice) -> IoResult<()> {
        let file = self.file(&file)?.file.clone();
        file.system().advise(&mut self.host, &file, (offset, length), advice)
    }

    fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> IoResult<()> {
        let file = self.descriptor(&descriptor)?.file.clone();
        file.system().sync(&mut self.host, &file, true)
    }

    fn sync(&mut self, descriptor: Resource<Descriptor>) -> IoResult<()> {
        let file = self.descriptor(&descriptor)?.file.clone();
        file.system().sync(&mut self.host, &file, false)
    }

    fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorFlags> {
        Ok(self.descriptor(&descriptor)?.flags)
    }

    fn get_type(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorType> {
        Ok(self.descriptor(&descriptor)?.kind)
    }

    fn set_size(&mut self, file: Resource<Descriptor>, size: u64) -> IoResult<()> {
        let file = self.writable_file(&file)?;
        file.system().set_size(&mut self.host, &file, size)
    }

    fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> IoResult<()> {
        let target = self.descriptor(&descriptor)?;
        if !target.writable {
            return Err(Status::NotPermitted.into());
        }
        let file = target.file.clone();
        file.system().set_times(&mut self.host, &file, [accessed, modified])
    }

    fn read(&mut self, file: Resource<Descriptor>, length: u64, offset: u64) -> IoResult<(Vec<u8>, bool)> {
        let file = self.file(&file)?.file.clone();
        let length = usize::try_from(length).unwrap_or(PAYLOAD_MAX).min(PAYLOAD_MAX);
        if length == 0 {
            return Ok((Vec::new(), true));
        }
        let (bytes, end) = file.system().read_at(&mut self.host, &file, offset, length)?;
        // As in Wasmtime, only a read without bytes reports the end.
        let end = end && bytes.is_empty();
        Ok((bytes, end))
    }

    fn write(&mut self, file: Resource<Descriptor>, bytes: Vec<u8>, offset: u64) -> IoResult<u64> {
        let file = self.writable_file(&file)?;
        if !file.writing {
            return Err(Status::BadDescriptor.into());
        }
        let part = bytes.get(..PAYLOAD_MAX).unwrap_or(&bytes);
        if part.is_empty() {
            return Ok(0);
        }
        Ok(file.system().write_at(&mut self.host, &file, offset, part)? as u64)
    }

    fn read_directory(&mut self, directory: Resource<Descriptor>) -> IoResult<Resource<EntryStream>> {
        let directory = self.directory(&directory)?;
        let stream = directory.system().list(&mut self.host, self.id, &directory)?;
        Ok(self.table.push(EntryStream::new(stream))?)
    }

    fn create_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        let directory = &*self.writable_directory(&directory)?;
        directory.system().create_directory_at(&mut self.host, At { directory, path: &path })
    }

    fn stat(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorStat> {
        let calls = self.host.channel.calls();
        let known = self.table.get_mut(&descriptor)?;
        if let Some((until, stat)) = known.fresh.take()
            && until == calls
        {
            return Ok(stat);
        }
        let file = known.file.clone();
        let stat = file.system().stat(&mut self.host, &file)?;
        self.table.get_mut(&descriptor)?.hash = Some(stat.hash);
        Ok(stat.stat)
    }

    fn stat_at(&mut self, directory: Resource<Descriptor>, flags: PathFlags, path: String) -> IoResult<DescriptorStat> {
        let directory = &*self.directory(&directory)?;
        Ok(directory.system().stat_at(&mut self.host, At { directory, path: &path }, follows(flags))?.stat)
    }

    fn set_times_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> IoResult<()> {
        let directory = &*self.writable_directory(&directory)?;
        let at = At { directory, path: &path };
        directory.system().set_times_at(&mut self.host, at, follows(flags), [accessed, modified])
    }

    fn link_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        flags: PathFlags,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> IoResult<()> {
        let (old, new) = (&*self.writable_directory(&old_directory)?, &*self.writable_directory(&new_directory)?);
        check_same_volume(old, new)?;
        let (from, to) = (At { directory: old, path: &old_path }, At { directory: new, path: &new_path });
        old.system().link_at(&mut self.host, from, follows(flags), to)
    }

    fn open_at(
        &mut self,
        directory: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> IoResult<Resource<Descriptor>> {
        let within = &*self.directory(&directory)?;
        let writable = self.descriptor(&directory)?.writable;
        let in_effect = checked(open_flags, flags, writable)?;
        let how = How { follow: follows(path_flags), open: open_flags, asked: flags, flags: in_effect };
        let at = At { directory: within, path: &path };
        let opened = within.system().open_at(&mut self.host, self.id, at, how)?;
        Ok(self.table.push(Descriptor::opened(opened, in_effect, writable))?)
    }

    fn readlink_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<String> {
        let directory = &*self.directory(&directory)?;
        directory.system().readlink_at(&mut self.host, At { directory, path: &path })
    }

    fn remove_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        let directory = &*self.writable_directory(&directory)?;
        directory.system().remove_directory_at(&mut self.host, At { directory, path: &path })
    }

    fn rename_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> IoResult<()> {
        let (old, new) = (&*self.writable_directory(&old_directory)?, &*self.writable_directory(&new_directory)?);
        check_same_volume(old, new)?;
        let (from, to) = (At { directory: old, path: &old_path }, At { directory: new, path: &new_path });
        old.system().rename_at(&mut self.host, from, to)
    }

    fn symlink_at(&mut self, directory: Resource<Descriptor>, target: String, path: String) -> IoResult<()> {
        let directory = &*self.writable_directory(&directory)?;
        directory.system().symlink_at(&mut self.host, &target, At { directory, path: &path })
    }

    fn unlink_file_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        let directory = &*self.writable_directory(&directory)?;
        directory.system().unlink_file_at(&mut self.host, At { directory, path: &path })
    }

    fn is_same_object(&mut self, one: Resource<Descriptor>, other: Resource<Descriptor>) -> wasmtime::Result<bool> {
        let mut identity = |descriptor| match self.hash_of(descriptor) {
            Ok(hash) => Ok(Some((self.table.get(descriptor)?.file.sealed.map(|node| node.volume), hash))),
            Err(IoFailure::Code(_)) => Ok(None),
            Err(IoFailure::Trap(error)) => Err(error),
        };
        let (one, other) = (identity(&one)?, identity(&other)?);
        Ok(one.is_some() && one == other)
    }

    fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> IoResult<MetadataHashValue> {
        let (lower, upper) = self.hash_of(&descriptor)?;
        Ok(MetadataHashValue { lower, upper })
    }

    fn metadata_hash_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> IoResult<MetadataHashValue> {
        let directory = &*self.directory(&directory)?;
        let at = At { directory, path: &path };
        let (lower, upper) = directory.system().hash_at(&mut self.host, at, follows(flags))?;
        Ok(MetadataHashValue { lower, upper })
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        let descriptor = self.table.delete(descriptor)?;
        Ok(descriptor.file.release(&mut self.host)?)
    }
}
