//! `wasi:filesystem`: directory streams and granted directories.

use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{DirectoryEntry, HostDirectoryEntryStream};
use crate::failure::IoFailure;
use crate::files::{Descriptor, EntryStream};
use crate::guest::Guest;
use alloc::{string::String, vec::Vec};
use wasmtime::{Result, component::Resource};

impl HostDirectoryEntryStream for Guest {
    fn read_directory_entry(&mut self, stream: Resource<EntryStream>) -> Result<Option<DirectoryEntry>, IoFailure> {
        self.table.get_mut(&stream)?.next(&mut self.host)
    }

    fn drop(&mut self, stream: Resource<EntryStream>) -> Result<()> {
        Ok(self.table.delete(stream)?.close(&mut self.host)?)
    }
}

impl preopens::Host for Guest {
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let granted = self.config.granted(&self.host);
        granted.map(|(directory, path)| Ok((self.table.push(directory)?, path.clone()))).collect()
    }
}
