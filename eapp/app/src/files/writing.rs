//! Writing a file, from a position on or at its end.

use super::system::OpenFile;
use crate::failure::IoResult;
use crate::host::Host;
use alloc::sync::Arc;
use wasmstone_edge_protocol::{Status, Violation};

/// Writes a file.
pub struct FileOutput {
    file: Arc<OpenFile>,
    /// The position of the next byte; `None` for the end of the file.
    position: Option<u64>,
}

impl FileOutput {
    /// Writes `file` from `position` on, or at its end if that is `None`.
    pub fn new(file: Arc<OpenFile>, position: Option<u64>) -> Self {
        Self { file, position }
    }

    /// Fails unless the file was opened for writing.
    ///
    /// # Errors
    /// If it was not.
    pub fn check(&self) -> Result<(), Status> {
        if self.file.writing { Ok(()) } else { Err(Status::BadDescriptor) }
    }

    /// Writes at most as many bytes as a payload has. The result is how many were written.
    ///
    /// # Errors
    /// The reason why the file cannot be written.
    pub fn write(&mut self, host: &mut Host, bytes: &[u8]) -> IoResult<usize> {
        let system = self.file.system();
        let Some(position) = &mut self.position else { return system.append(host, &self.file, bytes) };
        let written = system.write_at(host, &self.file, *position, bytes)?;
        *position = position.saturating_add(written as u64);
        Ok(written)
    }

    /// Ends writing.
    ///
    /// # Errors
    /// If the host broke the contract.
    pub fn close(self, host: &mut Host) -> Result<(), Violation> {
        self.file.release(host)
    }
}
