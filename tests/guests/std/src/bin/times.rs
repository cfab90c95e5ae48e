//! File times: set, read back, and moved by writing.

use std::fs::{self, File, FileTimes};
use std::io;
use std::time::{Duration, SystemTime};

fn main() -> io::Result<()> {
    let early = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_000_000);
    let file = File::create("/data/file")?;
    file.set_times(FileTimes::new().set_accessed(early).set_modified(early))?;
    let metadata = fs::metadata("/data/file")?;
    println!("accessed as set: {}", metadata.accessed()? == early);
    println!("modified as set: {}", metadata.modified()? == early);

    fs::write("/data/file", "new")?;
    println!("modified by writing: {}", fs::metadata("/data/file")?.modified()? > early);
    Ok(())
}
