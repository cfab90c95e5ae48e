//! Opens and reads a small file.

fn main() -> std::io::Result<()> {
    print!("{}", std::fs::read_to_string("/data/seed")?);
    Ok(())
}
