//! Opening files, their content, and their descriptions.

use crate::harness::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::time::{Duration, UNIX_EPOCH};
use wasmstone_edge_protocol::filesystem::*;
use wasmstone_edge_protocol::handle::STDIN;
use wasmstone_edge_protocol::types::*;
use wasmstone_edge_protocol::value::{FileTime, FileType};
use wasmstone_edge_protocol::{Coded, Status};

const DIRECTORY_TYPE: FileType = FileType::Directory;
const SYMLINK_TYPE: FileType = FileType::SymbolicLink;
const FILE_TYPE: FileType = FileType::RegularFile;

/// A host with a file, a directory, and links to both.
fn populated() -> Host {
    let host = Host::new();
    host.write("writable/file", b"hello");
    fs::create_dir(host.path("writable/dir")).expect("a directory");
    symlink("file", host.path("writable/to-file")).expect("a link");
    symlink("dir", host.path("writable/to-dir")).expect("a link");
    symlink("missing", host.path("writable/dangling")).expect("a link");
    symlink("loop", host.path("writable/loop")).expect("a link");
    host
}

fn kind(stat: Result<StatReply, Status>) -> Result<FileType, Status> {
    stat.map(|stat| stat.kind.get().expect("a type"))
}

#[test]
fn opening_follows_the_flags() {
    let host = populated();
    let mut enclave = host.enclave();
    let mut handle = 127;
    // Path flags, name, open flags, descriptor flags; type or error.
    type Case<'a> = (u32, &'a str, u32, u32, Result<FileType, Status>);
    let cases: &[Case<'_>] = &[
        (FOLLOW, "file", 0, READ, Ok(FILE_TYPE)),
        (FOLLOW, "file", 0, 0, Ok(FILE_TYPE)),
        (FOLLOW, "file", 0, WRITE, Ok(FILE_TYPE)),
        (FOLLOW, "file", CREATE, READ | WRITE, Ok(FILE_TYPE)),
        (FOLLOW, "file", EXCLUSIVE, READ, Ok(FILE_TYPE)),
        (FOLLOW, "file", CREATE | EXCLUSIVE, WRITE, Err(Status::Exist)),
        (FOLLOW, "file", DIRECTORY, READ, Err(Status::NotDirectory)),
        (FOLLOW, "file/", 0, READ, Err(Status::NotDirectory)),
        (FOLLOW, "file/x", 0, READ, Err(Status::NotDirectory)),
        (FOLLOW, "missing", 0, READ, Err(Status::NoEntry)),
        (FOLLOW, "", 0, READ, Err(Status::NoEntry)),
        (FOLLOW, "new", CREATE | EXCLUSIVE, WRITE, Ok(FILE_TYPE)),
        (FOLLOW, "newer", CREATE, 0, Ok(FILE_TYPE)),
        (FOLLOW, "dir", 0, READ, Ok(DIRECTORY_TYPE)),
        (FOLLOW, "dir/", 0, READ, Ok(DIRECTORY_TYPE)),
        (FOLLOW, ".", DIRECTORY, READ, Ok(DIRECTORY_TYPE)),
        (FOLLOW, "dir/..", DIRECTORY, READ, Ok(DIRECTORY_TYPE)),
        (FOLLOW, "dir", DIRECTORY, READ | 1 << 5, Ok(DIRECTORY_TYPE)),
        (FOLLOW, "dir", 0, WRITE, Err(Status::IsDirectory)),
        (FOLLOW, "dir", CREATE, READ, Err(Status::IsDirectory)),
        (FOLLOW, "dir", TRUNCATE, READ, Err(Status::IsDirectory)),
        (FOLLOW, "dir", DIRECTORY | CREATE, READ, Err(Status::Invalid)),
        (FOLLOW, "dir", DIRECTORY | EXCLUSIVE, READ, Err(Status::Invalid)),
        (FOLLOW, "dir", DIRECTORY | TRUNCATE, READ, Err(Status::Invalid)),
        (FOLLOW, "to-file", 0, READ, Ok(FILE_TYPE)),
        (FOLLOW, "to-dir", DIRECTORY, READ, Ok(DIRECTORY_TYPE)),
        (FOLLOW, "dangling", 0, READ, Err(Status::NoEntry)),
        (FOLLOW, "loop", 0, READ, Err(Status::Loop)),
        (0, "to-file", 0, READ, Err(Status::Loop)),
        (0, "to-dir", DIRECTORY, READ, Err(Status::Loop)),
        (0, "to-dir/", 0, READ, Ok(DIRECTORY_TYPE)),
        (0, "to-dir/../file", 0, READ, Ok(FILE_TYPE)),
        (FOLLOW, "file", 0, READ | 1 << 2, Err(Status::Unsupported)),
        (FOLLOW, "file", 0, READ | 1 << 3, Err(Status::Unsupported)),
        (FOLLOW, "file", 0, READ | 1 << 4, Err(Status::Unsupported)),
        (FOLLOW, "a\0b", 0, READ, Err(Status::Invalid)),
        (2, "file", 0, READ, Err(Status::Malformed)),
        (FOLLOW, "file", 1 << 4, READ, Err(Status::Malformed)),
        (FOLLOW, "file", 0, 1 << 6, Err(Status::Malformed)),
    ];
    for (path_flags, name, how, flags, expected) in cases {
        handle += 1;
        let opened = enclave.open_with(handle, WRITABLE, *path_flags, name, *how, *flags);
        assert_eq!(kind(opened), *expected, "{name:?} with {path_flags:b}, {how:b}, {flags:b}");
    }
    assert_eq!(host.read("writable/file"), b"hello");
    let long = "x".repeat(256);
    assert_eq!(enclave.open(1000, WRITABLE, &long, 0, READ), Err(Status::NameTooLong));
    assert_eq!(enclave.open(1000, WRITABLE, &"x/".repeat(2048), 0, READ), Err(Status::NameTooLong));
}

