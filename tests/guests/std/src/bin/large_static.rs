//! Needs 32 MiB of memory before its first instruction.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

static LARGE: [AtomicU8; 32 << 20] = [const { AtomicU8::new(0) }; 32 << 20];

fn main() {
    LARGE[black_box(31 << 20)].store(7, Ordering::Relaxed);
    println!("{}", LARGE[black_box(31 << 20)].load(Ordering::Relaxed));
}
