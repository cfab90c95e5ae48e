//! There are no threads: spawning one is refused with an error.

fn main() {
    let spawned = std::thread::Builder::new().spawn(|| ());
    println!("refused: {}", spawned.is_err());
    println!("processes refused: {}", std::process::Command::new("true").status().is_err());
}