#[test]
fn truncating_empties_a_file() {
    let host = populated();
    let mut enclave = host.enclave();
    let stat = enclave.open(128, WRITABLE, "file", TRUNCATE, READ).expect("opened");
    assert_eq!((stat.size.opaque(), host.read("writable/file")), (0, vec![]));
}

#[test]
fn what_was_opened_below_a_directory_is_a_directory_itself() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    enclave.open(129, 128, "file", CREATE, WRITE).expect("created");
    assert_eq!(enclave.write_at(129, 0, b"below"), Ok(5));
    assert_eq!(host.read("writable/dir/file"), b"below");
    assert_eq!(enclave.open(130, 128, "../file", 0, READ), Err(Status::NotPermitted), "it is a root of its own");
}

#[test]
fn reading_fills_and_tells_the_end() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, READ).expect("opened");
    assert_eq!(enclave.read_at(128, 0, 100), Ok((b"hello".to_vec(), true)));
    assert_eq!(enclave.read_at(128, 0, u32::MAX), Ok((b"hello".to_vec(), true)));
    assert_eq!(enclave.read_at(128, 1, 3), Ok((b"ell".to_vec(), false)));
    assert_eq!(enclave.read_at(128, 0, 5), Ok((b"hello".to_vec(), false)), "a short read does not look behind");
    assert_eq!(enclave.read_at(128, 5, 1), Ok((vec![], true)));
    assert_eq!(enclave.read_at(128, 1 << 40, 1), Ok((vec![], true)));
    assert_eq!(enclave.read_at(128, 0, 0), Ok((vec![], false)), "reading nothing tells nothing");
    assert_eq!(enclave.read_at(128, u64::MAX, 1), Err(Status::Invalid));
    enclave.open(129, WRITABLE, "file", 0, WRITE).expect("opened");
    assert_eq!(enclave.read_at(129, 0, 1), Err(Status::BadDescriptor), "opened for writing only");
    let long = vec![7; 16 << 10];
    host.write("writable/long", &long);
    enclave.open(130, WRITABLE, "long", 0, READ).expect("opened");
    assert_eq!(enclave.read_at(130, 0, 16 << 10), Ok((long.clone(), true)), "the end is just behind");
    assert_eq!(enclave.read_at(130, 0, (16 << 10) - 1), Ok((long[1..].to_vec(), false)));
}

