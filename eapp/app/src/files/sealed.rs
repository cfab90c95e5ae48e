//! `wasi:filesystem` in sealed directories. Errors are those that Linux has for the host's own files.

mod convert;
mod places;

use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DirectoryEntry, NewTimestamp, OpenFlags};
use crate::files::sealed::convert::{described, descriptor_type, new_times, position};
use crate::files::sealed::places::{is_directory, movable, opened, vacant};
use crate::files::{At, Entries, FileResult, FileSystem, How, OpenFile, Opened, SealedNode};
use crate::host::Host;
use crate::metadata::Stat;
use alloc::{string::String, vec, vec::Vec};
use wasmstone_edge_protocol::Status;
use wasmstone_sealed_storage as storage;
use wasmstone_sealed_storage::{Code, Disk, Place, Time, Volume};

/// What is in sealed directories.
pub struct Sealed;

/// The most entries of a directory that are taken at once.
const ENTRIES: usize = 64;

/// Does something in the volume that `node` is of.
fn within<T>(
    host: &mut Host,
    node: SealedNode,
    act: impl FnOnce(&mut Volume, &mut dyn Disk) -> storage::Result<T>,
) -> FileResult<T> {
    let (volume, mut disk) = host.sealed_parts(node.volume).ok_or(Status::BadDescriptor)?;
    let result = act(volume, &mut disk);
    match disk.settle(result)? {
        Ok(value) => Ok(value),
        Err(error) => Err(host.sealed_failure(node.volume, error)),
    }
}

/// As [`within`], for what changes something.
fn changing<T>(
    host: &mut Host,
    node: SealedNode,
    act: impl FnOnce(&mut Volume, &mut dyn Disk, Time) -> storage::Result<T>,
) -> FileResult<T> {
    let now = host.touch(node.volume);
    within(host, node, |volume, disk| act(volume, disk, now))
}

fn node(file: &OpenFile) -> FileResult<SealedNode> {
    // Whoever calls knows that it has one.
    Ok(file.sealed.ok_or(Status::BadDescriptor)?)
}

/// Changes the place that a path leads to, whatever is there.
fn changing_place(
    host: &mut Host,
    at: At<'_>,
    act: impl FnOnce(&mut Volume, &mut dyn Disk, Place, Time) -> storage::Result<()>,
) -> FileResult<()> {
    let directory = node(at.directory)?;
    changing(host, directory, |volume, disk, now| {
        let place = volume.resolve(disk, directory.id, at.path, false)?;
        act(volume, disk, place, now)
    })
}

