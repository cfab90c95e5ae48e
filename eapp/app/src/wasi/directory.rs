//! `wasi:filesystem`: directory streams and granted directories.

use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{DirectoryEntry, HostDirectoryEntryStream};
use crate::failure::IoFailure;
use crate::files::OpenFile;
use crate::guest::Guest;
use crate::metadata::Entries;
use crate::wasi::filesystem::Descriptor;
use alloc::{collections::VecDeque, string::String, vec::Vec};
use wasmstone_edge_protocol::handle;
use wasmstone_policy::Access;
use wasmtime::{Result, component::Resource};

/// A directory being listed.
pub struct EntryStream {
    file: OpenFile,
    cursor: u64,
    pending: VecDeque<DirectoryEntry>,
    end: bool,
}

impl EntryStream {
    /// Lists what was opened as `file`.
    pub fn new(file: OpenFile) -> Self {
        Self { file, cursor: 0, pending: VecDeque::new(), end: false }
    }
}

impl HostDirectoryEntryStream for Guest {
    fn read_directory_entry(&mut self, stream: Resource<EntryStream>) -> Result<Option<DirectoryEntry>, IoFailure> {
        let list = self.table.get_mut(&stream)?;
        if list.pending.is_empty() && !list.end {
            let system = list.file.system();
            let Entries { entries, end } = system.entries(&mut self.host, &list.file, &mut list.cursor)?;
            list.pending = entries.into();
            list.end = end;
        }
        Ok(list.pending.pop_front())
    }

    fn drop(&mut self, stream: Resource<EntryStream>) -> Result<()> {
        let list = self.table.delete(stream)?;
        Ok(self.host.close(list.file.handle)?)
    }
}

impl preopens::Host for Guest {
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let mut directories = Vec::with_capacity(self.config.directories.len());
        for (index, (path, access)) in (0u32..).zip(&self.config.directories) {
            let sealed = self.host.sealed_root(index);
            let granted = Descriptor::granted(handle::FIRST_DIRECTORY + index, *access == Access::ReadWrite, sealed);
            directories.push((self.table.push(granted)?, path.clone()));
        }
        Ok(directories)
    }
}
