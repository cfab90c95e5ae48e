//! The host's file system.

use super::system::{At, FileSystem, How, OpenFile, Opened};
use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, NewTimestamp, OpenFlags};
use crate::failure::IoResult;
use crate::host::Host;
use crate::metadata::{Entries, RecentStat, Stat, list_entries, new_time, stat};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use wasmstone_edge_protocol::types::{
    AdviseRequest, HandleRequest, ListRequest, OpenRequest, PathRequest, ReadAtRequest, SetSizeRequest,
    SetTimesRequest, SyncRequest, TwoPathsRequest, WriteAtRequest,
};
use wasmstone_edge_protocol::value::{self, DescriptorFlag, OpenFlag, PathFlag};
use wasmstone_edge_protocol::{Coded, Operation, PATH_MAX, Set, Status, filesystem, record};

/// The host's file system.
pub struct Hosted;

/// How a path's last part is resolved.
fn path_flags(follow: bool) -> Coded<Set<PathFlag>> {
    Set::from_iter(follow.then_some(PathFlag::SymlinkFollow)).into()
}

fn path_bytes(path: &str) -> IoResult<&[u8]> {
    if path.len() > PATH_MAX { Err(Status::NameTooLong.into()) } else { Ok(path.as_bytes()) }
}

/// Asks for a change whose answer is nothing but a status.
fn change<O: Operation>(host: &mut Host, request: &O::Request, payload: &[&[u8]]) -> IoResult<()> {
    host.changes += 1;
    host.ask::<O>(request, payload, 0)?;
    Ok(())
}

fn change_path<O: Operation<Request = PathRequest>>(host: &mut Host, at: At<'_>) -> IoResult<()> {
    let request = PathRequest { handle: at.directory.handle.into(), path_flags: path_flags(false) };
    change::<O>(host, &request, &[path_bytes(at.path)?])
}

fn change_paths<O: Operation<Request = TwoPathsRequest>>(
    host: &mut Host,
    directories: (u32, u32),
    follow: bool,
    paths: (&str, &str),
) -> IoResult<()> {
    let (old, new) = (path_bytes(paths.0)?, path_bytes(paths.1)?);
    let request = TwoPathsRequest {
        old_directory: directories.0.into(),
        new_directory: directories.1.into(),
        path_flags: path_flags(follow),
        // At most PATH_MAX, which fits.
        old_length: (old.len() as u32).into(),
    };
    change::<O>(host, &request, &[old, new])
}

fn times_request(handle: u32, follow: bool, times: [NewTimestamp; 2]) -> IoResult<SetTimesRequest> {
    let [accessed, modified] = times;
    Ok(SetTimesRequest {
        handle: handle.into(),
        path_flags: path_flags(follow),
        accessed: new_time(accessed)?,
        modified: new_time(modified)?,
    })
}