#[test]
fn a_large_file_is_read_in_full_payloads() {
    let host = Host::new();
    let data: Vec<u8> = (0..1u32 << 20).map(|index| (index * 7) as u8).collect();
    host.write("readable/large", &data);
    let mut enclave = host.enclave();
    enclave.open(128, READABLE, "large", 0, READ).expect("opened");
    let mut read = Vec::new();
    let mut calls = 0;
    loop {
        let (part, end) = enclave.read_at(128, read.len() as u64, u32::MAX).expect("read");
        read.extend_from_slice(&part);
        calls += 1;
        if end {
            break;
        }
    }
    assert!(read == data);
    assert_eq!(calls, 2);
}

#[test]
fn writing_at_an_offset_and_at_the_end() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, READ | WRITE).expect("opened");
    assert_eq!(enclave.write_at(128, 1, b"EL"), Ok(2));
    assert_eq!(enclave.append(128, b"!"), Ok(1));
    assert_eq!(enclave.write_at(128, 8, b"gap"), Ok(3));
    assert_eq!(enclave.write_at(128, 0, b""), Ok(0));
    assert_eq!(enclave.append(128, b""), Ok(0));
    assert_eq!(host.read("writable/file"), b"hELlo!\0\0gap");
    assert_eq!(enclave.write_at(128, u64::MAX, b"x"), Err(Status::Invalid));
    enclave.open(129, WRITABLE, "file", 0, READ).expect("opened");
    assert_eq!(enclave.write_at(129, 0, b"x"), Err(Status::BadDescriptor), "opened for reading only");
    assert_eq!(enclave.append(129, b"x"), Err(Status::BadDescriptor), "opened for reading only");
    let request = WriteAtRequest { handle: 128.into(), reserved: 1.into(), offset: 0.into() };
    assert_eq!(enclave.call::<WriteAt>(request, b"x").map(drop), Err(Status::Malformed));
}

#[test]
fn sizes_can_be_set() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, WRITE).expect("opened");
    enclave.set_size(128, 2).expect("cut");
    enclave.set_size(128, 4).expect("extended");
    assert_eq!(host.read("writable/file"), b"he\0\0");
    assert_eq!(enclave.set_size(128, u64::MAX), Err(Status::Invalid));
    let request = SetSizeRequest { handle: 128.into(), reserved: 9.into(), size: 0.into() };
    assert_eq!(enclave.call::<SetSize>(request, &[]).map(drop), Err(Status::Malformed));
    enclave.open(129, WRITABLE, "file", 0, READ).expect("opened");
    assert_eq!(enclave.set_size(129, 0), Err(Status::Invalid), "as ftruncate says");
}

#[test]
fn what_is_known_is_what_the_host_knows() {
    let host = populated();
    let mut enclave = host.enclave();
    let file = fs::File::open(host.path("writable/file")).expect("opened");
    file.set_modified(UNIX_EPOCH + Duration::new(1_000, 5)).expect("set");
    let before = UNIX_EPOCH - Duration::new(1_000, 0);
    file.set_times(fs::FileTimes::new().set_accessed(before)).expect("set");

    let opened = enclave.open(128, WRITABLE, "file", 0, READ).expect("opened");
    let stat = enclave.stat_at(WRITABLE, 0, "file").expect("known");
    assert_eq!((opened, enclave.stat(128)), (stat, Ok(stat)), "however it is named");
    assert_eq!((stat.kind.get().expect("a type"), stat.size.opaque(), stat.links.opaque()), (FILE_TYPE, 5, 1));
    assert_eq!((stat.modified.seconds.opaque(), stat.modified.nanoseconds.opaque()), (1_000, 5));
    let known = stat.known_times.get().expect("times");
    assert_eq!(
        [FileTime::Access, FileTime::Modification].map(|time| known.contains(time)),
        [false, true],
        "times before 1970 are unknown"
    );
    assert_eq!(stat.accessed, Time::default());

    let other = enclave.stat_at(WRITABLE, 0, "dir").expect("known");
    assert_eq!(other.kind.get(), Ok(DIRECTORY_TYPE));
    assert_ne!(other.hash_lower, stat.hash_lower);
    assert_ne!(other.hash_upper, stat.hash_upper);
    fs::hard_link(host.path("writable/file"), host.path("writable/dir/same")).expect("linked");
    let same = enclave.stat_at(WRITABLE, 0, "dir/same").expect("known");
    assert_eq!((same.hash_lower, same.hash_upper, same.links.opaque()), (stat.hash_lower, stat.hash_upper, 2));
    assert_eq!(same.size.opaque(), fs::metadata(host.path("writable/file")).expect("known").size());
}

