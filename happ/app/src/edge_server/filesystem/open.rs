//! Opening files and directories.

use super::super::Server;
use super::super::handles::{Granted, Opened};
use super::super::reply::{Failure, Payload};
use super::{follow, metadata, path};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use rustix::io::Errno;
use wasmstone_edge_protocol::types::{OpenRequest, StatReply};
use wasmstone_edge_protocol::value::{DescriptorFlag, OpenFlag};
use wasmstone_edge_protocol::{Set, Status};

pub(in super::super) fn open_at(
    server: &mut Server,
    request: OpenRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<StatReply, Failure> {
    let name = path(name)?;
    let follow = follow(request.path_flags)?;
    let how = request.open_flags.get()?;
    let flags = request.flags.get()?;
    server.handles.vacant(request.handle.get())?;
    let directory = server.handles.directory(request.directory.get())?;

    // As in Wasmtime, which supports none of the three. It lets mutate-directory pass: what may be changed follows
    // from the grant.
    let synchronous =
        [DescriptorFlag::FileIntegritySync, DescriptorFlag::DataIntegritySync, DescriptorFlag::RequestedWriteSync];
    if synchronous.into_iter().any(|flag| flags.contains(flag)) {
        return Err(Status::Unsupported.into());
    }
    let changes = how.contains(OpenFlag::Create) || how.contains(OpenFlag::Truncate);
    if how.contains(OpenFlag::Directory) && (changes || how.contains(OpenFlag::Exclusive)) {
        return Err(Status::Invalid.into());
    }
    let writes = flags.contains(DescriptorFlag::Write) || changes;
    let dir = if writes { directory.writing()? } else { directory.reading() };
    let access = directory.access();

    // No O_DIRECTORY where a directory is required: with it, a symbolic link that is not followed
    // would be `not-directory` instead of `loop`.
    let file = match dir.open_with(name, &options(how, flags, writes, follow)) {
        // Where the system lacks openat2, "." is opened in a way of its own, which looks at this first.
        Err(error) if is_directory(&error) && makes_new(how) && !name.ends_with('/') => {
            return Err(Status::Exist.into());
        }
        opened => opened?,
    };
    let metadata = file.metadata()?;
    let opened = if metadata.is_dir() {
        Opened::Directory(Granted::new(Dir::from_std_file(file.into_std()), access))
    } else if how.contains(OpenFlag::Directory) {
        return Err(Status::NotDirectory.into());
    } else {
        Opened::File(Granted::new(file.into_std(), access))
    };
    server.handles.insert(request.handle.get(), opened)?;
    Ok(metadata::describe(&metadata))
}

fn makes_new(how: Set<OpenFlag>) -> bool {
    how.contains(OpenFlag::Create) && how.contains(OpenFlag::Exclusive)
}

fn is_directory(error: &std::io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::ISDIR)
}

fn options(how: Set<OpenFlag>, flags: Set<DescriptorFlag>, writes: bool, follow: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    if how.contains(OpenFlag::Create) {
        let exclusive = how.contains(OpenFlag::Exclusive);
        options.create(!exclusive).create_new(exclusive);
    }
    // Linux opens nothing for neither reading nor writing.
    let reads = flags.contains(DescriptorFlag::Read) || !flags.contains(DescriptorFlag::Write);
    options.truncate(how.contains(OpenFlag::Truncate)).read(reads).write(writes);
    options.follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
    options
}
