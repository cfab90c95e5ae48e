//! The interface `filesystem`. Every operation behaves and fails as in Wasmtime, so that a program does the same in both.
//! Where Wasmtime says `io` and the wire has a more precise error, the server gives that one.

mod data;
mod listing;
mod metadata;
mod open;
mod paths;

pub(super) use data::{advise, append, read_at, set_size, sync, write_at};
pub(super) use listing::{Listing, entries, list};
pub(super) use metadata::{set_times, set_times_at, stat, stat_at};
pub(super) use open::open_at;
pub(super) use paths::{
    create_directory_at, link_at, readlink_at, remove_directory_at, rename_at, symlink_at, unlink_file_at,
};

use super::reply::Failure;
use wasmstone_edge_protocol::{Coded, PATH_MAX, Set, Status, value::PathFlag};

/// Reads a path. Strings of components are UTF-8, so that any other bytes break the protocol.
fn path(bytes: &[u8]) -> Result<&str, Failure> {
    if bytes.len() > PATH_MAX {
        return Err(Status::Malformed.into());
    }
    str::from_utf8(bytes).map_err(|_| Status::Malformed.into())
}

/// Whether a symbolic link at the end of a path is followed.
fn follow(flags: Coded<Set<PathFlag>>) -> Result<bool, Failure> {
    Ok(flags.get()?.contains(PathFlag::SymlinkFollow))
}
