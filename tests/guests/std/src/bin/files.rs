//! Files through the standard library: write, append, seek, truncate, copy, rename, remove.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

fn main() -> io::Result<()> {
    fs::write("/data/a", "0123456789")?;
    OpenOptions::new().append(true).open("/data/a")?.write_all(b"abc")?;
    println!("appended: {}", fs::read_to_string("/data/a")?);

    let mut file = OpenOptions::new().read(true).write(true).open("/data/a")?;
    file.seek(SeekFrom::Start(3))?;
    file.write_all(b"XYZ")?;
    println!("position: {}", file.stream_position()?);
    file.seek(SeekFrom::End(-2))?;
    let mut tail = String::new();
    file.read_to_string(&mut tail)?;
    println!("tail: {tail}");
    println!(
        "before the start: {:?}",
        file.seek(SeekFrom::Start(0)).and_then(|_| file.seek(SeekFrom::Current(-1))).map_err(|e| e.kind())
    );
    file.rewind()?;
    let mut whole = String::new();
    file.read_to_string(&mut whole)?;
    println!("whole: {whole}");

    file.set_len(4)?;
    println!("cut: {}", fs::read_to_string("/data/a")?);
    file.set_len(6)?;
    println!("extended: {:?}", fs::read("/data/a")?);
    file.seek(SeekFrom::Start(10))?;
    file.write_all(b"!")?;
    println!("with a hole: {:?}", fs::read("/data/a")?);
    file.sync_all()?;
    file.sync_data()?;
    drop(file);

    println!("copied: {}", fs::copy("/data/a", "/data/b")?);
    println!("same: {}", fs::read("/data/a")? == fs::read("/data/b")?);
    fs::rename("/data/b", "/data/c")?;
    println!("b: {:?}", fs::read("/data/b").map_err(|e| e.kind()));
    println!("c: {}", fs::metadata("/data/c")?.len());
    println!("create new: {:?}", File::create_new("/data/c").map(drop).map_err(|e| e.kind()));
    println!("truncated by create: {}", File::create("/data/c")?.metadata()?.len());
    println!("write to a reader: {:?}", File::open("/data/c")?.write_all(b"x").map_err(|e| e.kind()));
    fs::remove_file("/data/c")?;
    println!("again: {:?}", fs::remove_file("/data/c").map_err(|e| e.kind()));
    println!("a directory as a file: {:?}", fs::remove_file("/data").map_err(|e| e.kind()).is_err());
    println!("file as directory: {:?}", fs::read_dir("/data/a").map(drop).map_err(|e| e.kind()));
    println!("below a file: {:?}", fs::read("/data/a/x").map_err(|e| e.kind()));
    println!("outside: {:?}", fs::read("/elsewhere").is_err());
    Ok(())
}
