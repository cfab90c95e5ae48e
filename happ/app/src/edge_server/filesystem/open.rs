//! Opening.

use super::super::Server;
use super::super::handles::{Granted, Opened};
use super::super::reply::{Failure, Payload};
use super::{follow, metadata, path};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use rustix::io::Errno;
use wasmstone_edge_protocol::Status;
use wasmstone_edge_protocol::types::{OpenRequest, StatReply};

/// `wasi:filesystem` open-flags.
#[derive(Clone, Copy)]
struct OpenFlags(u32);

impl OpenFlags {
    const CREATE: u32 = 1;
    const DIRECTORY: u32 = 1 << 1;
    const EXCLUSIVE: u32 = 1 << 2;
    const TRUNCATE: u32 = 1 << 3;
    const ALL: u32 = (1 << 4) - 1;

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// `wasi:filesystem` descriptor-flags.
#[derive(Clone, Copy)]
struct DescriptorFlags(u32);

impl DescriptorFlags {
    const READ: u32 = 1;
    const WRITE: u32 = 1 << 1;
    /// Integrity of files, of data, of what is read: Wasmtime supports none of the three.
    const SYNC: u32 = 0b111 << 2;
    /// Up to mutate-directory, which Wasmtime lets pass: what may be changed follows from the grant.
    const ALL: u32 = (1 << 6) - 1;

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

pub(in super::super) fn open_at(
    server: &mut Server,
    request: OpenRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<StatReply, Failure> {
    let name = path(name)?;
    let follow = follow(request.path_flags.get())?;
    let how = OpenFlags(request.open_flags.get());
    let flags = DescriptorFlags(request.flags.get());
    if how.0 & !OpenFlags::ALL != 0 || flags.0 & !DescriptorFlags::ALL != 0 {
        return Err(Status::Malformed.into());
    }
    server.handles.vacant(request.handle.get())?;
    let directory = server.handles.directory(request.directory.get())?;

    if flags.has(DescriptorFlags::SYNC) {
        return Err(Status::Unsupported.into());
    }
    if how.has(OpenFlags::DIRECTORY) && how.has(OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE) {
        return Err(Status::Invalid.into());
    }
    let writes = flags.has(DescriptorFlags::WRITE) || how.has(OpenFlags::CREATE | OpenFlags::TRUNCATE);
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
    } else if how.has(OpenFlags::DIRECTORY) {
        return Err(Status::NotDirectory.into());
    } else {
        Opened::File(Granted::new(file.into_std(), access))
    };
    server.handles.insert(request.handle.get(), opened)?;
    Ok(metadata::describe(&metadata))
}

fn makes_new(how: OpenFlags) -> bool {
    how.has(OpenFlags::CREATE) && how.has(OpenFlags::EXCLUSIVE)
}

fn is_directory(error: &std::io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::ISDIR)
}

fn options(how: OpenFlags, flags: DescriptorFlags, writes: bool, follow: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    if how.has(OpenFlags::CREATE) {
        let exclusive = how.has(OpenFlags::EXCLUSIVE);
        options.create(!exclusive).create_new(exclusive);
    }
    // Linux opens nothing for neither reading nor writing.
    let reads = flags.has(DescriptorFlags::READ) || !flags.has(DescriptorFlags::WRITE);
    options.truncate(how.has(OpenFlags::TRUNCATE)).read(reads).write(writes);
    options.follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
    options
}
