//! Writes a file of some MiB, reads it, reads some of its pages at random, opens files, prints lines: in small
//! numbers, or in those of the arguments, which the benchmarks give.

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

const PIECE: usize = 64 << 10;
const PAGE: usize = 4 << 10;

fn write(mebibytes: usize) -> io::Result<()> {
    let piece = [b'w'; PIECE];
    let mut file = File::create("/data/bulk")?;
    for _ in 0..(mebibytes << 20) / PIECE {
        file.write_all(&piece)?;
    }
    println!("written: {mebibytes} MiB");
    Ok(())
}

fn read() -> io::Result<()> {
    let mut piece = [0; PIECE];
    let mut file = File::open("/data/bulk")?;
    let mut total = 0;
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => total += length,
        }
    }
    println!("read: {total} bytes");
    Ok(())
}

/// Reads pages in an order in which no page is near the one before.
fn read_pages(count: usize) -> io::Result<()> {
    let mut page = [0; PAGE];
    let mut file = File::open("/data/bulk")?;
    let pages = file.metadata()?.len() / PAGE as u64;
    let mut random = 1u64;
    for _ in 0..count {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        file.seek(SeekFrom::Start((random >> 33) % pages * PAGE as u64))?;
        file.read_exact(&mut page)?;
    }
    println!("read: {count} pages");
    Ok(())
}

fn make(count: usize) -> io::Result<()> {
    (0..count).try_for_each(|index| File::create(format!("/data/{index}")).map(drop))
}

fn open(count: usize) -> io::Result<()> {
    (0..count).try_for_each(|index| File::open(format!("/data/{index}")).map(drop))?;
    println!("opened: {count} files");
    Ok(())
}

/// Prints lines: each in a write of its own, or many together.
fn print(count: usize, out: &mut impl Write) -> io::Result<()> {
    (0..count).try_for_each(|index| writeln!(out, "line {index}"))?;
    out.flush()
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().map_err(io::Error::other);
    match arguments[..] {
        [] => {
            write(1)?;
            read()?;
            read_pages(16)?;
            make(3)?;
            open(3)?;
            print(3, &mut io::stdout())?;
            print(3, &mut BufWriter::new(io::stdout()))
        }
        ["write", mebibytes] => write(number(mebibytes)?),
        ["read"] => read(),
        ["pages", count] => read_pages(number(count)?),
        ["open", count] => open(number(count)?),
        ["lines", count] => print(number(count)?, &mut io::stdout().lock()),
        ["lines-together", count] => print(number(count)?, &mut BufWriter::new(io::stdout().lock())),
        _ => Err(io::Error::other(
            "bulk [write MIB | read | pages COUNT | open COUNT | lines COUNT | lines-together COUNT]",
        )),
    }
}
