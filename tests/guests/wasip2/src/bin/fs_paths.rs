//! wasi:filesystem: every function that takes a path, and its errors.

use guests_wasip2::{FOLLOW, NO_FOLLOW, READ, data, outcome, put, text};
use wasip2::filesystem::types::{Descriptor, OpenFlags};

/// Calls every function that takes one path, and undoes its changes.
fn every_call(dir: &Descriptor, path: &str) {
    print!("{path:?}:");
    print!(" stat={}", outcome(dir.stat_at(FOLLOW, path)));
    if !path.ends_with('/') {
        // What Wasmtime does with a slash is not what POSIX says: `fs_slashes` has it.
        print!(" lstat={}", outcome(dir.stat_at(NO_FOLLOW, path)));
    }
    print!(" hash={}", outcome(dir.metadata_hash_at(FOLLOW, path)));
    print!(" open={}", outcome(dir.open_at(FOLLOW, path, OpenFlags::empty(), READ)));
    print!(" readlink={}", outcome(dir.readlink_at(path)));
    print!(" mkdir={}", outcome(dir.create_directory_at(path)));
    print!(" symlink={}", outcome(dir.symlink_at("target", path)));
    print!(" link={}", outcome(dir.link_at(NO_FOLLOW, "file", dir, path)));
    print!(" rename={}", outcome(dir.rename_at(path, dir, "renamed")));
    let _ = dir.rename_at("renamed", dir, path);
    print!(" rmdir={}", outcome(dir.remove_directory_at(path)));
    println!(" unlink={}", outcome(dir.unlink_file_at(path)));
}

fn main() {
    let dir = data();
    let prepare = || {
        put(&dir, "file", b"content");
        let _ = dir.create_directory_at("sub");
        let _ = dir.create_directory_at("full");
        put(&dir, "full/leaf", b"leaf");
        let _ = dir.symlink_at("file", "link");
        let _ = dir.symlink_at("full", "link-to-directory");
        let _ = dir.symlink_at("loop", "loop");
    };
    let long = "n".repeat(256);
    for path in [
        "new",
        "new/",
        "file/",
        "file/x",
        "sub/",
        "sub/.",
        "sub/../new",
        "full",
        "full/leaf",
        "full//leaf",
        "./full/./leaf",
        "link",
        "link/",
        "link-to-directory",
        "link-to-directory/leaf",
        "loop",
        "missing/new",
        "",
        ".",
        "..",
        "../secret",
        "full/../../secret",
        "/",
        "/data",
        "/etc/passwd",
        long.as_str(),
    ] {
        prepare();
        every_call(&dir, path);
    }

    prepare();
    let full = dir.open_at(FOLLOW, "full", OpenFlags::DIRECTORY, dir.get_flags().expect("flags")).expect("opened");
    println!("rename into: {}", outcome(dir.rename_at("file", &full, "file")));
    println!("there: {}", text(&full, "file"));
    println!("rename over: {}", outcome(full.rename_at("file", &full, "leaf")));
    println!("there: {}", text(&full, "leaf"));
    println!("rename to itself: {}", outcome(full.rename_at("leaf", &full, "leaf")));
    println!("file over directory: {}", outcome(full.rename_at("leaf", &dir, "sub")));
    println!("directory over file: {}", outcome(dir.rename_at("sub", &full, "leaf")));
    println!("directory over full: {}", outcome(dir.rename_at("sub", &dir, "full")));
    println!("directory into itself: {}", outcome(dir.rename_at("full", &dir, "full/below")));
    println!("link elsewhere: {}", outcome(full.link_at(NO_FOLLOW, "leaf", &dir, "hard")));
    println!("links: {}", dir.stat_at(NO_FOLLOW, "hard").expect("described").link_count);
    println!("link over: {}", outcome(full.link_at(NO_FOLLOW, "leaf", &dir, "hard")));
    println!("link a directory: {}", outcome(dir.link_at(NO_FOLLOW, "sub", &dir, "sub2")));
    println!("link what is missing: {}", outcome(dir.link_at(NO_FOLLOW, "missing", &dir, "x")));
    println!("link, following: {}", outcome(dir.link_at(FOLLOW, "link", &dir, "x")));
    println!("climb from below: {}", outcome(full.stat_at(FOLLOW, "../sub")));
    println!("symlink up: {}", outcome(full.symlink_at("../sub", "up")));
    println!("readlink: {:?}", full.readlink_at("up"));
    println!("followed from below: {}", outcome(full.stat_at(FOLLOW, "up")));
    println!("followed from above: {}", outcome(dir.stat_at(FOLLOW, "full/up")));
    println!("absolute symlink: {}", outcome(dir.symlink_at("/etc/passwd", "absolute")));
    println!("empty symlink: {}", outcome(dir.symlink_at("", "empty")));
    println!("nul: {}", outcome(dir.stat_at(FOLLOW, "a\0b")));
}
