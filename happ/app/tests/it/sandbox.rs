//! Only grants can be reached, and nothing is held beyond the limits.

use crate::harness::*;
use std::fs;
use std::os::unix::fs::symlink;
use wasmstone_edge_protocol::filesystem::*;
use wasmstone_edge_protocol::handle::{FIRST_OPENED, OPEN_MAX, STDIN};
use wasmstone_edge_protocol::types::{NewTime, SetTimesRequest};
use wasmstone_edge_protocol::{Coded, PATH_MAX, Status, value::TimeChange};

/// Every operation that takes one path, by that path alone.
fn one_path(
    enclave: &mut Enclave,
    directory: u32,
    path_flags: u32,
    name: &str,
) -> Vec<(&'static str, Result<(), Status>)> {
    let now = NewTime { kind: TimeChange::Now.into(), nanoseconds: 0.into(), seconds: 0.into() };
    let times =
        SetTimesRequest { handle: directory.into(), path_flags: Coded::raw(path_flags), accessed: now, modified: now };
    let results = vec![
        ("open", enclave.open_with(500, directory, path_flags, name, 0, READ).map(drop)),
        ("open for writing", enclave.open_with(501, directory, path_flags, name, 0, WRITE).map(drop)),
        ("create", enclave.open_with(502, directory, path_flags, name, CREATE, WRITE).map(drop)),
        ("create new", enclave.open_with(503, directory, path_flags, name, CREATE | EXCLUSIVE, WRITE).map(drop)),
        ("truncate", enclave.open_with(504, directory, path_flags, name, TRUNCATE, WRITE).map(drop)),
        ("open directory", enclave.open_with(505, directory, path_flags, name, DIRECTORY, READ).map(drop)),
        ("stat", enclave.stat_at(directory, path_flags, name).map(drop)),
        ("set times", enclave.call::<SetTimesAt>(times, name.as_bytes()).map(drop)),
        ("create directory", enclave.on_path::<CreateDirectoryAt>(directory, name)),
        ("remove directory", enclave.on_path::<RemoveDirectoryAt>(directory, name)),
        ("unlink", enclave.on_path::<UnlinkFileAt>(directory, name)),
        ("readlink", enclave.readlink(directory, name).map(drop)),
        ("symlink", enclave.on_paths::<SymlinkAt>((directory, "x"), (directory, name))),
        ("rename from", enclave.on_paths::<RenameAt>((directory, name), (WRITABLE, "taken"))),
        ("rename to", enclave.on_paths::<RenameAt>((WRITABLE, "own"), (directory, name))),
        ("link from", enclave.on_paths::<LinkAt>((directory, name), (WRITABLE, "taken"))),
        ("link to", enclave.on_paths::<LinkAt>((WRITABLE, "own"), (directory, name))),
    ];
    for handle in 500..506 {
        // Most of them were refused.
        let _ = enclave.close(handle);
    }
    results
}

#[test]
fn no_operation_leads_outside() {
    let host = Host::new();
    host.write("writable/own", b"own");
    fs::create_dir(host.path("writable/dir")).expect("a directory");
    let outside = host.path("outside");
    symlink("../outside", host.path("writable/up")).expect("a link");
    symlink(&outside, host.path("writable/absolute")).expect("a link");
    symlink("../../outside", host.path("writable/dir/up")).expect("a link");
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    let absolute = outside.join("secret").display().to_string();
    let names = [
        (WRITABLE, "../outside/secret"),
        (WRITABLE, "../outside/new"),
        (WRITABLE, "../new"),
        (WRITABLE, "dir/../../outside/secret"),
        (WRITABLE, "./../outside/secret"),
        (WRITABLE, "up/secret"),
        (WRITABLE, "up/new"),
        (WRITABLE, "absolute/secret"),
        (WRITABLE, "absolute/new"),
        (WRITABLE, "dir/up/secret"),
        (WRITABLE, "/etc/passwd"),
        (WRITABLE, "/"),
        (WRITABLE, ".."),
        (WRITABLE, "../"),
        (WRITABLE, "../.."),
        (WRITABLE, &absolute),
        (128, ".."),
        (128, "../own"),
        (128, "up/secret"),
        (READABLE, "../writable/own"),
    ];
    for (directory, name) in names {
        for path_flags in [0, FOLLOW] {
            for (operation, result) in one_path(&mut enclave, directory, path_flags, name) {
                assert_eq!(result, Err(Status::NotPermitted), "{operation} of {name:?} below {directory}");
            }
        }
    }
    assert_eq!(host.read("writable/own"), b"own");
    host.assert_outside_untouched();
}

