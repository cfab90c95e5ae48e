//! What can go wrong.

use crate::disk::Failure;
use core::fmt;

/// The outcome of everything that a volume does.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why a volume did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The disk failed, and said why.
    Disk(Failure),
    /// What the disk holds is not what was written to it; what exactly was found.
    Damaged(&'static str),
    /// What was asked cannot be done.
    Code(Code),
}

/// Why something cannot be done, in the terms of POSIX where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// There is nothing of that name.
    NotFound,
    /// There is something of that name already; of a copy: the target is not empty.
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
    /// There are as many entries, files or links as there can be.
    TooMany,
    /// The disk failed where it is not known what it holds now. Nothing is done any more until the volume is opened
    /// anew.
    Broken,
    /// At opening: what is there was sealed with another key, so by another program, release or machine, or for
    /// another directory.
    WrongKey,
    /// At opening: the state is not the one that was pinned.
    Stale,
    /// At opening: the directory holds files but no volume, or nothing where a volume must be.
    NotSealed,
    /// At opening: the format is one of a later release.
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
            Self::NotFound => "there is no such file or directory",
            Self::Exists => "it is there already",
            Self::NotDirectory => "it is not a directory",
            Self::IsDirectory => "it is a directory",
            Self::NotEmpty => "the directory is not empty",
            Self::Invalid => "the request has no meaning",
            Self::NameTooLong => "the name is too long",
            Self::ReadOnly => "the volume is open for reading only",
            Self::Loop => "there are too many symbolic links",
            Self::NotPermitted => "the path leads out of its directory, or the kind of file does not allow it",
            Self::FileTooLarge => "the file would be too large",
            Self::TooMany => "there can be no more",
            Self::Broken => "the disk failed before; open the directory anew",
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
