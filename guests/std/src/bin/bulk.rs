//! Writes a file of so many MiB, reads it, opens so many files, prints so many lines: everything in
//! small, or as the arguments say, which is what the benchmarks do.

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

const PIECE: usize = 64 << 10;

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
            make(3)?;
            open(3)?;
            print(3, &mut io::stdout())?;
            print(3, &mut BufWriter::new(io::stdout()))
        }
        ["write", mebibytes] => write(number(mebibytes)?),
        ["read"] => read(),
        ["open", count] => open(number(count)?),
        ["lines", count] => print(number(count)?, &mut io::stdout().lock()),
        ["lines-together", count] => print(number(count)?, &mut BufWriter::new(io::stdout().lock())),
        _ => Err(io::Error::other("bulk [write MIB | read | open COUNT | lines COUNT | lines-together COUNT]")),
    }
}
