//! Why a call of the guest did not succeed. Each kind either becomes an error value that the guest gets, or ends
//! the guest: the `Trap` of each carries what the engine hands up, a [`Violation`] of the host included.

use crate::bindings::wasi::http::types::{ErrorCode as HttpCode, HeaderError};
use wasmstone_edge_protocol::{Status, Violation};
use wasmtime::{Error, Result, component::ResourceTableError};

/// Why a call did not succeed, if its errors have the type `T`.
#[derive(Debug)]
pub enum Failure<T> {
    /// The guest gets an error.
    Code(T),
    /// The guest ends.
    Trap(Error),
}

/// Why a call of `wasi:filesystem` or `wasi:sockets` did not succeed.
pub type IoFailure = Failure<Status>;

/// The result of such a call.
pub type IoResult<T> = Result<T, IoFailure>;

/// Why a call of `wasi:http` did not succeed.
pub type HttpFailure = Failure<HttpCode>;

/// Why the guest cannot have such a field.
pub type HeaderFailure = Failure<HeaderError>;

impl<T> Failure<T> {
    /// The error that the guest gets.
    ///
    /// # Errors
    /// If the guest ends.
    pub fn code(self) -> Result<T> {
        match self {
            Self::Code(code) => Ok(code),
            Self::Trap(error) => Err(error),
        }
    }
}

impl<T> From<T> for Failure<T> {
    fn from(code: T) -> Self {
        Self::Code(code)
    }
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
    /// The error of a file or a socket.
    Status(Status),
    /// The error of the body of a message.
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

traps! {
    IoFailure: Violation,
    IoFailure: ResourceTableError,
    IoFailure: Error,
    StreamFailure: Violation,
    StreamFailure: ResourceTableError,
    StreamFailure: Error,
    HttpFailure: Violation,
    HttpFailure: ResourceTableError,
    HttpFailure: Error,
    HeaderFailure: ResourceTableError,
}

impl From<IoFailure> for StreamFailure {
    fn from(failure: IoFailure) -> Self {
        match failure {
            IoFailure::Code(status) => Self::Failed(status),
            IoFailure::Trap(error) => Self::Trap(error),
        }
    }
}

/// As in Wasmtime, a stream that has ended has an error of its own in WASI 0.2 only.
impl From<StreamFailure> for IoFailure {
    fn from(failure: StreamFailure) -> Self {
        match failure {
            StreamFailure::Closed | StreamFailure::Http(_) => Self::Code(Status::Io),
            StreamFailure::Failed(status) => Self::Code(status),
            StreamFailure::Trap(error) => Self::Trap(error),
        }
    }
}

/// Separates the status, which the caller keeps for later, from what ends the guest now.
///
/// # Errors
/// If the guest ends.
pub fn separate<T>(result: IoResult<T>) -> Result<Result<T, Status>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(failure) => failure.code().map(Err),
    }
}
