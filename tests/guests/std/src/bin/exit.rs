//! Exits with the code in its argument; without one it returns from main.

use std::process;

fn main() {
    if let Some(code) = std::env::args().nth(1) {
        println!("exiting with {code}");
        process::exit(code.parse().expect("a number"));
    }
    println!("returning");
}
