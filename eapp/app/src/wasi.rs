//! WASI: the guest's calls, implemented with the modules below. Of WASI 0.2, one file implements one interface, or one
//! resource of a large interface. `p1` is WASI 0.1. Only these files implement traits of the bindings.

mod attestation;
pub mod blocking;
pub mod cli;
mod clocks;
pub mod directory;
mod error_code;
pub mod filesystem;
pub mod http;
pub mod input;
pub mod output;
pub mod p1;
pub mod poll;
mod random;
pub mod sockets;

use crate::bindings;
use crate::bindings::wasi::filesystem::types::{ErrorCode, Host as FilesystemHost};
use crate::bindings::wasi::io::{error, streams};
use crate::failure::{IoError, IoFailure, StreamFailure};
use crate::guest::Guest;
use alloc::string::String;
use wasmtime::{Result, component::HasSelf, component::Linker, component::Resource};

/// Offers WASI to components.
///
/// # Errors
/// If memory runs out.
pub fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    // No unstable functions, as in Wasmtime.
    let options = bindings::LinkOptions::default();
    bindings::Guest::add_to_linker::<_, HasSelf<Guest>>(linker, &options, |guest| guest)
}

impl FilesystemHost for Guest {
    fn convert_error_code(&mut self, failure: IoFailure) -> Result<ErrorCode> {
        failure.code().map(error_code::from_status)
    }

    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::Status(status) => Some(error_code::from_status(*status)),
            IoError::Http(_) => None,
        })
    }
}

impl error::Host for Guest {}

impl error::HostError for Guest {
    fn to_debug_string(&mut self, error: Resource<IoError>) -> Result<String> {
        Ok(match self.table.get(&error)? {
            IoError::Status(status) => alloc::format!("{status:?}"),
            IoError::Http(code) => alloc::format!("{code:?}"),
        })
    }

    fn drop(&mut self, error: Resource<IoError>) -> Result<()> {
        self.table.delete(error)?;
        Ok(())
    }
}

impl streams::Host for Guest {
    fn convert_stream_error(&mut self, failure: StreamFailure) -> Result<streams::StreamError> {
        let error = match failure {
            StreamFailure::Closed => return Ok(streams::StreamError::Closed),
            StreamFailure::Failed(status) => IoError::Status(status),
            StreamFailure::Http(code) => IoError::Http(code),
            StreamFailure::Trap(error) => return Err(error),
        };
        Ok(streams::StreamError::LastOperationFailed(self.table.push(error)?))
    }
}
