//! `wasi:filesystem/types.descriptor`.

use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, HostDescriptor, MetadataHashValue, NewTimestamp,
    OpenFlags, PathFlags,
};
use crate::failure::{IoFailure, IoResult};
use crate::files::{Descriptor, EntryStream};
use crate::guest::Guest;
use crate::wasi::{input::InputStream, output::OutputStream, output::Sink};
use alloc::{string::String, vec::Vec};
use wasmtime::component::Resource;

impl HostDescriptor for Guest {
    fn read_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> IoResult<Resource<InputStream>> {
        let input = self.table.get(&file)?.input(offset, self.host.changes)?;
        Ok(self.table.push(InputStream::File(input))?)
    }

    fn write_via_stream(&mut self, file: Resource<Descriptor>, offset: u64) -> IoResult<Resource<OutputStream>> {
        let output = self.table.get(&file)?.output(Some(offset))?;
        Ok(self.table.push(OutputStream::new(Sink::File(output)))?)
    }

    fn append_via_stream(&mut self, file: Resource<Descriptor>) -> IoResult<Resource<OutputStream>> {
        let output = self.table.get(&file)?.output(None)?;
        Ok(self.table.push(OutputStream::new(Sink::File(output)))?)
    }

    fn advise(&mut self, file: Resource<Descriptor>, offset: u64, length: u64, advice: Advice) -> IoResult<()> {
        self.table.get(&file)?.advise(&mut self.host, (offset, length), advice)
    }

    fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> IoResult<()> {
        self.table.get(&descriptor)?.sync(&mut self.host, true)
    }

    fn sync(&mut self, descriptor: Resource<Descriptor>) -> IoResult<()> {
        self.table.get(&descriptor)?.sync(&mut self.host, false)
    }

    fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorFlags> {
        Ok(self.table.get(&descriptor)?.flags)
    }

    fn get_type(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorType> {
        Ok(self.table.get(&descriptor)?.kind)
    }

    fn set_size(&mut self, file: Resource<Descriptor>, size: u64) -> IoResult<()> {
        self.table.get(&file)?.set_size(&mut self.host, size)
    }

    fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> IoResult<()> {
        self.table.get(&descriptor)?.set_times(&mut self.host, [accessed, modified])
    }

    fn read(&mut self, file: Resource<Descriptor>, length: u64, offset: u64) -> IoResult<(Vec<u8>, bool)> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (bytes, end) = self.table.get(&file)?.read(&mut self.host, length, offset)?;
        // As in Wasmtime, only a read without bytes reports the end.
        let end = end && bytes.is_empty();
        Ok((bytes, end))
    }

    fn write(&mut self, file: Resource<Descriptor>, bytes: Vec<u8>, offset: u64) -> IoResult<u64> {
        Ok(self.table.get(&file)?.write(&mut self.host, &bytes, Some(offset))? as u64)
    }

    fn read_directory(&mut self, directory: Resource<Descriptor>) -> IoResult<Resource<EntryStream>> {
        let stream = self.table.get(&directory)?.list(&mut self.host, self.id)?;
        Ok(self.table.push(stream)?)
    }

    fn create_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        self.table.get(&directory)?.create_directory_at(&mut self.host, &path)
    }

    fn stat(&mut self, descriptor: Resource<Descriptor>) -> IoResult<DescriptorStat> {
        self.table.get_mut(&descriptor)?.stat(&mut self.host)
    }

    fn stat_at(&mut self, directory: Resource<Descriptor>, flags: PathFlags, path: String) -> IoResult<DescriptorStat> {
        self.table.get(&directory)?.stat_at(&mut self.host, flags, &path)
    }

    fn set_times_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> IoResult<()> {
        self.table.get(&directory)?.set_times_at(&mut self.host, flags, &path, [accessed, modified])
    }

    fn link_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        flags: PathFlags,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> IoResult<()> {
        let to = self.table.get(&new_directory)?;
        self.table.get(&old_directory)?.link_at(&mut self.host, flags, &old_path, to, &new_path)
    }

    fn open_at(
        &mut self,
        directory: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> IoResult<Resource<Descriptor>> {
        let directory = self.table.get(&directory)?;
        let opened = directory.open_at(&mut self.host, self.id, path_flags, &path, open_flags, flags)?;
        Ok(self.table.push(opened)?)
    }

    fn readlink_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<String> {
        self.table.get(&directory)?.readlink_at(&mut self.host, &path)
    }

    fn remove_directory_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        self.table.get(&directory)?.remove_directory_at(&mut self.host, &path)
    }

    fn rename_at(
        &mut self,
        old_directory: Resource<Descriptor>,
        old_path: String,
        new_directory: Resource<Descriptor>,
        new_path: String,
    ) -> IoResult<()> {
        let to = self.table.get(&new_directory)?;
        self.table.get(&old_directory)?.rename_at(&mut self.host, &old_path, to, &new_path)
    }

    fn symlink_at(&mut self, directory: Resource<Descriptor>, target: String, path: String) -> IoResult<()> {
        self.table.get(&directory)?.symlink_at(&mut self.host, &target, &path)
    }

    fn unlink_file_at(&mut self, directory: Resource<Descriptor>, path: String) -> IoResult<()> {
        self.table.get(&directory)?.unlink_file_at(&mut self.host, &path)
    }

    fn is_same_object(&mut self, one: Resource<Descriptor>, other: Resource<Descriptor>) -> wasmtime::Result<bool> {
        let mut identity = |descriptor: &Resource<Descriptor>| {
            let descriptor = self.table.get_mut(descriptor)?;
            match descriptor.hash(&mut self.host) {
                Ok(hash) => Ok(Some((descriptor.volume(), hash))),
                Err(IoFailure::Code(_)) => Ok(None),
                Err(IoFailure::Trap(error)) => Err(error),
            }
        };
        let (one, other) = (identity(&one)?, identity(&other)?);
        Ok(one.is_some() && one == other)
    }

    fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> IoResult<MetadataHashValue> {
        let (lower, upper) = self.table.get_mut(&descriptor)?.hash(&mut self.host)?;
        Ok(MetadataHashValue { lower, upper })
    }

    fn metadata_hash_at(
        &mut self,
        directory: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> IoResult<MetadataHashValue> {
        let (lower, upper) = self.table.get(&directory)?.hash_at(&mut self.host, flags, &path)?;
        Ok(MetadataHashValue { lower, upper })
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        Ok(self.table.delete(descriptor)?.close(&mut self.host)?)
    }
}
