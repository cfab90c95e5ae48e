//! Files in sealed directories. Errors are those that Linux has for the host's own files.

mod convert;
mod places;

use super::system::{At, FileSystem, How, OpenFile, Opened};
use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DirectoryEntry, NewTimestamp, OpenFlags};
use crate::failure::IoResult;
use crate::handles::SealedNode;
use crate::host::Host;
use crate::metadata::{Entries, Stat};
use alloc::{string::String, vec, vec::Vec};
use convert::{check_position, describe, descriptor_type, new_times};
use places::{check_movable, check_vacant, is_directory, open_or_make, own_name};
use wasmstone_edge_protocol::Status;
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Code, Disk, Place, Time, Volume};

/// The sealed directories, as one file system.
pub struct Sealed;

/// The most entries of a directory that are taken at once.
const ENTRIES: usize = 64;

/// Runs an operation in the volume of `node`.
fn within<T>(
    host: &mut Host,
    node: SealedNode,
    act: impl FnOnce(&mut Volume, &mut dyn Disk) -> storage::Result<T>,
) -> IoResult<T> {
    let (volume, mut disk) = host.sealed_parts(node.volume).ok_or(Status::BadDescriptor)?;
    let result = act(volume, &mut disk);
    match disk.settle(result)? {
        Ok(value) => Ok(value),
        Err(error) => Err(host.sealed_failure(node.volume, error)),
    }
}

/// As [`within`], for an operation that changes something.
fn changing<T>(
    host: &mut Host,
    node: SealedNode,
    act: impl FnOnce(&mut Volume, &mut dyn Disk, Time) -> storage::Result<T>,
) -> IoResult<T> {
    let now = host.touch(node.volume);
    within(host, node, |volume, disk| act(volume, disk, now))
}

fn node(file: &OpenFile) -> IoResult<SealedNode> {
    // [`OpenFile::system`] leads here only for files that have one.
    Ok(file.sealed.ok_or(Status::BadDescriptor)?)
}

/// Changes the place that a path leads to, whatever is there.
fn changing_place(
    host: &mut Host,
    at: At<'_>,
    act: impl FnOnce(&mut Volume, &mut dyn Disk, Place, Time) -> storage::Result<()>,
) -> IoResult<()> {
    let directory = node(at.directory)?;
    changing(host, directory, |volume, disk, now| {
        let place = volume.resolve(disk, directory.id, at.path, false)?;
        act(volume, disk, place, now)
    })
}

