//! `wasi:http`: what is said over a connection is understood here, in the enclave; the host only carries it.

pub mod fields;
pub mod handler;
pub mod incoming;
pub mod method;
pub mod outgoing;
pub mod outparam;
pub mod request;

use crate::bindings::wasi::http::types::{self, ErrorCode, HeaderError};
use crate::guest::Guest;
use crate::wasi::{IoError, traps};
use wasmstone_edge_protocol::Violation;
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime::{Error, Result};

/// Why a call did not succeed.
#[derive(Debug)]
pub enum Failure<T> {
    /// The guest gets an error.
    Told(T),
    /// The guest ends.
    Trap(Error),
}

/// Why a call of `wasi:http` did not succeed.
pub type HttpFailure = Failure<ErrorCode>;

/// Why a field is not what the guest wants it to be.
pub type HeaderFailure = Failure<HeaderError>;

impl<T> Failure<T> {
    fn told(self) -> Result<T> {
        match self {
            Self::Told(error) => Ok(error),
            Self::Trap(error) => Err(error),
        }
    }
}

impl<T> From<T> for Failure<T> {
    fn from(error: T) -> Self {
        Self::Told(error)
    }
}

traps! {
    HttpFailure: Violation,
    HttpFailure: ResourceTableError,
    HttpFailure: Error,
    HeaderFailure: ResourceTableError,
}

impl types::Host for Guest {
    fn convert_error_code(&mut self, failure: HttpFailure) -> Result<ErrorCode> {
        failure.told()
    }

    fn convert_header_error(&mut self, failure: HeaderFailure) -> Result<HeaderError> {
        failure.told()
    }

    fn http_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::Http(code) => Some(code.clone()),
            IoError::Status(_) => None,
        })
    }
}
