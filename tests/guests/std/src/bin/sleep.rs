//! Sleeps, and checks with the monotonic clock that it slept at least as long as it asked for.

use std::thread;
use std::time::{Duration, Instant};

fn main() {
    for millis in [0, 1, 20] {
        let wanted = Duration::from_millis(millis);
        let start = Instant::now();
        thread::sleep(wanted);
        println!("{millis} ms: {}", start.elapsed() >= wanted);
    }
}
