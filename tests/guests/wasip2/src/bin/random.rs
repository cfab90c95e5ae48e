//! wasi:random: lengths, differences, and the insecure interfaces.

use wasip2::random::{insecure, insecure_seed, random};

fn main() {
    for length in [0, 1, 7, 32, 4096, 65_537] {
        println!(
            "{length}: {} {}",
            random::get_random_bytes(length).len(),
            insecure::get_insecure_random_bytes(length).len()
        );
    }
    println!("bytes differ: {}", random::get_random_bytes(32) != random::get_random_bytes(32));
    println!("numbers differ: {}", random::get_random_u64() != random::get_random_u64());
    println!("insecure differ: {}", insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64());
    println!(
        "insecure bytes differ: {}",
        insecure::get_insecure_random_bytes(32) != insecure::get_insecure_random_bytes(32)
    );
    println!("seed is not zero: {}", insecure_seed::insecure_seed() != (0, 0));
    println!("seed stays: {}", insecure_seed::insecure_seed() == insecure_seed::insecure_seed());
}
