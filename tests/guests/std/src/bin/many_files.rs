//! A directory of 10,000 files: made, listed, removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;

const FILES: usize = 10_000;

fn main() -> io::Result<()> {
    for index in 0..FILES {
        File::create(format!("/data/file-{index:05}"))?;
    }
    let names: BTreeSet<_> = fs::read_dir("/data")?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    println!("listed: {}", names.len());
    println!("first: {:?}, last: {:?}", names.first(), names.last());
    for name in &names {
        fs::remove_file(format!("/data/{}", name.display()))?;
    }
    println!("left: {}", fs::read_dir("/data")?.count());
    Ok(())
}
