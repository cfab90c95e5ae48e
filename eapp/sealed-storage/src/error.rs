//! Errors.

use crate::disk::Failure;
use core::fmt;

/// The result of every operation on a volume.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The disk failed, with its own code.
    Disk(Failure),
    /// The disk holds something else than what was written to it. The text says what was found.
    Damaged(&'static str),
    /// The operation is not possible.
    Code(Code),
}

/// Why an operation is not possible, in the terms of POSIX where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nothing has that name.
    NotFound,
    /// The name is taken. For a copy: the target is not empty.
    Exists,
    /// It has to be a directory and is not one.
    NotDirectory,
    /// It must not be a directory and is one.
    IsDirectory,
    /// The directory has entries.
    NotEmpty,
    /// The request has no meaning.
    Invalid,
    /// The name or path is too long.
    NameTooLong,
    /// The volume was opened for reading only.
    ReadOnly,
    /// Too many symbolic links.
    Loop,
    /// The path leads out of the directory that it starts from, or the kind of file does not allow it.
    NotPermitted,
    /// The file would be larger than [`crate::SIZE_MAX`].
    FileTooLarge,
    /// A limit on entries, files or links is reached.
    TooMany,
    /// The disk failed, and it is unknown what it holds now. Every operation fails until the volume is opened again.
    Broken,
    /// At opening: the volume was sealed with another key, that is by another program, release or machine, or for
    /// another directory.
    WrongKey,
    /// At opening: the state is not the one that was pinned.
    Stale,
    /// At opening: the directory holds files but no volume, or it is empty and a volume was required.
    NotSealed,
    /// At opening: the format is that of a later release.
    Version,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Disk(failure)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::Exists => "the name is taken, or the target is not empty",
            Self::NotDirectory => "not a directory",
            Self::IsDirectory => "is a directory",
            Self::NotEmpty => "the directory is not empty",
            Self::Invalid => "the request has no meaning",
            Self::NameTooLong => "the name is too long",
            Self::ReadOnly => "the volume is open for reading only",
            Self::Loop => "too many symbolic links",
            Self::NotPermitted => "the path leads out of its directory, or the kind of file does not allow it",
            Self::FileTooLarge => "the file would be too large",
            Self::TooMany => "a limit on entries, files or links is reached",
            Self::Broken => "the disk failed before: open the directory again",
            Self::WrongKey => "it was sealed by another program, release or machine, or for another directory",
            Self::Stale => "its state is not the one that was pinned",
            Self::NotSealed => "it is not a sealed directory",
            Self::Version => "it was sealed by a later release",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(Failure(code)) => write!(formatter, "the disk failed with code {code}"),
            Self::Damaged(what) => write!(formatter, "what the disk holds was changed: {what}"),
            Self::Code(code) => code.fmt(formatter),
        }
    }
}

impl core::error::Error for Error {}