#[test]
fn links_that_point_outside_are_not_followed() {
    let host = Host::new();
    host.write("writable/own", b"own");
    let secret = host.path("outside/secret");
    let mut enclave = host.enclave();
    for (name, target) in [("up", "../outside/secret".into()), ("absolute", secret), ("root", "/".into())] {
        symlink(target, host.path("writable").join(name)).expect("a link");
        assert_eq!(enclave.open(128, WRITABLE, name, 0, READ), Err(Status::NotPermitted), "{name}");
        assert_eq!(enclave.open(128, WRITABLE, name, CREATE, WRITE), Err(Status::NotPermitted), "{name}");
        assert_eq!(enclave.open(128, WRITABLE, name, TRUNCATE, WRITE), Err(Status::NotPermitted), "{name}");
        assert_eq!(enclave.stat_at(WRITABLE, FOLLOW, name), Err(Status::NotPermitted), "{name}");
        assert_eq!(enclave.open(128, WRITABLE, &format!("{name}/"), 0, READ), Err(Status::NotPermitted), "{name}");
    }
    // The guest may make such links, and gains nothing by them.
    enclave.on_paths::<SymlinkAt>((WRITABLE, "../outside"), (WRITABLE, "own-link")).expect("made");
    assert_eq!(enclave.open(128, WRITABLE, "own-link/secret", 0, READ), Err(Status::NotPermitted));
    assert_eq!(
        enclave.on_paths::<LinkAt>((WRITABLE, "own-link/secret"), (WRITABLE, "mine")),
        Err(Status::NotPermitted)
    );
    assert_eq!(enclave.on_paths::<RenameAt>((WRITABLE, "own"), (WRITABLE, "own-link/")), Err(Status::NotDirectory));
    host.assert_outside_untouched();
}

#[test]
fn a_directory_moved_out_of_its_grant_does_not_widen_it() {
    let host = Host::new();
    fs::create_dir(host.path("writable/dir")).expect("a directory");
    let mut enclave = host.enclave();
    enclave.open(128, WRITABLE, "dir", DIRECTORY, READ).expect("opened");
    fs::rename(host.path("writable/dir"), host.path("outside/dir")).expect("moved by somebody else");
    assert_eq!(enclave.open(129, 128, "../secret", 0, READ), Err(Status::NotPermitted));
    assert_eq!(enclave.open(129, WRITABLE, "dir", 0, READ), Err(Status::NoEntry));
}