impl FileSystem for Sealed {
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> FileResult<Opened> {
        let directory = node(at.directory)?;
        let (handle, (node, stat)) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let open = |volume: &mut Volume, disk: &mut dyn Disk, now| {
                let id = opened(volume, disk, directory.id, at.path, how, now)?;
                let stat = volume.stat(disk, id)?;
                volume.hold(disk, id)?;
                Ok((id, stat))
            };
            let (id, stat) = if how.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
                changing(host, directory, open)?
            } else {
                within(host, directory, |volume, disk| open(volume, disk, Time::default()))?
            };
            let reads = how.flags.contains(DescriptorFlags::READ);
            let node = SealedNode { volume: directory.volume, id, reads };
            host.handles.seal(handle, node);
            Ok((node, described(directory.volume, stat)))
        })?;
        let writing = how.flags.contains(DescriptorFlags::WRITE);
        Ok(Opened { file: OpenFile { handle, granted: false, writing, sealed: Some(node) }, stat, fresh: None })
    }

    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> FileResult<(Vec<u8>, bool)> {
        let node = node(file)?;
        if !node.reads {
            return Err(Status::BadDescriptor.into());
        }
        position(offset)?;
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

    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> FileResult<usize> {
        position(offset.saturating_add(bytes.len() as u64))?;
        let node = node(file)?;
        changing(host, node, |volume, disk, now| volume.write(disk, node.id, offset, bytes, now))?;
        Ok(bytes.len())
    }

    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> FileResult<usize> {
        let node = node(file)?;
        changing(host, node, |volume, disk, now| {
            let end = volume.stat(disk, node.id)?.size;
            volume.write(disk, node.id, end, bytes, now)
        })?;
        Ok(bytes.len())
    }

    fn stat(&self, host: &mut Host, file: &OpenFile) -> FileResult<Stat> {
        let node = node(file)?;
        let stat = within(host, node, |volume, disk| volume.stat(disk, node.id))?;
        Ok(described(node.volume, stat))
    }

    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> FileResult<Stat> {
        let directory = node(at.directory)?;
        let stat = within(host, directory, |volume, disk| {
            let found = if follow {
                volume.find(disk, directory.id, at.path, true)?
            } else {
                // As under Wasmtime, a slash behind the path means nothing here.
                volume.resolve(disk, directory.id, at.path, false)?.node.ok_or(Code::NotFound)?
            };
            volume.stat(disk, found)
        })?;
        Ok(described(directory.volume, stat))
    }

    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> FileResult<()> {
        position(size)?;
        if !file.writing {
            return Err(Status::Invalid.into());
        }
        let node = node(file)?;
        changing(host, node, |volume, disk, now| volume.set_size(disk, node.id, size, now))
    }

    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> FileResult<()> {
        let (node, times) = (node(file)?, new_times(times)?);
        changing(host, node, |volume, disk, now| {
            volume.set_times(disk, node.id, times[0].at(now), times[1].at(now), now)
        })
    }

    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> FileResult<()> {
        let (directory, times) = (node(at.directory)?, new_times(times)?);
        changing(host, directory, |volume, disk, now| {
            let found = volume.find(disk, directory.id, at.path, follow)?;
            volume.set_times(disk, found, times[0].at(now), times[1].at(now), now)
        })
    }

    fn advise(&self, _: &mut Host, _: &OpenFile, _: (u64, u64), _: Advice) -> FileResult<()> {
        Ok(())
    }

    fn sync(&self, host: &mut Host, file: &OpenFile, _: bool) -> FileResult<()> {
        let node = node(file)?;
        within(host, node, |volume, disk| volume.commit(disk))
    }

    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> FileResult<OpenFile> {
        let node = node(directory)?;
        let (handle, ()) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            within(host, node, |volume, disk| volume.hold(disk, node.id))?;
            host.handles.seal(handle, node);
            Ok(())
        })?;
        Ok(OpenFile { handle, granted: false, writing: false, sealed: Some(node) })
    }

    fn entries(&self, host: &mut Host, stream: &OpenFile, cursor: &mut u64) -> FileResult<Entries> {
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

    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        changing_place(host, at, |volume, disk, place, now| match place.node {
            Some(_) => Err(Code::Exists.into()),
            None => volume.create_directory(disk, place.directory, &place.name, now).map(drop),
        })
    }

    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            match place.node {
                // As under Wasmtime, which refuses a slash here.
                Some(found) if place.slash && is_directory(volume, disk, found)? => Err(Code::Invalid.into()),
                _ => volume.remove_directory(disk, place.directory, &place.name, now),
            }
        })
    }

    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            let found = place.node.ok_or(Code::NotFound)?;
            if place.slash && !is_directory(volume, disk, found)? {
                return Err(Code::NotDirectory.into());
            }
            volume.unlink(disk, place.directory, &place.name, now)
        })
    }

    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> FileResult<String> {
        let directory = node(at.directory)?;
        within(host, directory, |volume, disk| {
            let found = volume.find(disk, directory.id, at.path, false)?;
            volume.read_link(disk, found)
        })
    }

    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> FileResult<()> {
        changing_place(host, at, |volume, disk, place, now| {
            vacant(volume, disk, &place)?;
            volume.create_symlink(disk, place.directory, &place.name, target, now).map(drop)
        })
    }

    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> FileResult<()> {
        if follow {
            return Err(Status::Invalid.into());
        }
        let old_directory = node(old.directory)?;
        changing_place(host, new, |volume, disk, place, now| {
            let found = volume.find(disk, old_directory.id, old.path, false)?;
            vacant(volume, disk, &place)?;
            volume.link(disk, found, place.directory, &place.name, now)
        })
    }

    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> FileResult<()> {
        let old_directory = node(old.directory)?;
        changing_place(host, new, |volume, disk, to, now| {
            let from = volume.resolve(disk, old_directory.id, old.path, false)?;
            let found = from.node.ok_or(Code::NotFound)?;
            movable(&from)?;
            movable(&to)?;
            if (from.slash || to.slash) && !is_directory(volume, disk, found)? {
                return Err(Code::NotDirectory.into());
            }
            volume.rename(disk, (from.directory, &from.name), (to.directory, &to.name), now)
        })
    }
}