impl FileSystem for Sealed {
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> IoResult<Opened> {
        let directory = node(at.directory)?;
        let (handle, (node, stat)) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let open = |volume: &mut Volume, disk: &mut dyn Disk, now| {
                let id = open_or_make(volume, disk, directory.id, at.path, how, now)?;
                let stat = volume.stat(disk, id)?;
                volume.hold(disk, id)?;
                Ok((id, stat))
            };
            // Only an open that can change something needs the time, and has to be stored afterwards.
            let (id, stat) = if how.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
                changing(host, directory, open)?
            } else {
                within(host, directory, |volume, disk| open(volume, disk, Time::default()))?
            };
            let reads = how.flags.contains(DescriptorFlags::READ);
            let node = SealedNode { volume: directory.volume, id, reads };
            host.handles.seal(handle, node);
            Ok((node, describe(directory.volume, stat)))
        })?;
        let writing = how.flags.contains(DescriptorFlags::WRITE);
        Ok(Opened { file: OpenFile { handle, granted: false, writing, sealed: Some(node) }, stat, fresh: None })
    }

    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> IoResult<(Vec<u8>, bool)> {
        let node = node(file)?;
        if !node.reads {
            return Err(Status::BadDescriptor.into());
        }
        check_position(offset)?;
        let bytes = within(host, node, |volume, disk| {
            let left = volume.stat(disk, node.id)?.size.saturating_sub(offset);
            let mut bytes = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(length)];
            let count = volume.read(disk, node.id, offset, &mut bytes)?;
            bytes.truncate(count);
            Ok(bytes)
        })?;
        let end = bytes.len() < length;
        Ok((bytes, end))
    }

    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> IoResult<usize> {
        check_position(offset.saturating_add(bytes.len() as u64))?;
        let node = node(file)?;
        changing(host, node, |volume, disk, now| volume.write(disk, node.id, offset, bytes, now))?;
        Ok(bytes.len())
    }

    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> IoResult<usize> {
        let node = node(file)?;
        changing(host, node, |volume, disk, now| {
            let end = volume.stat(disk, node.id)?.size;
            volume.write(disk, node.id, end, bytes, now)
        })?;
        Ok(bytes.len())
    }

    fn stat(&self, host: &mut Host, file: &OpenFile) -> IoResult<Stat> {
        let node = node(file)?;
        let stat = within(host, node, |volume, disk| volume.stat(disk, node.id))?;
        Ok(describe(node.volume, stat))
    }

    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> IoResult<Stat> {
        let directory = node(at.directory)?;
        let stat = within(host, directory, |volume, disk| {
            let found = volume.find(disk, directory.id, at.path, follow)?;
            volume.stat(disk, found)
        })?;
        Ok(describe(directory.volume, stat))
    }

    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> IoResult<()> {
        check_position(size)?;
        if !file.writing {
            return Err(Status::Invalid.into());
        }
        let node = node(file)?;
        changing(host, node, |volume, disk, now| volume.set_size(disk, node.id, size, now))
    }

    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> IoResult<()> {
        let (node, times) = (node(file)?, new_times(times)?);
        changing(host, node, |volume, disk, now| {
            volume.set_times(disk, node.id, times[0].at(now), times[1].at(now), now)
        })
    }

    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> IoResult<()> {
        let (directory, times) = (node(at.directory)?, new_times(times)?);
        changing(host, directory, |volume, disk, now| {
            let found = volume.find(disk, directory.id, at.path, follow)?;
            volume.set_times(disk, found, times[0].at(now), times[1].at(now), now)
        })
    }

    fn advise(&self, _: &mut Host, _: &OpenFile, _: (u64, u64), _: Advice) -> IoResult<()> {
        Ok(())
    }

    fn sync(&self, host: &mut Host, file: &OpenFile, _: bool) -> IoResult<()> {
        let node = node(file)?;
        within(host, node, |volume, disk| volume.commit(disk))
    }

    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> IoResult<OpenFile> {
        let node = node(directory)?;
        let (handle, ()) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            within(host, node, |volume, disk| volume.hold(disk, node.id))?;
            host.handles.seal(handle, node);
            Ok(())
        })?;
        Ok(OpenFile { handle, granted: false, writing: false, sealed: Some(node) })
    }

    fn entries(&self, host: &mut Host, stream: &OpenFile, cursor: &mut u64) -> IoResult<Entries> {
        let node = node(stream)?;
        within(host, node, |volume, disk| {
            let mut entries = Vec::new();
            while entries.len() < ENTRIES {
                let Some((next, entry)) = volume.entry(disk, node.id, *cursor)? else {
                    return Ok(Entries { entries, end: true });
                };
                *cursor = next;
                entries.push(DirectoryEntry { type_: descriptor_type(entry.kind), name: entry.name });
            }
            Ok(Entries { entries, end: false })
        })
    }

    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        let at = At { path: own_name(at.path), ..at };
        changing_place(host, at, |volume, disk, place, now| match place.node {
            Some(_) => Err(Code::Exists.into()),
            None => volume.create_directory(disk, place.directory, &place.name, now).map(drop),
        })
    }

    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            match place.node {
                // As under Wasmtime, which refuses a slash here.
                Some(found) if place.slash && is_directory(volume, disk, found)? => Err(Code::Invalid.into()),
                _ => volume.remove_directory(disk, place.directory, &place.name, now),
            }
        })
    }

    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            let found = place.node.ok_or(Code::NotFound)?;
            if place.slash && !is_directory(volume, disk, found)? {
                return Err(Code::NotDirectory.into());
            }
            volume.unlink(disk, place.directory, &place.name, now)
        })
    }

    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> IoResult<String> {
        let directory = node(at.directory)?;
        within(host, directory, |volume, disk| {
            let found = volume.find(disk, directory.id, at.path, false)?;
            volume.read_link(disk, found)
        })
    }

    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> IoResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            check_vacant(volume, disk, &place)?;
            volume.create_symlink(disk, place.directory, &place.name, target, now).map(drop)
        })
    }

    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> IoResult<()> {
        if follow {
            return Err(Status::Invalid.into());
        }
        let old_directory = node(old.directory)?;
        changing_place(host, new, |volume, disk, place, now| {
            let found = volume.find(disk, old_directory.id, old.path, false)?;
            check_vacant(volume, disk, &place)?;
            volume.link(disk, found, place.directory, &place.name, now)
        })
    }

    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> IoResult<()> {
        let old_directory = node(old.directory)?;
        let slash = old.path.ends_with('/') || new.path.ends_with('/');
        changing_place(host, At { path: own_name(new.path), ..new }, |volume, disk, to, now| {
            let from = volume.resolve(disk, old_directory.id, own_name(old.path), false)?;
            let found = from.node.ok_or(Code::NotFound)?;
            check_movable(&from)?;
            check_movable(&to)?;
            if slash && !is_directory(volume, disk, found)? {
                return Err(Code::NotDirectory.into());
            }
            volume.rename(disk, (from.directory, &from.name), (to.directory, &to.name), now)
        })
    }
}
