//! Creates, renames and removes directory entries. cap-std keeps every path inside its directory.

use super::super::Server;
use super::super::handles::OpenDirectory;
use super::super::reply::{Failure, Payload};
use super::{follow, path};
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::types::{Empty, PathRequest, TwoPathsRequest};

pub(in super::super) fn create_directory_at(
    server: &mut Server,
    request: PathRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let name = path(name)?;
    server.handles.directory(request.handle.get())?.writing()?.create_dir(name)?;
    Ok(Empty {})
}

pub(in super::super) fn remove_directory_at(
    server: &mut Server,
    request: PathRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let name = path(name)?;
    server.handles.directory(request.handle.get())?.writing()?.remove_dir(name)?;
    Ok(Empty {})
}

pub(in super::super) fn unlink_file_at(
    server: &mut Server,
    request: PathRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let name = path(name)?;
    server.handles.directory(request.handle.get())?.writing()?.remove_file(name)?;
    Ok(Empty {})
}

pub(in super::super) fn readlink_at(
    server: &mut Server,
    request: PathRequest,
    name: &[u8],
    payload: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let name = path(name)?;
    let target = server.handles.directory(request.handle.get())?.reading().read_link(name)?;
    let target = target.to_str().ok_or(Status::IllegalByteSequence)?;
    payload.push(target.as_bytes())?;
    Ok(Empty {})
}

pub(in super::super) fn symlink_at(
    server: &mut Server,
    request: TwoPathsRequest,
    names: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let (content, name) = two_paths(&request, names)?;
    server.handles.directory(request.new_directory.get())?.writing()?.symlink(content, name)?;
    Ok(Empty {})
}

pub(in super::super) fn rename_at(
    server: &mut Server,
    request: TwoPathsRequest,
    names: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let (old, new) = two_paths(&request, names)?;
    let (old_directory, new_directory) = two_directories(server, &request)?;
    let (old_dir, new_dir) = (old_directory.writing()?, new_directory.writing()?);
    // A slash behind either path requires a directory. cap-std checks only a slash behind the old path.
    if new.ends_with('/') && !old.ends_with('/') && !old.is_empty() {
        old_dir.rename(format!("{old}/"), new_dir, new)?;
    } else {
        old_dir.rename(old, new_dir, new)?;
    }
    Ok(Empty {})
}

pub(in super::super) fn link_at(
    server: &mut Server,
    request: TwoPathsRequest,
    names: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let (old, new) = two_paths(&request, names)?;
    let follow = follow(request.path_flags)?;
    let (old_directory, new_directory) = two_directories(server, &request)?;
    let (old_dir, new_dir) = (old_directory.writing()?, new_directory.writing()?);
    if follow {
        return Err(Status::Invalid.into());
    }
    old_dir.hard_link(old, new_dir, new)?;
    Ok(Empty {})
}

/// The old and the new path.
fn two_paths<'a>(request: &TwoPathsRequest, names: &'a [u8]) -> Result<(&'a str, &'a str), Failure> {
    let length = usize::try_from(request.old_length.get()).map_err(|_| Status::Malformed)?;
    let (old, new) = names.split_at_checked(length).ok_or(Status::Malformed)?;
    Ok((path(old)?, path(new)?))
}

/// The old and the new directory.
fn two_directories<'a>(
    server: &'a Server,
    request: &TwoPathsRequest,
) -> Result<(&'a OpenDirectory, &'a OpenDirectory), Failure> {
    let old = server.handles.directory(request.old_directory.get())?;
    Ok((old, server.handles.directory(request.new_directory.get())?))
}