#[test]
fn paths_are_described_with_and_without_following() {
    let host = populated();
    let mut enclave = host.enclave();
    assert_eq!(kind(enclave.stat_at(WRITABLE, 0, "to-file")), Ok(SYMLINK_TYPE));
    assert_eq!(kind(enclave.stat_at(WRITABLE, FOLLOW, "to-file")), Ok(FILE_TYPE));
    assert_eq!(kind(enclave.stat_at(WRITABLE, 0, "dangling")), Ok(SYMLINK_TYPE));
    assert_eq!(kind(enclave.stat_at(WRITABLE, FOLLOW, "dangling")), Err(Status::NoEntry));
    assert_eq!(kind(enclave.stat_at(WRITABLE, FOLLOW, "loop")), Err(Status::Loop));
    assert_eq!(kind(enclave.stat_at(WRITABLE, FOLLOW, "to-dir/")), Ok(DIRECTORY_TYPE));
    assert_eq!(kind(enclave.stat_at(WRITABLE, 0, ".")), Ok(DIRECTORY_TYPE));
    assert_eq!(kind(enclave.stat_at(WRITABLE, 0, "")), Err(Status::NoEntry));
    assert_eq!(kind(enclave.stat_at(WRITABLE, FOLLOW, "file/")), Err(Status::NotDirectory));
    assert_eq!(kind(enclave.stat_at(WRITABLE, 2, "file")), Err(Status::Malformed));
    assert_eq!(kind(enclave.stat(WRITABLE)), Ok(DIRECTORY_TYPE));
    assert_eq!(kind(enclave.stat(STDIN)), Err(Status::BadDescriptor));
}

fn times(handle: u32, path_flags: u32, accessed: (u32, u64), modified: (u32, u64)) -> SetTimesRequest {
    let time = |(kind, seconds): (u32, u64)| NewTime {
        kind: Coded::raw(kind),
        nanoseconds: 9.into(),
        seconds: seconds.into(),
    };
    SetTimesRequest {
        handle: handle.into(),
        path_flags: Coded::raw(path_flags),
        accessed: time(accessed),
        modified: time(modified),
    }
}

#[test]
fn times_can_be_set() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, READ).expect("opened");
    let of = |stat: StatReply| (stat.accessed.seconds.opaque(), stat.modified.seconds.opaque());

    enclave.call::<SetTimes>(times(128, 0, (2, 100), (2, 200)), &[]).expect("set");
    assert_eq!(enclave.stat(128).map(of), Ok((100, 200)));
    assert_eq!(enclave.stat(128).map(|stat| stat.modified.nanoseconds.opaque()), Ok(9));
    enclave.call::<SetTimes>(times(128, 0, (0, 7), (2, 300)), &[]).expect("set");
    assert_eq!(enclave.stat(128).map(of), Ok((100, 300)));
    enclave.call::<SetTimes>(times(128, 0, (0, 7), (1, 7)), &[]).expect("set");
    assert!(enclave.stat(128).is_ok_and(|stat| of(stat).0 == 100 && of(stat).1 > 1_700_000_000));

    enclave.call::<SetTimesAt>(times(WRITABLE, FOLLOW, (2, 1), (2, 2)), b"to-file").expect("set");
    assert_eq!(enclave.stat(128).map(of), Ok((1, 2)));
    enclave.call::<SetTimesAt>(times(WRITABLE, 0, (2, 3), (2, 4)), b"to-file").expect("set");
    assert_eq!(enclave.stat(128).map(of), Ok((1, 2)), "the link, not the file");
    assert_eq!(enclave.stat_at(WRITABLE, 0, "to-file").map(of), Ok((3, 4)));
    enclave.call::<SetTimesAt>(times(WRITABLE, FOLLOW, (2, 5), (2, 6)), b"dir").expect("set");
    assert_eq!(enclave.stat_at(WRITABLE, 0, "dir").map(of), Ok((5, 6)));
    enclave.open(129, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    enclave.call::<SetTimes>(times(129, 0, (2, 7), (2, 8)), &[]).expect("set");
    assert_eq!(enclave.stat(129).map(of), Ok((7, 8)));

    let mut refused = |request, name: &[u8]| enclave.call::<SetTimesAt>(request, name).map(drop);
    assert_eq!(refused(times(WRITABLE, FOLLOW, (0, 0), (3, 0)), b"file"), Err(Status::Malformed));
    assert_eq!(refused(times(WRITABLE, FOLLOW, (0, 0), (2, u64::MAX)), b"file"), Err(Status::Overflow));
    assert_eq!(refused(times(WRITABLE, FOLLOW, (1, 0), (1, 0)), b"missing"), Err(Status::NoEntry));
    let mut late = times(WRITABLE, FOLLOW, (2, 0), (0, 0));
    late.accessed.nanoseconds = 1_000_000_000.into();
    assert_eq!(refused(late, b"file"), Err(Status::Malformed));
}