#[test]
fn a_read_only_grant_changes_nothing() {
    let host = Host::new();
    host.write("writable/own", b"own");
    host.write("readable/file", b"file");
    fs::create_dir(host.path("readable/dir")).expect("a directory");
    let before = fs::metadata(host.path("readable/file")).and_then(|metadata| metadata.modified()).expect("a time");
    let mut enclave = host.enclave();

    let allowed = ["open", "stat"];
    for (operation, result) in one_path(&mut enclave, READABLE, FOLLOW, "file") {
        let expected = match operation {
            _ if allowed.contains(&operation) => Ok(()),
            "open directory" => Err(Status::NotDirectory),
            "readlink" => Err(Status::Invalid),
            _ => Err(Status::NotPermitted),
        };
        assert_eq!(result, expected, "{operation}");
    }
    for (operation, result) in one_path(&mut enclave, READABLE, FOLLOW, "missing") {
        let expected = match operation {
            "open" | "open directory" | "stat" | "readlink" => Err(Status::NoEntry),
            _ => Err(Status::NotPermitted),
        };
        assert_eq!(result, expected, "{operation} of what is not there");
    }

    // Files that are opened below inherit it.
    enclave.open(600, READABLE, "dir", DIRECTORY, READ | 1 << 5).expect("opened");
    assert_eq!(enclave.open(601, 600, "new", CREATE, WRITE), Err(Status::NotPermitted));
    assert_eq!(enclave.on_path::<CreateDirectoryAt>(600, "new"), Err(Status::NotPermitted));
    enclave.open(601, READABLE, "file", 0, READ).expect("opened");
    assert_eq!(enclave.read_at(601, 0, 10), Ok((b"file".to_vec(), true)));
    assert_eq!(enclave.write_at(601, 0, b"x"), Err(Status::NotPermitted));
    assert_eq!(enclave.append(601, b"x"), Err(Status::NotPermitted));
    assert_eq!(enclave.set_size(601, 0), Err(Status::NotPermitted));
    let time = NewTime { kind: TimeChange::Timestamp.into(), nanoseconds: 0.into(), seconds: 1.into() };
    for handle in [601, 600, READABLE] {
        let request =
            SetTimesRequest { handle: handle.into(), path_flags: Coded::default(), accessed: time, modified: time };
        assert_eq!(enclave.call::<SetTimes>(request, &[]).map(drop), Err(Status::NotPermitted), "{handle}");
    }
    assert_eq!(host.read("readable/file"), b"file");
    let after = fs::metadata(host.path("readable/file")).and_then(|metadata| metadata.modified()).expect("a time");
    assert_eq!(before, after);
    assert_eq!(fs::read_dir(host.path("readable")).expect("a directory").count(), 2);
    assert_eq!(fs::read_dir(host.path("readable/dir")).expect("a directory").count(), 0);
}

#[test]
fn numbers_for_handles_are_the_enclaves_but_not_any() {
    let host = Host::new();
    host.write("readable/file", b"");
    let mut enclave = host.enclave();
    for handle in [STDIN, WRITABLE, WRITABLE + 2, FIRST_OPENED - 1] {
        assert_eq!(enclave.open(handle, READABLE, "file", 0, READ), Err(Status::Malformed), "{handle}");
        assert_eq!(enclave.list(handle, READABLE), Err(Status::Malformed), "{handle}");
    }
    for handle in [FIRST_OPENED, u32::MAX] {
        enclave.open(handle, READABLE, "file", 0, READ).expect("opened");
        assert_eq!(enclave.open(handle, READABLE, "file", 0, READ), Err(Status::Malformed), "{handle} is in use");
        assert_eq!(enclave.list(handle, READABLE), Err(Status::Malformed), "{handle} is in use");
        enclave.close(handle).expect("closed");
        enclave.list(handle, READABLE).expect("listed");
    }
}

#[test]
fn no_more_than_the_limit_is_open_at_once() {
    let host = Host::new();
    let mut enclave = host.enclave();
    // Directory streams are not open files; the machine may allow fewer of those.
    for index in 0..OPEN_MAX as u32 {
        enclave.list(FIRST_OPENED + index, READABLE).expect("listed");
    }
    let next = FIRST_OPENED + OPEN_MAX as u32;
    assert_eq!(enclave.list(next, READABLE), Err(Status::InsufficientMemory));
    assert_eq!(enclave.open(next, READABLE, ".", 0, READ), Err(Status::InsufficientMemory));
    enclave.close(FIRST_OPENED).expect("closed");
    assert_eq!(enclave.open(next, READABLE, ".", 0, READ).map(drop), Ok(()));
}

#[test]
fn the_longest_path_is_the_systems_to_refuse() {
    let host = Host::new();
    let mut enclave = host.enclave();
    let longest = "x".repeat(PATH_MAX);
    assert_eq!(enclave.open(128, WRITABLE, &longest, 0, READ), Err(Status::NameTooLong));
    let longer = "x".repeat(PATH_MAX + 1);
    assert_eq!(enclave.open(128, WRITABLE, &longer, 0, READ), Err(Status::Malformed));
}
