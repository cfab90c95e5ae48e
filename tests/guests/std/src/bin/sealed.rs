//! Stores files below `/data`, and reads them back: `write NAME TEXT`, `read NAME`, `append NAME COUNT` (numbered
//! lines of 64 bytes; after each 50, it syncs the file and reports that), `check NAME` (that every such line is
//! complete and in its place), `copy FROM NAME` and `tree`.

use std::env;
use std::fs::{self, File};
use std::io::{self, Error, Write};
use std::path::{Path, PathBuf};

/// Bytes of a line.
const LINE: usize = 64;

/// The number of lines that are synced together.
const TOGETHER: usize = 50;

fn line(number: usize) -> String {
    let mut line = format!("{number:08} ");
    while line.len() < LINE - 1 {
        line.push(char::from(b'a' + ((number + line.len()) % 26) as u8));
    }
    line.push('\n');
    line
}

fn append(path: &Path, count: usize) -> io::Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    let first = file.metadata()?.len() as usize / LINE;
    for number in first..first + count {
        file.write_all(line(number).as_bytes())?;
        if (number + 1) % TOGETHER == 0 || number + 1 == first + count {
            file.sync_all()?;
            println!("{} lines are kept", number + 1);
        }
    }
    Ok(())
}

fn check(path: &Path) -> io::Result<()> {
    let content = fs::read(path)?;
    for (number, found) in content.chunks(LINE).enumerate() {
        if found != line(number).as_bytes() {
            return Err(Error::other(format!("line {number} is {:?}", String::from_utf8_lossy(found))));
        }
    }
    println!("{} lines", content.len() / LINE);
    Ok(())
}

fn tree(path: &Path) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            println!("{}", path.display());
            tree(&path)?;
        } else if kind.is_symlink() {
            println!("{} -> {}", path.display(), fs::read_link(&path)?.display());
        } else {
            let content = fs::read(&path)?;
            let start = String::from_utf8_lossy(content.get(..100).unwrap_or(&content));
            let sum = content.iter().fold(0u32, |sum, byte| sum.rotate_left(5) ^ u32::from(*byte));
            println!("{}: {start:?}, {} bytes with sum {sum}", path.display(), content.len());
        }
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let path = |name: &str| PathBuf::from("/data").join(name);
    match arguments[..] {
        ["write", name, text] => fs::write(path(name), text),
        ["read", name] => io::stdout().write_all(&fs::read(path(name))?),
        ["append", name, count] => append(&path(name), count.parse().map_err(Error::other)?),
        ["check", name] => check(&path(name)),
        ["copy", from, name] => fs::copy(from, path(name)).map(drop),
        ["tree"] => tree(Path::new("/data")),
        _ => Err(Error::other("what is to be done?")),
    }
}
