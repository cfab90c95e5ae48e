//! Sealed directories: a file system in one flat directory of files on a disk that is not trusted.
//!
//! A [`Volume`] keeps files, directories and links, encrypted and authenticated block by block, so that whatever the
//! disk changes, swaps, cuts, mixes or holds back ends in [`Error::Damaged`] and never in wrong data, and so that
//! whatever ends the writer, the next one finds all of a commit or nothing of it. It knows nothing of WASI, of the
//! edge protocol or of enclaves: the disk is a [`Disk`], the key is the caller's, and so is randomness.
//!
//! The format and what it promises are described in `docs/sealed-storage.md`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)
)]

extern crate alloc;

#[cfg(test)]
extern crate std;

mod cache;
mod commit;
mod content;
mod copy;
mod directory;
mod disk;
mod error;
mod files;
mod geometry;
mod index;
mod journal;
mod keys;
mod limits;
mod log;
mod names;
mod node;
mod object;
mod open;
mod path;
mod records;
mod root;
mod stat;
mod store;
mod volume;

pub use copy::Disks;
pub use disk::{Disk, Failure};
pub use error::{Code, Error, Result};
pub use limits::{MEMORY, NAME_MAX, PATH_MAX, SIZE_MAX};
pub use stat::{Access, DirectoryEntry, Freshness, Kind, NodeId, Place, Stat, Time};
pub use volume::Volume;
