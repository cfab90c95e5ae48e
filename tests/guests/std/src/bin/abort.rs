//! Aborts, after output.

fn main() {
    println!("before the abort");
    std::process::abort();
}
