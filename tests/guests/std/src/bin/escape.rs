//! Tries to leave the granted directory. Beside it lies `secret`, which must stay unread.
#![allow(deprecated, reason = "soft_link is the only stable way to a symbolic link on WASI")]

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

fn attempt(path: &str) {
    let read = fs::read_to_string(path);
    let written = OpenOptions::new().append(true).create(true).open(path);
    println!("{path}: read {}, write {}", verdict(read), verdict(written));
}

fn verdict<T>(result: io::Result<T>) -> &'static str {
    if result.is_ok() { "ESCAPED" } else { "refused" }
}

fn main() -> io::Result<()> {
    fs::create_dir("/data/dir")?;
    for path in ["/data/../secret", "/data/dir/../../secret", "/data/./../secret", "/data//..//secret", "/../secret"] {
        attempt(path);
    }
    for path in ["/secret", "/etc/passwd", "/proc/self/environ", "secret", "../secret", "/data/..", "/data/dir/../.."] {
        println!("{path}: {}", verdict(fs::read_to_string(path)));
    }

    for (index, target) in
        ["../secret", "../../secret", "dir/../../secret", "..", "/etc/passwd", "/"].iter().enumerate()
    {
        let link = format!("/data/link-{index}");
        if fs::soft_link(target, &link).is_ok() {
            println!("link to {target}: {}", verdict(fs::read_to_string(&link)));
            println!("link to {target} as a directory: {}", verdict(fs::read_to_string(format!("{link}/secret"))));
            println!("link to {target} listed: {}", verdict(fs::read_dir(&link)));
        } else {
            println!("link to {target}: not made");
        }
    }

    fs::soft_link("..", "/data/dir/parent")?;
    println!("within, by a link: {}", Path::new("/data/dir/parent/dir").is_dir());
    println!("beyond, by that link: {}", verdict(fs::read_to_string("/data/dir/parent/../secret")));
    println!("rename out: {}", verdict(fs::rename("/data/dir", "/data/../stolen")));
    println!("hard link in: {}", verdict(fs::hard_link("/data/../secret", "/data/mine")));
    println!("make outside: {}", verdict(fs::create_dir("/data/../made")));
    println!("remove outside: {}", verdict(fs::remove_file("/data/../secret")));
    Ok(())
}
