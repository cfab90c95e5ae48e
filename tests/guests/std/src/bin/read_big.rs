//! Reads a file of 1 MiB in one go.

fn main() -> std::io::Result<()> {
    let bytes = std::fs::read("/data/big")?;
    let sum = bytes.iter().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    println!("{} bytes, checksum {sum:016x}", bytes.len());
    Ok(())
}
