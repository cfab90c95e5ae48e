//! Listing a directory.

use super::system::OpenFile;
use crate::bindings::wasi::filesystem::types::DirectoryEntry;
use crate::failure::IoResult;
use crate::host::Host;
use crate::metadata::Entries;
use alloc::collections::VecDeque;
use wasmstone_edge_protocol::Violation;

/// A directory being listed.
#[derive(Debug)]
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

    /// The next entry; `None` at the end.
    pub fn next(&mut self, host: &mut Host) -> IoResult<Option<DirectoryEntry>> {
        if self.pending.is_empty() && !self.end {
            let Entries { entries, end } = self.file.system().entries(host, &self.file, &mut self.cursor)?;
            self.pending = entries.into();
            self.end = end;
        }
        Ok(self.pending.pop_front())
    }

    /// Ends listing.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(self, host: &mut Host) -> Result<(), Violation> {
        host.close(self.file.handle)
    }
}
