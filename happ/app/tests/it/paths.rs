//! Making, moving, removing and listing names.

use crate::harness::*;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use wasmstone_edge_protocol::filesystem::*;
use wasmstone_edge_protocol::types::{PathRequest, TwoPathsRequest};
use wasmstone_edge_protocol::{Coded, Status};

#[test]
fn directories_are_made_and_removed() {
    let host = Host::new();
    let mut enclave = host.enclave();
    let mut make = |name: &str| enclave.on_path::<CreateDirectoryAt>(WRITABLE, name);
    assert_eq!(make("dir"), Ok(()));
    assert_eq!(make("dir/slash/"), Ok(()));
    assert_eq!(make("dir"), Err(Status::Exist));
    assert_eq!(make("."), Err(Status::Exist));
    assert_eq!(make(""), Err(Status::NoEntry));
    assert_eq!(make("missing/dir"), Err(Status::NoEntry));
    host.write("writable/file", b"");
    assert_eq!(make("file/dir"), Err(Status::NotDirectory));

    let mut remove = |name: &str| enclave.on_path::<RemoveDirectoryAt>(WRITABLE, name);
    assert_eq!(remove("dir"), Err(Status::NotEmpty));
    assert_eq!(remove("file"), Err(Status::NotDirectory));
    assert_eq!(remove("missing"), Err(Status::NoEntry));
    assert_eq!(remove("dir/slash"), Ok(()));
    assert_eq!(remove("dir"), Ok(()));
    assert_eq!(remove("."), Err(Status::Invalid));
    assert!(!host.path("writable/dir").exists());
}

#[test]
fn files_and_links_are_unlinked_directories_are_not() {
    let host = Host::new();
    let mut enclave = host.enclave();
    host.write("writable/file", b"");
    fs::create_dir(host.path("writable/dir")).expect("a directory");
    symlink("dir", host.path("writable/link")).expect("a link");
    let mut unlink = |name: &str| enclave.on_path::<UnlinkFileAt>(WRITABLE, name);
    assert_eq!(unlink("dir"), Err(Status::IsDirectory));
    assert_eq!(unlink("missing"), Err(Status::NoEntry));
    assert_eq!(unlink("file/"), Err(Status::NotDirectory));
    assert_eq!(unlink("link"), Ok(()));
    assert_eq!(unlink("file"), Ok(()));
    assert!(host.path("writable/dir").exists());
    assert!(!host.path("writable/file").exists());
}

#[test]
fn links_are_made_and_read() {
    let host = Host::new();
    let mut enclave = host.enclave();
    assert_eq!(enclave.on_paths::<SymlinkAt>((WRITABLE, "some/target"), (WRITABLE, "link")), Ok(()));
    assert_eq!(enclave.readlink(WRITABLE, "link"), Ok("some/target".into()));
    assert_eq!(enclave.readlink(READABLE, "link"), Err(Status::NoEntry));
    assert_eq!(enclave.on_paths::<SymlinkAt>((WRITABLE, "x"), (WRITABLE, "link")), Err(Status::Exist));
    assert_eq!(enclave.on_paths::<SymlinkAt>((WRITABLE, "/etc"), (WRITABLE, "absolute")), Err(Status::NotPermitted));
    assert_eq!(enclave.on_paths::<SymlinkAt>((WRITABLE, ""), (WRITABLE, "empty")), Err(Status::NoEntry));
    host.write("writable/file", b"");
    assert_eq!(enclave.readlink(WRITABLE, "file"), Err(Status::Invalid));

    symlink("/etc/passwd", host.path("writable/absolute")).expect("a link");
    assert_eq!(enclave.readlink(WRITABLE, "absolute"), Err(Status::NotPermitted));
    symlink(OsStr::from_bytes(b"\xff"), host.path("writable/bytes")).expect("a link");
    assert_eq!(enclave.readlink(WRITABLE, "bytes"), Err(Status::IllegalByteSequence));
    let request = PathRequest { handle: WRITABLE.into(), path_flags: Coded::default() };
    assert_eq!(
        enclave.call_with_room::<ReadlinkAt>(request, b"link", 10).map(drop),
        Err(Status::Malformed),
        "the enclave has to have room for any target"
    );
    let long = "x".repeat(4095);
    symlink(&long, host.path("writable/long")).expect("a link");
    assert_eq!(enclave.readlink(WRITABLE, "long"), Ok(long));
}

