//! Reads a file through a buffered reader, then by pieces at random places.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

fn main() -> io::Result<()> {
    let mut sum = 0u64;
    let mut count = 0u64;
    for byte in BufReader::new(File::open("/data/big")?).bytes() {
        sum = sum.wrapping_mul(31).wrapping_add(u64::from(byte?));
        count += 1;
    }
    println!("{count} bytes, checksum {sum:016x}");

    let mut file = File::open("/data/big")?;
    let mut place = 1u64;
    let mut piece = [0; 100];
    for _ in 0..100 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        file.seek(SeekFrom::Start((place >> 33) % (count - 100)))?;
        file.read_exact(&mut piece)?;
        sum = piece.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    }
    println!("checksum of pieces {sum:016x}");
    file.seek(SeekFrom::End(-50))?;
    println!("past the end: {:?}", file.read_exact(&mut piece).map_err(|e| e.kind()));
    println!("at the end: {}", file.read(&mut piece)?);
    Ok(())
}
