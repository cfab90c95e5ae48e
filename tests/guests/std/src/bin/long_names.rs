//! Names of 255 bytes and more, of several scripts, with odd characters.

use std::fs;
use std::io;

fn main() -> io::Result<()> {
    for length in [1, 254, 255] {
        let path = format!("/data/{}", "n".repeat(length));
        fs::write(&path, length.to_string())?;
        println!("{length}: {}", fs::read_to_string(&path)?);
        fs::remove_file(&path)?;
    }
    println!("256: {}", fs::write(format!("/data/{}", "n".repeat(256)), "").is_err());
    println!("5000: {}", fs::write(format!("/data/{}", "n".repeat(5000)), "").is_err());

    let odd = ["größe", "文件", "файл", "a b", "new\nline", "-dash", "back\\slash", "quote\"", "…", "🗀"];
    for name in odd {
        fs::write(format!("/data/{name}"), name)?;
    }
    let mut found: Vec<_> = fs::read_dir("/data")?
        .map(|entry| Ok(entry?.file_name().into_string().expect("UTF-8")))
        .collect::<io::Result<_>>()?;
    found.sort();
    for name in found {
        println!("{name:?}: {}", fs::read_to_string(format!("/data/{name}"))? == name);
    }
    println!("nul: {:?}", fs::write("/data/a\0b", "").map_err(|e| e.kind()));
    println!("empty: {:?}", fs::write("", "").is_err());
    Ok(())
}
