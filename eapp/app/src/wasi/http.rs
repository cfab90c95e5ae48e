//! `wasi:http`. The exchanges themselves are in [`crate::exchange`].

pub mod fields;
pub mod handler;
pub mod incoming;
pub mod method;
pub mod outgoing;
pub mod outparam;
pub mod request;

use crate::bindings::wasi::http::types::{self, ErrorCode, HeaderError};
use crate::failure::{HeaderFailure, HttpFailure, IoError};
use crate::guest::Guest;
use wasmtime::{Result, component::Resource};

impl types::Host for Guest {
    fn convert_error_code(&mut self, failure: HttpFailure) -> Result<ErrorCode> {
        failure.code()
    }

    fn convert_header_error(&mut self, failure: HeaderFailure) -> Result<HeaderError> {
        failure.code()
    }

    fn http_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::Http(code) => Some(code.clone()),
            IoError::Status(_) => None,
        })
    }
}