#[test]
fn renaming() {
    let host = Host::new();
    let mut enclave = host.enclave();
    host.write("writable/a", b"a");
    host.write("writable/b", b"b");
    fs::create_dir_all(host.path("writable/dir/below")).expect("directories");
    fs::create_dir(host.path("writable/empty")).expect("a directory");
    enclave.open(128, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    let mut rename = |old, new| enclave.on_paths::<RenameAt>(old, new);
    let at = |name| (WRITABLE, name);
    assert_eq!(rename(at("a"), at("b")), Ok(()));
    assert_eq!(host.read("writable/b"), b"a");
    assert_eq!(rename(at("a"), at("c")), Err(Status::NoEntry));
    assert_eq!(rename(at("b"), (128, "b")), Ok(()));
    assert_eq!(host.read("writable/dir/b"), b"a");
    assert_eq!(rename((128, "b"), at("b")), Ok(()));
    assert_eq!(rename(at("b"), at("dir")), Err(Status::IsDirectory));
    assert_eq!(rename(at("dir"), at("b")), Err(Status::NotDirectory));
    assert_eq!(rename(at("empty"), at("dir")), Err(Status::NotEmpty));
    assert_eq!(rename(at("dir"), at("dir/below/dir")), Err(Status::Invalid));
    assert_eq!(rename(at("b/"), at("c")), Err(Status::NotDirectory));
    assert_eq!(rename(at("b"), at("c/")), Err(Status::NotDirectory));
    assert_eq!(rename(at(""), at("c/")), Err(Status::NoEntry));
    assert_eq!(rename(at("b"), at("")), Err(Status::NoEntry));
    assert_eq!(rename(at("dir/"), at("empty/")), Ok(()));
    assert!(host.path("writable/empty/below").is_dir());
    assert_eq!(host.read("writable/b"), b"a");
}

#[test]
fn hard_links() {
    let host = Host::new();
    let mut enclave = host.enclave();
    host.write("writable/file", b"x");
    fs::create_dir(host.path("writable/dir")).expect("a directory");
    symlink("file", host.path("writable/link")).expect("a link");
    let at = |name| (WRITABLE, name);
    assert_eq!(enclave.on_paths::<LinkAt>(at("file"), at("dir/same")), Ok(()));
    assert_eq!(host.read("writable/dir/same"), b"x");
    assert_eq!(enclave.on_paths::<LinkAt>(at("file"), at("dir/same")), Err(Status::Exist));
    assert_eq!(enclave.on_paths::<LinkAt>(at("dir"), at("other")), Err(Status::NotPermitted));
    assert_eq!(enclave.on_paths::<LinkAt>(at("missing"), at("other")), Err(Status::NoEntry));
    assert_eq!(enclave.on_paths::<LinkAt>(at("link"), at("to-link")), Ok(()));
    assert_eq!(enclave.readlink(WRITABLE, "to-link"), Ok("file".into()), "the link itself");

    let request = TwoPathsRequest {
        old_directory: WRITABLE.into(),
        new_directory: WRITABLE.into(),
        path_flags: Coded::raw(FOLLOW),
        old_length: 4.into(),
    };
    assert_eq!(enclave.call::<LinkAt>(request, b"linknew").map(drop), Err(Status::Invalid));
}

#[test]
fn paths_that_break_the_protocol() {
    let host = Host::new();
    let mut enclave = host.enclave();
    let request = PathRequest { handle: WRITABLE.into(), path_flags: Coded::default() };
    assert_eq!(enclave.call::<CreateDirectoryAt>(request, b"\xff").map(drop), Err(Status::Malformed));
    let two = |old_length: u32| TwoPathsRequest {
        old_directory: WRITABLE.into(),
        new_directory: WRITABLE.into(),
        path_flags: Coded::default(),
        old_length: old_length.into(),
    };
    for (length, names) in [(5, &b"four"[..]), (u32::MAX, b"four"), (2, b"a\xffb"), (1, "ä".as_bytes())] {
        assert_eq!(enclave.call::<RenameAt>(two(length), names).map(drop), Err(Status::Malformed), "{names:?}");
    }
    assert_eq!(enclave.call::<RenameAt>(two(1), &[b'x'; 5000]).map(drop), Err(Status::Malformed), "a path too long");
}

#[test]
fn listing_gives_every_entry_once_in_batches() {
    let host = Host::new();
    let mut enclave = host.enclave();
    let mut expected = BTreeSet::new();
    for index in 0..100 {
        let name = format!("file-{index:03}");
        host.write(&format!("readable/{name}"), b"");
        expected.insert((6, name));
    }
    fs::create_dir(host.path("readable/dir")).expect("a directory");
    symlink("dir", host.path("readable/link")).expect("a link");
    let _socket = UnixListener::bind(host.path("readable/socket")).expect("a socket");
    expected.extend([(3, "dir".to_owned()), (5, "link".to_owned()), (0, "socket".to_owned())]);

    enclave.list(128, READABLE).expect("listed");
    host.write("readable/too-late", b"");
    fs::remove_file(host.path("readable/file-000")).expect("removed");
    let mut seen = BTreeSet::new();
    let mut batches = 0;
    loop {
        let (entries, end) = enclave.entries(128, 1000).expect("entries");
        assert!(!entries.is_empty());
        for entry in entries {
            assert!(seen.insert(entry.clone()), "{entry:?} twice");
        }
        batches += 1;
        if end {
            break;
        }
    }
    assert_eq!(seen, expected, "the entries of the moment when it was opened");
    assert_eq!(batches, 2);
    assert_eq!(enclave.entries(128, 1000), Ok((vec![], true)));
    assert_eq!(enclave.close(128), Ok(()));
    assert_eq!(enclave.entries(128, 1000), Err(Status::BadDescriptor));
}

#[test]
fn an_empty_directory_and_too_little_room() {
    let host = Host::new();
    let mut enclave = host.enclave();
    enclave.list(128, WRITABLE).expect("listed");
    assert_eq!(enclave.entries(128, 0), Ok((vec![], true)));
    host.write("writable/name", b"");
    enclave.list(129, WRITABLE).expect("listed");
    assert_eq!(enclave.entries(129, 8), Err(Status::Malformed));
    assert_eq!(enclave.entries(129, 9), Ok((vec![(6, "name".into())], true)));
}

#[test]
fn a_name_that_is_not_utf8_is_an_error_of_its_own() {
    let host = Host::new();
    let mut enclave = host.enclave();
    for name in [&b"a"[..], b"b", b"\xff\xfe", b"c"] {
        fs::write(host.path("writable").join(OsStr::from_bytes(name)), b"").expect("a file");
    }
    enclave.list(128, WRITABLE).expect("listed");
    let (mut names, mut errors) = (BTreeSet::new(), 0);
    loop {
        match enclave.entries(128, 1000) {
            Ok((entries, end)) => {
                names.extend(entries.into_iter().map(|(_, name)| name));
                if end {
                    break;
                }
            }
            Err(status) => {
                assert_eq!(status, Status::IllegalByteSequence);
                errors += 1;
            }
        }
    }
    assert_eq!((names.into_iter().collect::<String>().as_str(), errors), ("abc", 1));
}
