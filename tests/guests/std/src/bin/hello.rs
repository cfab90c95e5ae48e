//! One line to standard output.

fn main() {
    println!("Hello, world!");
}
