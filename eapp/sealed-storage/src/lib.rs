//! Sealed directories: a file system in one flat directory of files on a disk that is not trusted.
//!
//! A [`Volume`] keeps files, directories and links, encrypted and authenticated block by block. Whatever the disk
//! changes, swaps, cuts, mixes or holds back ends in [`Error::Damaged`] and never in wrong data. Whenever the writer
//! is stopped, the next one finds either all of a commit or nothing of it. This crate knows nothing of WASI, of the
//! edge protocol or of enclaves: the caller supplies the [`Disk`], the key and the randomness.
//!
//! `docs/sealed-storage.md` describes the format and what it promises.
//!
//! # Reading order
//! The modules below are grouped into layers, from the bottom up. A module imports only modules of layers above its
//! own in this list, which `tests/it/modules.rs` checks.
#![no_std]
#![forbid(unsafe_code, unsafe_op_in_unsafe_fn)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)
)]

extern crate alloc;

#[cfg(test)]
extern crate std;

// What everything else is written in: limits, the disk as the caller provides it, what callers see.
mod disk;
mod limits;
mod stat;

// Errors, and where the blocks of an object lie.
mod error;
mod geometry;

// Encryption of blocks; decrypted blocks and names in memory.
mod cache;
mod index;
mod keys;

// Objects, which are rows of blocks, and the host's files that hold them.
mod files;
mod object;

// What survives a crash: the root record, and committed blocks that are not in their places yet.
mod log;
mod root;

// Reading and changing an object, block by block.
mod store;

// Encrypting what was changed.
mod sealing;

// Transactions; inodes; the records of a directory.
mod journal;
mod node;
mod records;

// Names in a directory.
mod directory;

// A volume in memory: its inodes and directories.
mod volume;

// How changes reach the disk.
mod commit;

// What callers do with files, names and paths.
mod content;
mod names;

// What is made of these: following paths, opening, copying.
mod copy;
mod open;
mod path;

pub use copy::Disks;
pub use disk::{Disk, Failure};
pub use error::{Code, Error, Result};
pub use limits::{MEMORY, NAME_MAX, PATH_MAX, SIZE_MAX};
pub use stat::{Access, DirectoryEntry, Freshness, Kind, NodeId, Place, Stat, Time};
pub use volume::Volume;
