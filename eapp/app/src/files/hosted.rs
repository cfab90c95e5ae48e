//! The host's files.

use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DirectoryEntry, NewTimestamp, OpenFlags};
use crate::channel::Channel;
use crate::files::{At, Entries, FileResult, FileSystem, How, OpenFile, Opened};
use crate::host::Host;
use crate::metadata::{Stat, descriptor_type, new_time, stat};
use alloc::borrow::ToOwned;
use alloc::{string::String, vec::Vec};
use wasmstone_edge_protocol::types::{
    AdviseRequest, HandleRequest, ListRequest, OpenRequest, PathRequest, ReadAtRequest, SetSizeRequest,
    SetTimesRequest, SyncRequest, TwoPathsRequest, WriteAtRequest,
};
use wasmstone_edge_protocol::{Operation, PATH_MAX, Status, Violation, filesystem, record};

/// The host's file system.
pub struct Hosted;

/// What the host said of a path, as long as no other edge call followed.
#[derive(Debug)]
pub struct RecentStat {
    calls: u64,
    directory: u32,
    follow: bool,
    path: String,
    hash: (u64, u64),
}

/// The bits of path-flags.
fn path_flags(follow: bool) -> u32 {
    u32::from(follow)
}

fn flags_number<T: Copy>(all: &[T], contains: impl Fn(T) -> bool) -> u32 {
    (0..).zip(all).map(|(bit, flag)| u32::from(contains(*flag)) << bit).sum()
}

fn path_bytes(path: &str) -> FileResult<&[u8]> {
    if path.len() > PATH_MAX { Err(Status::NameTooLong.into()) } else { Ok(path.as_bytes()) }
}

/// Asks for a change that has no answer but how it went.
fn tell<O: Operation>(host: &mut Host, request: &O::Request, payload: &[&[u8]]) -> FileResult<()> {
    host.changes += 1;
    host.ask::<O>(request, payload, 0)?;
    Ok(())
}

fn change_path<O: Operation<Request = PathRequest>>(host: &mut Host, at: At<'_>) -> FileResult<()> {
    let request = PathRequest { handle: at.directory.handle.into(), path_flags: 0.into() };
    tell::<O>(host, &request, &[path_bytes(at.path)?])
}

fn change_paths<O: Operation<Request = TwoPathsRequest>>(
    host: &mut Host,
    directories: (u32, u32),
    follow: bool,
    paths: (&str, &str),
) -> FileResult<()> {
    let (old, new) = (path_bytes(paths.0)?, path_bytes(paths.1)?);
    let request = TwoPathsRequest {
        old_directory: directories.0.into(),
        new_directory: directories.1.into(),
        path_flags: path_flags(follow).into(),
        // At most PATH_MAX, which fits.
        old_length: (old.len() as u32).into(),
    };
    tell::<O>(host, &request, &[old, new])
}

fn times_request(handle: u32, follow: bool, times: [NewTimestamp; 2]) -> FileResult<SetTimesRequest> {
    let [accessed, modified] = times;
    Ok(SetTimesRequest {
        handle: handle.into(),
        path_flags: path_flags(follow).into(),
        accessed: new_time(accessed)?,
        modified: new_time(modified)?,
    })
}

/// Reads one entry of the host's list.
fn entry(payload: &mut &[u8]) -> Result<DirectoryEntry, Violation> {
    let bytes = record::take(payload, PATH_MAX)?;
    let (kind, name) = bytes.split_first().ok_or(Violation("a directory entry is empty"))?;
    let name = record::text(name)?;
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(Violation("a directory entry's name is not one"));
    }
    Ok(DirectoryEntry { type_: descriptor_type(u32::from(*kind))?, name: name.to_owned() })
}

/// The next entries of a directory stream of the host's.
///
/// # Errors
/// Where the host breaks the contract.
pub fn listed(channel: &mut Channel, handle: u32) -> Result<Result<Entries, Status>, Violation> {
    let request = HandleRequest { handle: handle.into() };
    let cap = filesystem::Entries::REPLY_PAYLOAD_MAX;
    let (reply, mut payload) = match channel.call::<filesystem::Entries>(&request, &[], cap)? {
        Ok(answer) => answer,
        Err(status) => return Ok(Err(status)),
    };
    let end = reply.end.flag("an end that is neither yes nor no")?;
    // Each entry takes the length before it at least.
    let count = reply.count.at_most((payload.len() / 4) as u32, "more entries than there is room for")?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(entry(&mut payload)?);
    }
    if !payload.is_empty() || (entries.is_empty() && !end) {
        return Err(Violation("a directory list has more or less than it says"));
    }
    Ok(Ok(Entries { entries, end }))
}

