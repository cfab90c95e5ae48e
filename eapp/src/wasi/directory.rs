//! `wasi:filesystem`: directory streams and granted directories.

use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{DirectoryEntry, HostDirectoryEntryStream};
use crate::guest::Guest;
use crate::wasi::FileFailure;
use crate::wasi::filesystem::{Descriptor, OpenFile};
use crate::wasi::times::descriptor_type;
use alloc::borrow::ToOwned;
use alloc::{collections::VecDeque, string::String, sync::Arc, vec::Vec};
use wasmstone_edge_protocol::types::HandleRequest;
use wasmstone_edge_protocol::{Operation, PATH_MAX, Violation, filesystem, handle, record};
use wasmstone_policy::Access;
use wasmtime::Result;
use wasmtime::component::Resource;

/// A directory being listed.
pub struct EntryStream {
    file: Arc<OpenFile>,
    pending: VecDeque<DirectoryEntry>,
    end: bool,
}

impl EntryStream {
    /// Lists what the host opened as `file`.
    pub fn new(file: Arc<OpenFile>) -> Self {
        Self { file, pending: VecDeque::new(), end: false }
    }
}

/// Reads one entry of the host's list.
fn entry(payload: &mut &[u8]) -> Result<DirectoryEntry, Violation> {
    let bytes = record::take(payload, PATH_MAX)?;
    let (kind, name) = bytes.split_first().ok_or(Violation("a directory entry is empty"))?;
    let name = record::text(name)?;
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(Violation("a directory entry's name is not one"));
    }
    Ok(DirectoryEntry { type_: descriptor_type(u32::from(*kind))?, name: name.to_owned() })
}

impl HostDirectoryEntryStream for Guest {
    fn read_directory_entry(&mut self, stream: Resource<EntryStream>) -> Result<Option<DirectoryEntry>, FileFailure> {
        let entries = self.table.get_mut(&stream)?;
        if entries.pending.is_empty() && !entries.end {
            let request = HandleRequest { handle: entries.file.handle.into() };
            let cap = filesystem::Entries::REPLY_PAYLOAD_MAX;
            let (reply, mut payload) = self.host.channel.call::<filesystem::Entries>(&request, &[], cap)??;
            entries.end = reply.end.flag("an end that is neither yes nor no")?;
            // Each entry takes the length before it at least.
            let count = reply.count.at_most((payload.len() / 4) as u32, "more entries than there is room for")?;
            for _ in 0..count {
                entries.pending.push_back(entry(&mut payload)?);
            }
            if !payload.is_empty() || (entries.pending.is_empty() && !entries.end) {
                return Err(Violation("a directory list has more or less than it says").into());
            }
        }
        Ok(entries.pending.pop_front())
    }

    fn drop(&mut self, stream: Resource<EntryStream>) -> Result<()> {
        let entries = self.table.delete(stream)?;
        Ok(self.release(entries.file)?)
    }
}

impl preopens::Host for Guest {
    fn get_directories(&mut self) -> Result<Vec<(Resource<Descriptor>, String)>> {
        let mut directories = Vec::with_capacity(self.given.directories.len());
        for (number, (path, access)) in (handle::FIRST_DIRECTORY..).zip(&self.given.directories) {
            let descriptor = Descriptor::granted(number, *access == Access::ReadWrite);
            directories.push((self.table.push(descriptor)?, path.clone()));
        }
        Ok(directories)
    }
}
