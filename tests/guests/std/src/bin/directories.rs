//! Directories through the standard library: made, listed, walked, removed.

use std::fs;
use std::io;
use std::path::Path;

fn list(path: &Path) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        println!("{} dir={} file={}", entry.path().display(), kind.is_dir(), kind.is_file());
        if kind.is_dir() {
            list(&entry.path())?;
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    fs::create_dir("/data/one")?;
    println!("again: {:?}", fs::create_dir("/data/one").map_err(|e| e.kind()));
    println!("without parent: {:?}", fs::create_dir("/data/x/y").map_err(|e| e.kind()));
    fs::create_dir_all("/data/two/three/four")?;
    fs::write("/data/two/three/file", "content")?;
    fs::write("/data/two/.hidden", "")?;
    list(Path::new("/data"))?;
    println!("not empty: {:?}", fs::remove_dir("/data/two").map_err(|e| e.kind()));
    fs::rename("/data/two/three", "/data/one/moved")?;
    list(Path::new("/data"))?;
    fs::remove_dir_all("/data/one")?;
    fs::remove_dir_all("/data/two")?;
    println!("left: {}", fs::read_dir("/data")?.count());
    Ok(())
}
