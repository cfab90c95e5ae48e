//! The statuses of the wire as `wasi:filesystem/types.error-code`.

use crate::bindings::wasi::filesystem::types::ErrorCode;
use wasmstone_edge_protocol::Status;

macro_rules! same_names {
    ($($name:ident)*) => {
        /// The error code for a status.
        pub fn from_status(status: Status) -> ErrorCode {
            match status {
                $(Status::$name => ErrorCode::$name,)*
                // `Ok` is not a failure, `Malformed` is a violation, the others are those of sockets.
                _ => ErrorCode::Io,
            }
        }
    };
}

same_names! {
    Access WouldBlock Already BadDescriptor Busy Deadlock Quota Exist FileTooLarge IllegalByteSequence
    InProgress Interrupted Invalid Io IsDirectory Loop TooManyLinks MessageSize NameTooLong NoDevice NoEntry
    NoLock InsufficientMemory InsufficientSpace NotDirectory NotEmpty NotRecoverable Unsupported NoTty
    NoSuchDevice Overflow NotPermitted Pipe ReadOnly InvalidSeek TextFileBusy CrossDevice
}
