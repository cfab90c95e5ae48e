//! Hard and symbolic links through the standard library.
#![allow(deprecated, reason = "soft_link is the only stable way to a symbolic link on WASI")]

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    fs::write("/data/file", "content")?;
    fs::create_dir("/data/dir")?;

    fs::hard_link("/data/file", "/data/hard")?;
    fs::write("/data/hard", "changed")?;
    println!("through the hard link: {}", fs::read_to_string("/data/file")?);

    fs::soft_link("file", "/data/soft")?;
    println!("target: {}", fs::read_link("/data/soft")?.display());
    println!("is a link: {}", fs::symlink_metadata("/data/soft")?.file_type().is_symlink());
    println!("followed: {}", fs::metadata("/data/soft")?.is_file());
    println!("content: {}", fs::read_to_string("/data/soft")?);
    fs::soft_link("../file", "/data/dir/up")?;
    println!("up: {}", fs::read_to_string("/data/dir/up")?);
    fs::soft_link("missing", "/data/dangling")?;
    println!("dangling: {:?}", fs::read("/data/dangling").map_err(|e| e.kind()));
    fs::soft_link("loop", "/data/loop")?;
    println!("loop: {}", fs::read("/data/loop").is_err());
    println!("not a link: {:?}", fs::read_link("/data/file").map_err(|e| e.kind()));
    println!("exists: {:?}", fs::soft_link("file", "/data/soft").map_err(|e| e.kind()));
    fs::remove_file("/data/soft")?;
    println!("file is left: {}", fs::read_to_string("/data/file")?);
    Ok(())
}
