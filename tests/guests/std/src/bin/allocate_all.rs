//! Takes all the memory that it can get, and goes on: printing must still work.

use std::alloc::{Layout, alloc};
use std::hint::black_box;

fn main() {
    // The line buffer of standard output is made now, while there is memory.
    println!("taking everything");
    let mut taken = 0u64;
    for size in [1 << 20, 1 << 16, 1 << 12, 64] {
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        // SAFETY: the layout's size is not zero; the result is only counted.
        while !black_box(unsafe { alloc(layout) }).is_null() {
            taken += size as u64;
        }
    }
    println!("more than half was to be had: {}", taken > 8 << 20);
    println!("the end");
}
