//! Descriptions and times of files.

use super::super::Server;
use super::super::handles::Descriptor;
use super::super::reply::{Failure, Payload};
use super::{follow, path};
use cap_fs_ext::{DirExt, FileTypeExt, MetadataExt, SystemTimeSpec};
use cap_std::fs::Metadata;
use std::fs::FileTimes;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wasmstone_edge_protocol::types::{Empty, HandleRequest, NewTime, PathRequest, SetTimesRequest, StatReply, Time};
use wasmstone_edge_protocol::value::{FileTime, FileType, TimeChange};
use wasmstone_edge_protocol::{Set, Status};

const NANOSECONDS: u32 = 1_000_000_000;

pub(in super::super) fn stat(
    server: &mut Server,
    request: HandleRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<StatReply, Failure> {
    let metadata = match server.handles.descriptor(request.handle.get())? {
        Descriptor::File(file) => Metadata::from_file(file.reading())?,
        Descriptor::Directory(directory) => directory.reading().dir_metadata()?,
    };
    Ok(describe(&metadata))
}

pub(in super::super) fn stat_at(
    server: &mut Server,
    request: PathRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<StatReply, Failure> {
    let (name, follow) = (path(name)?, follow(request.path_flags)?);
    let dir = server.handles.directory(request.handle.get())?.reading();
    // As in POSIX, a link with `/` or `/.` behind it is followed, and anything but a directory is an error. cap-std
    // ignores both behind a single name.
    let metadata = if follow || requires_directory(name) { dir.metadata(name)? } else { dir.symlink_metadata(name)? };
    Ok(describe(&metadata))
}

/// Whether a path ends in a way that only a directory can have.
fn requires_directory(name: &str) -> bool {
    name.ends_with('/') || name.ends_with("/.")
}

pub(in super::super) fn set_times(
    server: &mut Server,
    request: SetTimesRequest,
    _: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let (accessed, modified) = (new_time(request.accessed)?, new_time(request.modified)?);
    let mut times = FileTimes::new();
    if let Some(time) = accessed {
        times = times.set_accessed(time);
    }
    if let Some(time) = modified {
        times = times.set_modified(time);
    }
    match server.handles.descriptor(request.handle.get())? {
        Descriptor::File(file) => file.writing()?.set_times(times)?,
        // A granted directory is only a place for paths to begin at; to have other times, it has to be open.
        Descriptor::Directory(directory) => directory.writing()?.open(".")?.into_std().set_times(times)?,
    }
    Ok(Empty {})
}

pub(in super::super) fn set_times_at(
    server: &mut Server,
    request: SetTimesRequest,
    name: &[u8],
    _: &mut Payload<'_>,
) -> Result<Empty, Failure> {
    let (name, follow) = (path(name)?, follow(request.path_flags)?);
    let directory = server.handles.directory(request.handle.get())?;
    let spec = |time| {
        let time = new_time(time)?.map(cap_std::time::SystemTime::from_std);
        Ok::<_, Failure>(time.map(SystemTimeSpec::Absolute))
    };
    let (accessed, modified) = (spec(request.accessed)?, spec(request.modified)?);
    let dir = directory.writing()?;
    if follow {
        dir.set_times(name, accessed, modified)?;
    } else {
        dir.set_symlink_times(name, accessed, modified)?;
    }
    Ok(Empty {})
}

/// The time to set; `None` for no change.
fn new_time(time: NewTime) -> Result<Option<SystemTime>, Failure> {
    match (time.kind.get()?, time.nanoseconds.get()) {
        (TimeChange::NoChange, _) => Ok(None),
        (TimeChange::Now, _) => Ok(Some(SystemTime::now())),
        (TimeChange::Timestamp, nanoseconds) if nanoseconds < NANOSECONDS => {
            let since_epoch = Duration::new(time.seconds.get(), nanoseconds);
            Ok(Some(UNIX_EPOCH.checked_add(since_epoch).ok_or(Status::Overflow)?))
        }
        (TimeChange::Timestamp, _) => Err(Status::Malformed.into()),
    }
}

/// `metadata` for the wire.
pub(super) fn describe(metadata: &Metadata) -> StatReply {
    // As in Wasmtime, the time of creation stands for that of the last change of status, and is unknown if the file
    // system does not have it.
    let times = [metadata.accessed(), metadata.modified(), metadata.created()];
    let times = times.map(|time| time.ok().and_then(|time| since_epoch(time.into_std())));
    let names = [FileTime::Access, FileTime::Modification, FileTime::StatusChange];
    let known = names.into_iter().zip(times).filter_map(|(name, time)| time.map(|_| name));
    let known_times = known.collect::<Set<_>>().into();
    let [accessed, modified, changed] = times.map(Option::unwrap_or_default);
    let (device, inode) = (metadata.dev(), metadata.ino());
    StatReply {
        kind: kind(metadata.file_type()).into(),
        known_times,
        links: metadata.nlink().into(),
        size: metadata.len().into(),
        accessed,
        modified,
        changed,
        hash_lower: hash((device, inode)).into(),
        hash_upper: hash((inode, device, "upper")).into(),
    }
}

/// A time for the wire. Times before 1970 are unknown: `wasi:clocks` cannot represent them.
fn since_epoch(time: SystemTime) -> Option<Time> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Time { seconds: since.as_secs().into(), nanoseconds: since.subsec_nanos().into() })
}

/// A `wasi:filesystem` descriptor-type. As in Wasmtime, pipes and sockets are of an unknown type.
pub(super) fn kind(file_type: cap_std::fs::FileType) -> FileType {
    match () {
        () if file_type.is_block_device() => FileType::BlockDevice,
        () if file_type.is_char_device() => FileType::CharacterDevice,
        () if file_type.is_dir() => FileType::Directory,
        () if file_type.is_symlink() => FileType::SymbolicLink,
        () if file_type.is_file() => FileType::RegularFile,
        () => FileType::Unknown,
    }
}

/// The hash that Wasmtime uses as well, so that a program prints the same number for a file in both.
fn hash(identity: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmstone_edge_protocol::Coded;

    #[test]
    fn times_before_1970_are_unknown() {
        assert!(since_epoch(UNIX_EPOCH - Duration::from_nanos(1)).is_none());
        assert!(since_epoch(UNIX_EPOCH - Duration::from_secs(1 << 40)).is_none());
        let later = since_epoch(UNIX_EPOCH + Duration::new(7, 8))
            .map(|time| (time.seconds.opaque(), time.nanoseconds.opaque()));
        assert_eq!(later, Some((7, 8)));
    }

    #[test]
    fn new_times_are_checked() {
        let time = |kind: u32, nanoseconds: u32, seconds: u64| {
            new_time(NewTime { kind: Coded::raw(kind), nanoseconds: nanoseconds.into(), seconds: seconds.into() })
        };
        assert_eq!(time(0, 5, 5), Ok(None));
        assert_eq!(time(2, 6, 5), Ok(Some(UNIX_EPOCH + Duration::new(5, 6))));
        assert_eq!(time(2, NANOSECONDS, 5), Err(Failure(Status::Malformed)));
        assert_eq!(time(3, 0, 0), Err(Failure(Status::Malformed)));
        assert_eq!(time(2, 0, u64::MAX), Err(Failure(Status::Overflow)));
    }
}