#[test]
fn advice_and_syncing() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, READ).expect("opened");
    enclave.open(129, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    let mut advise = |handle: u32, advice: u32, offset: u64| {
        let request = AdviseRequest {
            handle: handle.into(),
            advice: Coded::raw(advice),
            offset: offset.into(),
            length: 0.into(),
        };
        enclave.call::<Advise>(request, &[]).map(drop)
    };
    for advice in 0..6 {
        assert_eq!(advise(128, advice, 0), Ok(()), "advice {advice}");
    }
    assert_eq!(advise(128, 6, 0), Err(Status::Malformed));
    assert_eq!(advise(129, 0, 0), Err(Status::BadDescriptor));
    assert_eq!(advise(200, 0, 0), Err(Status::BadDescriptor));

    let mut sync = |handle: u32, data_only: u32| {
        enclave.call::<Sync>(SyncRequest { handle: handle.into(), data_only: data_only.into() }, &[]).map(drop)
    };
    for handle in [128, 129, WRITABLE] {
        assert_eq!((sync(handle, 0), sync(handle, 1)), (Ok(()), Ok(())), "{handle}");
    }
    assert_eq!(sync(128, 2), Err(Status::Malformed));
    assert_eq!(sync(STDIN, 0), Err(Status::BadDescriptor));
}

#[test]
fn operations_refuse_handles_of_another_kind() {
    let host = populated();
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "file", 0, READ | WRITE).expect("opened");
    enclave.list(129, WRITABLE).expect("listed");
    for handle in [WRITABLE, 129, 200, STDIN] {
        assert_eq!(enclave.read_at(handle, 0, 1), Err(Status::BadDescriptor), "{handle}");
        assert_eq!(enclave.write_at(handle, 0, b"x"), Err(Status::BadDescriptor), "{handle}");
        assert_eq!(enclave.append(handle, b"x"), Err(Status::BadDescriptor), "{handle}");
        assert_eq!(enclave.set_size(handle, 0), Err(Status::BadDescriptor), "{handle}");
    }
    for (handle, expected) in [(128, Status::NotDirectory), (129, Status::BadDescriptor), (200, Status::BadDescriptor)]
    {
        assert_eq!(enclave.open(300, handle, "x", CREATE, WRITE), Err(expected));
        assert_eq!(enclave.stat_at(handle, 0, "x"), Err(expected));
        assert_eq!(enclave.on_path::<CreateDirectoryAt>(handle, "x"), Err(expected));
        assert_eq!(enclave.on_path::<RemoveDirectoryAt>(handle, "x"), Err(expected));
        assert_eq!(enclave.on_path::<UnlinkFileAt>(handle, "x"), Err(expected));
        assert_eq!(enclave.readlink(handle, "x"), Err(expected));
        assert_eq!(enclave.on_paths::<SymlinkAt>((WRITABLE, "a"), (handle, "x")), Err(expected));
        assert_eq!(enclave.on_paths::<RenameAt>((handle, "a"), (WRITABLE, "x")), Err(expected));
        assert_eq!(enclave.on_paths::<RenameAt>((WRITABLE, "a"), (handle, "x")), Err(expected));
        assert_eq!(enclave.on_paths::<LinkAt>((handle, "a"), (WRITABLE, "x")), Err(expected));
        assert_eq!(enclave.list(300, handle), Err(expected));
        let request = times(handle, 0, (1, 0), (1, 0));
        assert_eq!(enclave.call::<SetTimesAt>(request, b"x").map(drop), Err(expected));
    }
    for handle in [128, WRITABLE, 200] {
        assert_eq!(enclave.entries(handle, 1000), Err(Status::BadDescriptor), "{handle}");
    }
}
