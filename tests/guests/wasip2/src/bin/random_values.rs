//! wasi:random: numbers of every kind, before and after so many that the enclave app asks the host for more.

use wasip2::random::{insecure, insecure_seed, random};

fn show(bytes: &[u8]) {
    for bytes in bytes.chunks(16) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        println!("{digits}");
    }
}

fn numbers() {
    show(&random::get_random_bytes(32));
    show(&[random::get_random_u64(), random::get_random_u64()].map(u64::to_le_bytes).concat());
    show(&insecure::get_insecure_random_bytes(32));
}

fn main() {
    let (lower, upper) = insecure_seed::insecure_seed();
    show(&[lower, upper].map(u64::to_le_bytes).concat());
    numbers();
    for _ in 0..3 {
        show(&random::get_random_bytes(1 << 20)[..64]);
        numbers();
    }
}
