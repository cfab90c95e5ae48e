//! Errors of a sealed directory: as text for the operator, and as an error for the guest.

use super::disk::status;
use alloc::{format, string::String};
use wasmstone_edge_protocol::Status;
use wasmstone_sealed_storage::{Code, Error};

/// The reason why there is no key for `path`.
pub fn no_key(path: &str) -> String {
    format!("the machine has no sealing keys, which the sealed directory {path} needs: use a machine that has them")
}

/// The reason why the directory `path` was not opened, and the remedy.
pub fn unopened(path: &str, error: Error) -> String {
    let advice = match error {
        Error::Code(Code::WrongKey) => {
            "to move the data, run `wasmstone seal export` with the bundle that wrote it, there, and \
             `wasmstone seal import` with this one"
        }
        Error::Code(Code::Stale) => {
            "bring back the state that was pinned, or leave the pin away if nobody but you could change it"
        }
        Error::Code(Code::NotSealed) => "grant an empty directory, to write to, or one that this program has sealed",
        Error::Code(Code::Version) => "use the release that wrote it",
        Error::Damaged(_) => "bring back a copy of all of its files as they were at one time",
        Error::Disk(_) | Error::Code(_) => "see that the directory can be read, and written to unless it is read-only",
    };
    format!("the directory granted as {path} cannot be opened: {}: {advice}", describe(error))
}

/// The reason why `from` was not copied to `to`.
pub fn uncopied(from: &str, to: &str, error: Error) -> String {
    match error {
        Error::Code(Code::Exists) => format!("the directory granted as {to} holds data: name an empty one"),
        error => format!("{from} cannot be copied to {to}: {}", describe(error)),
    }
}

/// An error as text.
pub fn describe(error: Error) -> String {
    match error {
        Error::Disk(failure) => format!("the host's file system failed: {:?}", status(failure)),
        error => format!("{error}"),
    }
}

/// The error that the guest gets.
pub fn guests_error(error: Error) -> Status {
    let code = match error {
        Error::Disk(failure) => return status(failure),
        Error::Damaged(_) => return Status::Io,
        Error::Code(code) => code,
    };
    match code {
        Code::NotFound => Status::NoEntry,
        Code::Exists => Status::Exist,
        Code::NotDirectory => Status::NotDirectory,
        Code::IsDirectory => Status::IsDirectory,
        Code::NotEmpty => Status::NotEmpty,
        Code::Invalid => Status::Invalid,
        Code::NameTooLong => Status::NameTooLong,
        Code::ReadOnly => Status::ReadOnly,
        Code::Loop => Status::Loop,
        Code::NotPermitted => Status::NotPermitted,
        Code::FileTooLarge => Status::FileTooLarge,
        Code::TooMany => Status::TooManyLinks,
        Code::Broken | Code::WrongKey | Code::Stale | Code::NotSealed | Code::Version => Status::Io,
    }
}
