//! Paths, names, and what is not allowed.

use crate::disk::MemoryDisk;
use crate::session::{KEY, START, open, open_with};
use wasmstone_sealed_storage::{Access, Code, Error, Kind, NAME_MAX, NodeId, PATH_MAX, Result, SIZE_MAX, Volume};

/// `a/b/file`, `a/link` to `b`, `a/up` to `../a/b/file`, `loop` to itself, `out` to `../x`, `dangling`.
fn tree() -> (MemoryDisk, Volume) {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let disk = &mut disk;
    let a = volume.create_directory(disk, volume.root(), "a", START).expect("a directory");
    let b = volume.create_directory(disk, a, "b", START).expect("a directory");
    volume.create_file(disk, b, "file", START).expect("a file");
    for (directory, name, target) in [
        (a, "link", "b"),
        (a, "slash", "b/"),
        (a, "up", "../a/b/file"),
        (volume.root(), "loop", "loop"),
        (volume.root(), "one", "other"),
        (volume.root(), "other", "one"),
        (volume.root(), "out", "../x"),
        (volume.root(), "dangling", "nothing"),
        (volume.root(), "through", "a/link/file"),
    ] {
        volume.create_symlink(disk, directory, name, target, START).expect("a link");
    }
    (disk.clone(), volume)
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    match result {
        Err(Error::Code(code)) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn paths_lead_where_they_should() {
    let (mut disk, mut volume) = tree();
    let disk = &mut disk;
    let root = volume.root();
    let file = volume.find(disk, root, "a/b/file", true).expect("the file");
    let b = volume.find(disk, root, "a/b", true).expect("the directory");
    for path in ["./a/./b/file", "a//b///file", "a/b/../b/file", "a/link/file", "a/slash/file", "a/up", "through"] {
        assert_eq!(volume.find(disk, root, path, true), Ok(file), "{path}");
    }
    // The parent of a link's target is the parent of the target's place, as in POSIX.
    for path in ["a/b/", "a/link", "a/link/", "a/link/.", "a/b/../link/", "a/link/../b", "a/slash"] {
        assert_eq!(volume.find(disk, root, path, true), Ok(b), "{path}");
    }
    for path in [".", "./", "a/..", "a/b/../..", "a/../", "a/link/../.."] {
        assert_eq!(volume.find(disk, root, path, true), Ok(root), "{path}");
    }
    for (path, expected) in [
        ("", Code::NotFound),
        ("/", Code::NotPermitted),
        ("/a", Code::NotPermitted),
        ("..", Code::NotPermitted),
        ("a/../..", Code::NotPermitted),
        ("a/../../a", Code::NotPermitted),
        ("out", Code::NotPermitted),
        ("out/x", Code::NotPermitted),
        ("x", Code::NotFound),
        ("x/y", Code::NotFound),
        ("a/x/..", Code::NotFound),
        ("dangling", Code::NotFound),
        ("dangling/x", Code::NotFound),
        ("a/b/file/", Code::NotDirectory),
        ("a/b/file/x", Code::NotDirectory),
        ("a/b/file/.", Code::NotDirectory),
        ("a/b/file/..", Code::NotDirectory),
        ("a/up/", Code::NotDirectory),
        ("loop", Code::Loop),
        ("loop/x", Code::Loop),
        ("one/", Code::Loop),
        ("a\0b", Code::Invalid),
    ] {
        assert_eq!(code(volume.find(disk, root, path, true)), expected, "{path:?}");
    }
    // From a directory on, nothing above it can be reached.
    assert_eq!(volume.find(disk, b, "file", true), Ok(file));
    for path in ["..", "../b/file", "./../b"] {
        assert_eq!(code(volume.find(disk, b, path, true)), Code::NotPermitted, "{path}");
    }
    assert_eq!(code(volume.find(disk, file, "x", true)), Code::NotDirectory);
}

#[test]
fn links_are_followed_where_they_should() {
    let (mut disk, mut volume) = tree();
    let (disk, root) = (&mut disk, volume.root());
    for (path, follow, kind) in [
        ("loop", false, Kind::Symlink),
        ("dangling", false, Kind::Symlink),
        ("through", false, Kind::Symlink),
        ("through", true, Kind::File),
        ("a/link", false, Kind::Symlink),
        ("a/link/", false, Kind::Directory),
        ("a/link", true, Kind::Directory),
        ("a/link/file", false, Kind::File),
    ] {
        let node = volume.find(disk, root, path, follow).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(volume.stat(disk, node).expect("what it is").kind, kind, "{path}");
    }
    // A place for a new entry: the place that a link leads to, or the link's own.
    let place = volume.resolve(disk, root, "dangling", true).expect("a place");
    assert_eq!((place.directory, place.name.as_str(), place.node, place.slash), (root, "nothing", None, false));
    let place = volume.resolve(disk, root, "dangling", false).expect("a place");
    assert!(place.node.is_some() && place.name == "dangling");
    let place = volume.resolve(disk, root, "a/new/", false).expect("a place");
    assert_eq!((place.name.as_str(), place.node, place.slash), ("new", None, true));
}

#[test]
fn forty_links_are_enough() {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let (disk, root) = (&mut disk, volume.root());
    let file = volume.create_file(disk, root, "0", START).expect("a file");
    for number in 1..=41 {
        let (name, target) = (number.to_string(), (number - 1).to_string());
        volume.create_symlink(disk, root, &name, &target, START).expect("a link");
    }
    assert_eq!(volume.find(disk, root, "40", true), Ok(file));
    assert_eq!(code(volume.find(disk, root, "41", true)), Code::Loop);
}

#[test]
fn lengths() {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let (disk, root) = (&mut disk, volume.root());
    let longest = "ü".repeat(NAME_MAX / 2) + "u";
    let file = volume.create_file(disk, root, &longest, START).expect("a file with a long name");
    assert_eq!(volume.find(disk, root, &longest, true), Ok(file));
    let longer = longest.clone() + "u";
    assert_eq!(code(volume.create_file(disk, root, &longer, START)), Code::NameTooLong);
    assert_eq!(code(volume.find(disk, root, &longer, true)), Code::NameTooLong);
    assert_eq!(code(volume.find(disk, root, &"a/".repeat(PATH_MAX), true)), Code::NameTooLong);
    let target = "t".repeat(PATH_MAX);
    let link = volume.create_symlink(disk, root, "link", &target, START).expect("a long link");
    assert_eq!(volume.read_link(disk, link), Ok(target.clone()));
    let longer = target + "t";
    assert_eq!(code(volume.create_symlink(disk, root, "longer", &longer, START)), Code::NameTooLong);
    assert_eq!(code(volume.create_symlink(disk, root, "none", "", START)), Code::NotFound);
    assert_eq!(code(volume.create_symlink(disk, root, "absolute", "/etc", START)), Code::NotPermitted);
    assert_eq!(code(volume.read_link(disk, file)), Code::Invalid);
    volume.set_size(disk, file, SIZE_MAX, START).expect("the longest file");
    assert_eq!(volume.stat(disk, file).expect("what it is").size, SIZE_MAX);
    volume.commit(disk).expect("a hole takes no room");
    assert_eq!(code(volume.set_size(disk, file, SIZE_MAX + 1, START)), Code::FileTooLarge);
    for offset in [SIZE_MAX, u64::MAX, u64::MAX - 5] {
        assert_eq!(code(volume.write(disk, file, offset, &[1; 10], START)), Code::FileTooLarge);
        assert_eq!(volume.read(disk, file, offset, &mut [0; 10]), Ok(0));
    }
    assert_eq!(volume.read(disk, file, SIZE_MAX - 3, &mut [7; 10]), Ok(3));
}

#[test]
fn what_is_held_lives_on() {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let (disk, root) = (&mut disk, volume.root());
    let file = volume.create_file(disk, root, "file", START).expect("a file");
    volume.hold(disk, file).expect("held");
    volume.hold(disk, file).expect("held twice");
    volume.unlink(disk, root, "file", START).expect("unlinked");
    assert_eq!(code(volume.find(disk, root, "file", true)), Code::NotFound);
    volume.write(disk, file, 0, &[5; 100_000], START).expect("written without a name");
    volume.commit(disk).expect("a commit");
    assert_eq!(code(volume.link(disk, file, root, "again", START)), Code::NotFound);
    let stat = volume.stat(disk, file).expect("what it is");
    assert_eq!((stat.links, stat.size), (0, 100_000));
    volume.release(disk, file).expect("released");
    let mut buffer = [0; 10];
    assert_eq!(volume.read(disk, file, 99_995, &mut buffer), Ok(5));
    volume.release(disk, file).expect("released");
    assert_eq!(code(volume.stat(disk, file)), Code::NotFound);

    let directory = volume.create_directory(disk, root, "directory", START).expect("a directory");
    volume.hold(disk, directory).expect("held");
    volume.remove_directory(disk, root, "directory", START).expect("removed");
    assert_eq!(code(volume.create_file(disk, directory, "file", START)), Code::NotFound);
    assert_eq!(volume.entry(disk, directory, 0), Ok(None));
    volume.release(disk, directory).expect("released");
    volume.close(disk).expect("closed");
    // Neither leaves anything behind.
    assert!(disk.bytes_held() < 40_000, "{} bytes", disk.bytes_held());
}

#[test]
fn listing_goes_on_while_things_change() {
    let mut disk = MemoryDisk::default();
    let mut volume = open(&mut disk).expect("an empty disk");
    let (disk, root) = (&mut disk, volume.root());
    for number in 0..300 {
        volume.create_file(disk, root, &format!("stays {number}"), START).expect("a file");
        volume.create_file(disk, root, &format!("goes {number}"), START).expect("a file");
    }
    let (mut seen, mut cursor, mut count) = (Vec::new(), 0, 0);
    while let Some((next, entry)) = volume.entry(disk, root, cursor).expect("an entry") {
        cursor = next;
        seen.push(entry.name);
        let _ = volume.unlink(disk, root, &format!("goes {count}"), START);
        if count < 500 {
            let name = format!("comes {count}, with a longer name");
            volume.create_file(disk, root, &name, START).expect("a file");
        }
        count += 1;
        assert!(count < 5000, "no end");
    }
    let mut stays: Vec<&String> = seen.iter().filter(|name| name.starts_with("stays")).collect();
    assert_eq!(stays.len(), 300);
    stays.sort();
    stays.dedup();
    assert_eq!(stays.len(), 300);
}

#[test]
fn read_only_is_read_only() {
    let (mut disk, mut volume) = tree();
    volume.close(&mut disk).expect("closed");
    disk.read_only = true;
    let mut volume = open_with(&mut disk, &KEY, None, Access::ReadOnly).expect("a volume");
    let (disk, root) = (&mut disk, volume.root());
    let file = volume.find(disk, root, "through", true).expect("the file");
    let said: [Result<()>; 8] = [
        volume.create_file(disk, root, "new", START).map(drop),
        volume.write(disk, file, 0, &[1], START),
        volume.set_size(disk, file, 0, START),
        volume.set_times(disk, file, None, None, START),
        volume.unlink(disk, root, "loop", START),
        volume.remove_directory(disk, root, "a", START),
        volume.rename(disk, (root, "a"), (root, "z"), START),
        volume.link(disk, file, root, "new", START),
    ];
    assert!(said.iter().all(|said| *said == Err(Error::Code(Code::ReadOnly))), "{said:?}");
    let node: NodeId = file;
    volume.hold(disk, node).expect("held");
    volume.release(disk, node).expect("released");
    volume.commit(disk).expect("nothing to commit");
    volume.close(disk).expect("closed");
    assert_eq!(disk.handles(), 0);
}
