//! The interface `filesystem`. The behaviour and the error of every operation is Wasmtime's, whose
//! users are to find their programs behave alike; where the wire knows a more precise error than
//! Wasmtime's `io`, it is given.

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

/// A path. Components have no strings but UTF-8, so that any other bytes break the protocol.
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
