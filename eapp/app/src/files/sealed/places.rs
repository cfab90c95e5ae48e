//! The operations that are allowed at a place in a volume, by the rules of Linux.

use crate::bindings::wasi::filesystem::types::{DescriptorFlags, OpenFlags};
use crate::files::How;
use wasmstone_edge_protocol::Status;
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Code, Disk, Failure, Kind, NodeId, Place, Time, Volume};

/// Opens what a path names, or makes a file there.
pub fn open_or_make(
    volume: &mut Volume,
    disk: &mut dyn Disk,
    directory: NodeId,
    path: &str,
    how: How,
    now: Time,
) -> storage::Result<NodeId> {
    let creates = how.open.contains(OpenFlags::CREATE);
    let makes_new = creates && how.open.contains(OpenFlags::EXCLUSIVE);
    let place = volume.resolve(disk, directory, path, how.follow && !makes_new)?;
    let Some(found) = place.node else {
        return match (creates, place.slash) {
            (false, _) => Err(Code::NotFound.into()),
            (true, true) => Err(Code::IsDirectory.into()),
            (true, false) => volume.create_file(disk, place.directory, &place.name, now),
        };
    };
    if makes_new {
        return Err(Code::Exists.into());
    }
    match volume.stat(disk, found)?.kind {
        Kind::Symlink => return Err(Code::Loop.into()),
        Kind::Directory if how.flags.contains(DescriptorFlags::WRITE) => return Err(Code::IsDirectory.into()),
        Kind::File if place.slash && creates => return Err(Code::IsDirectory.into()),
        Kind::File if place.slash || how.open.contains(OpenFlags::DIRECTORY) => {
            return Err(Code::NotDirectory.into());
        }
        Kind::File if how.open.contains(OpenFlags::TRUNCATE) => volume.set_size(disk, found, 0, now)?,
        Kind::Directory | Kind::File => {}
    }
    Ok(found)
}

/// Fails unless a file or link can be made at a place: the place is empty, and no slash says that a directory is
/// meant.
pub fn check_vacant(volume: &mut Volume, disk: &mut dyn Disk, place: &Place) -> storage::Result<()> {
    match (place.node, place.slash) {
        (Some(found), true) if !is_directory(volume, disk, found)? => Err(Code::NotDirectory.into()),
        (Some(_), _) => Err(Code::Exists.into()),
        (None, true) => Err(Code::NotFound.into()),
        (None, false) => Ok(()),
    }
}

/// A path without the slashes behind it. Making and renaming directories act on the name before them: they do not
/// follow a link there.
pub fn own_name(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        name => name,
    }
}

/// Whether it is a directory.
pub fn is_directory(volume: &mut Volume, disk: &mut dyn Disk, node: NodeId) -> storage::Result<bool> {
    Ok(volume.stat(disk, node)?.kind == Kind::Directory)
}

/// Fails unless something can be renamed from or to a place.
pub fn check_movable(place: &Place) -> storage::Result<()> {
    if place.name == "." { Err(Failure(Status::Busy.into()).into()) } else { Ok(()) }
}
