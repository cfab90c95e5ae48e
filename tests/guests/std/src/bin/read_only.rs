//! A directory that may only be read: reading works, and every change is refused.

use std::fs::{self, OpenOptions};
use std::io;

fn main() -> io::Result<()> {
    println!("read: {:?}", fs::read_to_string("/data/seed")?);
    println!("listed: {}", fs::read_dir("/data")?.count());
    println!("length: {}", fs::metadata("/data/seed")?.len());
    println!("write: {:?}", fs::write("/data/seed", "x").is_err());
    println!("create: {:?}", fs::write("/data/new", "x").is_err());
    println!("append: {:?}", OpenOptions::new().append(true).open("/data/seed").is_err());
    println!("truncate: {:?}", OpenOptions::new().write(true).truncate(true).open("/data/seed").is_err());
    println!("directory: {:?}", fs::create_dir("/data/dir").is_err());
    println!("remove: {:?}", fs::remove_file("/data/seed").is_err());
    println!("rename: {:?}", fs::rename("/data/seed", "/data/other").is_err());
    println!("link: {:?}", fs::hard_link("/data/seed", "/data/other").is_err());
    println!("still there: {:?}", fs::read_to_string("/data/seed")?);
    Ok(())
}
