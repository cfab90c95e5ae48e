//! Reads standard input line by line, answering each at once.

use std::io::{self, BufRead};

fn main() -> io::Result<()> {
    let mut count = 0;
    for line in io::stdin().lock().lines() {
        count += 1;
        println!("{count}: {}", line?.to_uppercase());
    }
    println!("{count} lines");
    Ok(())
}