impl FileSystem for Hosted {
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> FileResult<Opened> {
        let path = path_bytes(at.path)?;
        let all_open_flags = [OpenFlags::CREATE, OpenFlags::DIRECTORY, OpenFlags::EXCLUSIVE, OpenFlags::TRUNCATE];
        let all_flags = [DescriptorFlags::READ, DescriptorFlags::WRITE];
        if how.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
            host.changes += 1;
        }
        let (handle, stat) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let request = OpenRequest {
                directory: at.directory.handle.into(),
                handle: handle.into(),
                path_flags: path_flags(how.follow).into(),
                open_flags: flags_number(&all_open_flags, |flag| how.open.contains(flag)).into(),
                flags: flags_number(&all_flags, |flag| how.asked.contains(flag)).into(),
            };
            let (reply, _) = host.ask::<filesystem::OpenAt>(&request, &[path], 0)?;
            Ok(stat(&reply)?)
        })?;
        let writing = how.flags.contains(DescriptorFlags::WRITE);
        let file = OpenFile { handle, granted: false, writing, sealed: None };
        Ok(Opened { file, stat, fresh: Some(host.channel.calls()) })
    }

    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> FileResult<(Vec<u8>, bool)> {
        let request =
            ReadAtRequest { handle: file.handle.into(), length: (length as u32).into(), offset: offset.into() };
        let (reply, payload) = host.ask::<filesystem::ReadAt>(&request, &[], length)?;
        let end = reply.end.flag("an end that is neither yes nor no")?;
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(payload.len()).is_err() {
            return Err(Status::InsufficientMemory.into());
        }
        bytes.extend_from_slice(payload);
        Ok((bytes, end))
    }

    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> FileResult<usize> {
        host.changes += 1;
        let request = WriteAtRequest { handle: file.handle.into(), reserved: 0.into(), offset: offset.into() };
        let (reply, _) = host.ask::<filesystem::WriteAt>(&request, &[bytes], 0)?;
        Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
    }

    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> FileResult<usize> {
        host.changes += 1;
        let (reply, _) = host.ask::<filesystem::Append>(&HandleRequest { handle: file.handle.into() }, &[bytes], 0)?;
        Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
    }

    fn stat(&self, host: &mut Host, file: &OpenFile) -> FileResult<Stat> {
        let request = HandleRequest { handle: file.handle.into() };
        Ok(stat(&host.ask::<filesystem::Stat>(&request, &[], 0)?.0)?)
    }

    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> FileResult<Stat> {
        let directory = at.directory.handle;
        let request = PathRequest { handle: directory.into(), path_flags: path_flags(follow).into() };
        let stat = stat(&host.ask::<filesystem::StatAt>(&request, &[path_bytes(at.path)?], 0)?.0)?;
        let calls = host.channel.calls();
        host.recent = Some(RecentStat { calls, directory, follow, path: at.path.to_owned(), hash: stat.hash });
        Ok(stat)
    }

    fn hash_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> FileResult<(u64, u64)> {
        let calls = host.channel.calls();
        match host.recent.take() {
            Some(recent)
                if recent.calls == calls
                    && recent.directory == at.directory.handle
                    && recent.follow == follow
                    && recent.path == at.path =>
            {
                Ok(recent.hash)
            }
            _ => Ok(self.stat_at(host, at, follow)?.hash),
        }
    }

    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> FileResult<()> {
        let request = SetSizeRequest { handle: file.handle.into(), reserved: 0.into(), size: size.into() };
        tell::<filesystem::SetSize>(host, &request, &[])
    }

    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> FileResult<()> {
        tell::<filesystem::SetTimes>(host, &times_request(file.handle, false, times)?, &[])
    }

    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> FileResult<()> {
        let request = times_request(at.directory.handle, follow, times)?;
        tell::<filesystem::SetTimesAt>(host, &request, &[path_bytes(at.path)?])
    }

    fn advise(&self, host: &mut Host, file: &OpenFile, range: (u64, u64), advice: Advice) -> FileResult<()> {
        let advice = match advice {
            Advice::Normal => 0u32,
            Advice::Sequential => 1,
            Advice::Random => 2,
            Advice::WillNeed => 3,
            Advice::DontNeed => 4,
            Advice::NoReuse => 5,
        };
        let request = AdviseRequest {
            handle: file.handle.into(),
            advice: advice.into(),
            offset: range.0.into(),
            length: range.1.into(),
        };
        host.ask::<filesystem::Advise>(&request, &[], 0)?;
        Ok(())
    }

    fn sync(&self, host: &mut Host, file: &OpenFile, data_only: bool) -> FileResult<()> {
        let request = SyncRequest { handle: file.handle.into(), data_only: u32::from(data_only).into() };
        tell::<filesystem::Sync>(host, &request, &[])
    }

    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> FileResult<OpenFile> {
        let (handle, ()) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let request = ListRequest { directory: directory.handle.into(), handle: handle.into() };
            host.ask::<filesystem::List>(&request, &[], 0).map(drop)
        })?;
        Ok(OpenFile { handle, granted: false, writing: false, sealed: None })
    }

    fn entries(&self, host: &mut Host, stream: &OpenFile, _: &mut u64) -> FileResult<Entries> {
        Ok(listed(&mut host.channel, stream.handle)??)
    }

    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        change_path::<filesystem::CreateDirectoryAt>(host, at)
    }

    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        change_path::<filesystem::RemoveDirectoryAt>(host, at)
    }

    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> FileResult<()> {
        change_path::<filesystem::UnlinkFileAt>(host, at)
    }

    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> FileResult<String> {
        let request = PathRequest { handle: at.directory.handle.into(), path_flags: 0.into() };
        let (_, target) = host.ask::<filesystem::ReadlinkAt>(&request, &[path_bytes(at.path)?], PATH_MAX)?;
        Ok(record::text(target)?.to_owned())
    }

    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> FileResult<()> {
        let directory = at.directory.handle;
        change_paths::<filesystem::SymlinkAt>(host, (directory, directory), false, (target, at.path))
    }

    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> FileResult<()> {
        let directories = (old.directory.handle, new.directory.handle);
        change_paths::<filesystem::LinkAt>(host, directories, follow, (old.path, new.path))
    }

    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> FileResult<()> {
        let directories = (old.directory.handle, new.directory.handle);
        change_paths::<filesystem::RenameAt>(host, directories, false, (old.path, new.path))
    }
}
