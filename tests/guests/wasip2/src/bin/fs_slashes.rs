//! wasi:filesystem: what a slash behind a path means, by POSIX and as on Linux. Wasmtime differs in one point: behind a
//! single name, `stat-at` without following ignores `/` and `/.`.

use guests_wasip2::{FOLLOW, NO_FOLLOW, data, outcome, put};
use wasip2::filesystem::types::{Descriptor, DescriptorType, OpenFlags};

/// A file, a directory, links to these, a link to nothing, a link to itself, and nothing.
const NAMES: [&str; 7] = ["file", "dir", "link", "ldir", "dang", "loop", "missing"];

/// Makes what [`NAMES`] names.
fn prepare(dir: &Descriptor) {
    let _ = dir.rename_at("new", dir, "dir");
    put(dir, "file", b"content");
    let _ = dir.create_directory_at("dir");
    for (name, target) in [("link", "file"), ("ldir", "dir"), ("dang", "missing"), ("loop", "loop")] {
        let _ = dir.symlink_at(target, name);
    }
    let _ = dir.remove_directory_at("missing");
}

/// Compares the result of `act` for every name with `suffix` behind it.
fn check(what: &str, dir: &Descriptor, suffix: &str, expected: [&str; 7], act: impl Fn(&str) -> &'static str) {
    for (name, expected) in NAMES.into_iter().zip(expected) {
        prepare(dir);
        assert_eq!(act(&format!("{name}{suffix}")), expected, "{what} {name}{suffix}");
    }
}

/// The result of a description, and of the hash that goes with it.
fn described(dir: &Descriptor, path: &str) -> &'static str {
    let stat = dir.stat_at(NO_FOLLOW, path);
    let hash = dir.metadata_hash_at(NO_FOLLOW, path);
    assert_eq!(stat.as_ref().err(), hash.as_ref().err(), "the hash of {path}");
    match stat {
        Ok(stat) if stat.type_ == DescriptorType::SymbolicLink => "symlink",
        Ok(stat) if stat.type_ == DescriptorType::Directory => "directory",
        Ok(_) => "file",
        Err(code) => code.name(),
    }
}

fn main() {
    let data = data();
    let _ = data.create_directory_at("below");
    let flags = data.get_flags().expect("flags");
    let below = data.open_at(FOLLOW, "below", OpenFlags::DIRECTORY, flags).expect("opened");
    for dir in [&data, &below] {
        let plain = ["file", "directory", "symlink", "symlink", "symlink", "symlink", "no-entry"];
        check("lstat", dir, "", plain, |path| described(dir, path));
        let resolved = ["not-directory", "directory", "not-directory", "directory", "no-entry", "loop", "no-entry"];
        for suffix in ["/", "//", "/.", "/./", "//."] {
            check("lstat", dir, suffix, resolved, |path| described(dir, path));
        }
        for suffix in ["/", "//"] {
            let made = ["exist", "exist", "exist", "exist", "exist", "exist", "ok"];
            check("mkdir", dir, suffix, made, |path| outcome(dir.create_directory_at(path)));
            let n = "not-directory";
            let moved = [n, "ok", n, n, n, n, "no-entry"];
            check("rename from", dir, suffix, moved, |path| outcome(dir.rename_at(path, dir, "new")));
            let replaced = [n, "ok", n, n, n, n, "ok"];
            check("rename to", dir, suffix, replaced, |path| outcome(dir.rename_at("dir", dir, path)));
            check("rename a file to", dir, suffix, [n; 7], |path| outcome(dir.rename_at("file", dir, path)));
        }
        let below = ["not-directory", "exist", "not-directory", "exist", "no-entry", "loop", "no-entry"];
        check("mkdir", dir, "/.", below, |path| outcome(dir.create_directory_at(path)));
    }
}