impl FileSystem for Hosted {
    fn open_at(&self, host: &mut Host, owner: u32, at: At<'_>, how: How) -> IoResult<Opened> {
        let path = path_bytes(at.path)?;
        let open_flags = [
            how.open.contains(OpenFlags::CREATE).then_some(OpenFlag::Create),
            how.open.contains(OpenFlags::DIRECTORY).then_some(OpenFlag::Directory),
            how.open.contains(OpenFlags::EXCLUSIVE).then_some(OpenFlag::Exclusive),
            how.open.contains(OpenFlags::TRUNCATE).then_some(OpenFlag::Truncate),
        ];
        let flags = [
            how.asked.contains(DescriptorFlags::READ).then_some(DescriptorFlag::Read),
            how.asked.contains(DescriptorFlags::WRITE).then_some(DescriptorFlag::Write),
        ];
        if how.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) {
            host.changes += 1;
        }
        let (handle, stat) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let request = OpenRequest {
                directory: at.directory.handle.into(),
                handle: handle.into(),
                path_flags: path_flags(how.follow),
                open_flags: open_flags.into_iter().flatten().collect::<Set<_>>().into(),
                flags: flags.into_iter().flatten().collect::<Set<_>>().into(),
            };
            let (reply, _) = host.ask::<filesystem::OpenAt>(&request, &[path], 0)?;
            Ok(stat(&reply)?)
        })?;
        let writing = how.flags.contains(DescriptorFlags::WRITE);
        let file = OpenFile { handle, granted: false, writing, sealed: None };
        Ok(Opened { file, stat, fresh: Some(host.channel.calls()) })
    }

    fn read_at(&self, host: &mut Host, file: &OpenFile, offset: u64, length: usize) -> IoResult<(Vec<u8>, bool)> {
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

    fn write_at(&self, host: &mut Host, file: &OpenFile, offset: u64, bytes: &[u8]) -> IoResult<usize> {
        host.changes += 1;
        let request = WriteAtRequest { handle: file.handle.into(), reserved: 0.into(), offset: offset.into() };
        let (reply, _) = host.ask::<filesystem::WriteAt>(&request, &[bytes], 0)?;
        Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
    }

    fn append(&self, host: &mut Host, file: &OpenFile, bytes: &[u8]) -> IoResult<usize> {
        host.changes += 1;
        let (reply, _) = host.ask::<filesystem::Append>(&HandleRequest { handle: file.handle.into() }, &[bytes], 0)?;
        Ok(reply.written.at_most(bytes.len() as u32, "more was written than was sent")? as usize)
    }

    fn stat(&self, host: &mut Host, file: &OpenFile) -> IoResult<Stat> {
        let request = HandleRequest { handle: file.handle.into() };
        Ok(stat(&host.ask::<filesystem::Stat>(&request, &[], 0)?.0)?)
    }

    fn stat_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> IoResult<Stat> {
        let directory = at.directory.handle;
        let request = PathRequest { handle: directory.into(), path_flags: path_flags(follow) };
        let stat = stat(&host.ask::<filesystem::StatAt>(&request, &[path_bytes(at.path)?], 0)?.0)?;
        let calls = host.channel.calls();
        host.recent = Some(RecentStat { calls, directory, follow, path: at.path.to_owned(), hash: stat.hash });
        Ok(stat)
    }

    fn hash_at(&self, host: &mut Host, at: At<'_>, follow: bool) -> IoResult<(u64, u64)> {
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

    fn set_size(&self, host: &mut Host, file: &OpenFile, size: u64) -> IoResult<()> {
        let request = SetSizeRequest { handle: file.handle.into(), reserved: 0.into(), size: size.into() };
        change::<filesystem::SetSize>(host, &request, &[])
    }

    fn set_times(&self, host: &mut Host, file: &OpenFile, times: [NewTimestamp; 2]) -> IoResult<()> {
        change::<filesystem::SetTimes>(host, &times_request(file.handle, false, times)?, &[])
    }

    fn set_times_at(&self, host: &mut Host, at: At<'_>, follow: bool, times: [NewTimestamp; 2]) -> IoResult<()> {
        let request = times_request(at.directory.handle, follow, times)?;
        change::<filesystem::SetTimesAt>(host, &request, &[path_bytes(at.path)?])
    }

    fn advise(&self, host: &mut Host, file: &OpenFile, range: (u64, u64), advice: Advice) -> IoResult<()> {
        let advice = match advice {
            Advice::Normal => value::Advice::Normal,
            Advice::Sequential => value::Advice::Sequential,
            Advice::Random => value::Advice::Random,
            Advice::WillNeed => value::Advice::WillNeed,
            Advice::DontNeed => value::Advice::DontNeed,
            Advice::NoReuse => value::Advice::NoReuse,
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

    fn sync(&self, host: &mut Host, file: &OpenFile, data_only: bool) -> IoResult<()> {
        let request = SyncRequest { handle: file.handle.into(), data_only: u32::from(data_only).into() };
        change::<filesystem::Sync>(host, &request, &[])
    }

    fn list(&self, host: &mut Host, owner: u32, directory: &OpenFile) -> IoResult<OpenFile> {
        let (handle, ()) = host.opening(owner, Status::InsufficientMemory, |host, handle| {
            let request = ListRequest { directory: directory.handle.into(), handle: handle.into() };
            host.ask::<filesystem::List>(&request, &[], 0).map(drop)
        })?;
        Ok(OpenFile { handle, granted: false, writing: false, sealed: None })
    }

    fn entries(&self, host: &mut Host, stream: &OpenFile, _: &mut u64) -> IoResult<Entries> {
        Ok(list_entries(&mut host.channel, stream.handle)??)
    }

    fn create_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        change_path::<filesystem::CreateDirectoryAt>(host, at)
    }

    fn remove_directory_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        change_path::<filesystem::RemoveDirectoryAt>(host, at)
    }

    fn unlink_file_at(&self, host: &mut Host, at: At<'_>) -> IoResult<()> {
        change_path::<filesystem::UnlinkFileAt>(host, at)
    }

    fn readlink_at(&self, host: &mut Host, at: At<'_>) -> IoResult<String> {
        let request = PathRequest { handle: at.directory.handle.into(), path_flags: path_flags(false) };
        let (_, target) = host.ask::<filesystem::ReadlinkAt>(&request, &[path_bytes(at.path)?], PATH_MAX)?;
        Ok(record::text(target)?.to_owned())
    }

    fn symlink_at(&self, host: &mut Host, target: &str, at: At<'_>) -> IoResult<()> {
        let directory = at.directory.handle;
        change_paths::<filesystem::SymlinkAt>(host, (directory, directory), false, (target, at.path))
    }

    fn link_at(&self, host: &mut Host, old: At<'_>, follow: bool, new: At<'_>) -> IoResult<()> {
        let directories = (old.directory.handle, new.directory.handle);
        change_paths::<filesystem::LinkAt>(host, directories, follow, (old.path, new.path))
    }

    fn rename_at(&self, host: &mut Host, old: At<'_>, new: At<'_>) -> IoResult<()> {
        let directories = (old.directory.handle, new.directory.handle);
        change_paths::<filesystem::RenameAt>(host, directories, false, (old.path, new.path))
    }
}
