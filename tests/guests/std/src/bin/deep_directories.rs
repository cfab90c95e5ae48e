//! Directories 100 deep, and a path longer than 4 KiB.

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    let mut path = String::from("/data");
    for depth in 0..100 {
        path.push_str(&format!("/a-rather-long-name-{depth:03}"));
        fs::create_dir(&path)?;
    }
    fs::write(format!("{path}/leaf"), "deep down")?;
    println!("{} bytes of path: {}", path.len(), fs::read_to_string(format!("{path}/leaf"))?);
    println!("up and down: {}", fs::read_to_string(format!("{path}/../a-rather-long-name-099/./leaf"))?);
    println!("past 4 KiB: {}", fs::read(format!("{path}/{}", "x/".repeat(2000))).is_err());
    fs::remove_dir_all("/data/a-rather-long-name-000")?;
    println!("left: {}", fs::read_dir("/data")?.count());
    Ok(())
}
