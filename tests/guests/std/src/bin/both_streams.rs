//! Writes to standard output and standard error in turns, with and without line ends.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    for turn in 0..10 {
        println!("out {turn}");
        eprintln!("err {turn}");
    }
    print!("no line end");
    io::stdout().flush()?;
    eprint!("no line end either");
    io::stdout().write_all(&[0, 0xff, 0x80])?;
    Ok(())
}
