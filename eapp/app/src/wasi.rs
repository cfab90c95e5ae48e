//! WASI 0.2, one file an interface. What needs no host is answered here.

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
pub mod poll;
mod random;
pub mod sockets;

use crate::bindings;
use crate::bindings::wasi::filesystem::types::{ErrorCode, Host as FilesystemHost};
use crate::bindings::wasi::http::types::ErrorCode as HttpCode;
use crate::bindings::wasi::io::{error, streams};
use crate::guest::Guest;
use alloc::string::String;
use wasmstone_edge_protocol::{Status, Violation};
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTableError};
use wasmtime::{Error, Result};

/// Offers WASI to components.
///
/// # Errors
/// Where memory runs out.
pub fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    // None of what is unstable, as in Wasmtime.
    let options = bindings::LinkOptions::default();
    bindings::Guest::add_to_linker::<_, HasSelf<Guest>>(linker, &options, |guest| guest)
}

/// Why a call of `wasi:filesystem` or `wasi:sockets` did not succeed.
#[derive(Debug)]
pub enum FileFailure {
    /// The guest gets an error code.
    Code(Status),
    /// The guest ends.
    Trap(Error),
}

/// Why a call on a stream did not succeed.
#[derive(Debug)]
pub enum StreamFailure {
    /// The stream has ended.
    Closed,
    /// The guest gets an error.
    Failed(Status),
    /// The guest gets an error of HTTP.
    Http(HttpCode),
    /// The guest ends.
    Trap(Error),
}

/// `wasi:io/error.error`.
#[derive(Debug)]
pub enum IoError {
    /// Of a file or a socket.
    Status(Status),
    /// Of the body of a message.
    Http(HttpCode),
}

macro_rules! traps {
    ($($failure:ident: $error:ty,)*) => {
        $(impl From<$error> for $failure {
            fn from(error: $error) -> Self {
                Self::Trap(error.into())
            }
        })*
    };
}
use traps;

traps! {
    FileFailure: Violation,
    FileFailure: ResourceTableError,
    FileFailure: Error,
    StreamFailure: Violation,
    StreamFailure: ResourceTableError,
    StreamFailure: Error,
}

impl From<Status> for FileFailure {
    fn from(status: Status) -> Self {
        Self::Code(status)
    }
}

impl From<FileFailure> for StreamFailure {
    fn from(failure: FileFailure) -> Self {
        match failure {
            FileFailure::Code(status) => Self::Failed(status),
            FileFailure::Trap(error) => Self::Trap(error),
        }
    }
}

impl FilesystemHost for Guest {
    fn convert_error_code(&mut self, failure: FileFailure) -> Result<ErrorCode> {
        match failure {
            FileFailure::Code(status) => Ok(error_code::from_status(status)),
            FileFailure::Trap(error) => Err(error),
        }
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
