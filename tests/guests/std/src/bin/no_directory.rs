//! Without a grant there is no file.

use std::fs;

fn main() {
    for path in ["/", ".", "/data", "file", "/etc/hostname"] {
        println!("{path}: read {}, list {}", fs::read(path).is_err(), fs::read_dir(path).is_err());
    }
    println!("create: {}", fs::write("file", "x").is_err());
}
