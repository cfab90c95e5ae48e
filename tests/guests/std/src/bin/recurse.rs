//! Recurses for ever.

use std::hint::black_box;

#[expect(unconditional_recursion, reason = "that is the point")]
fn deeper(depth: u64) -> u64 {
    // Not a tail call, so that the compiler cannot turn it into a loop.
    black_box(depth) + black_box(deeper(black_box(depth + 1)))
}

fn main() {
    println!("before the recursion");
    println!("{}", deeper(0));
}
