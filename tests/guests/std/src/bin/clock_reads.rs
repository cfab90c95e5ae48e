//! Reads the clocks very often: time passes, and never goes backwards.

use std::time::{Duration, Instant, SystemTime};

fn main() {
    let start = Instant::now();
    let mut last = start;
    let mut backwards = 0;
    for _ in 0..10_000 {
        let now = Instant::now();
        backwards += u32::from(now < last);
        last = now;
    }
    println!("monotonic clock went backwards: {backwards}");
    println!("monotonic clock moved: {}", last > start);

    let first = SystemTime::now();
    for _ in 0..1000 {
        std::hint::black_box(SystemTime::now());
    }
    let since_2025 = first.duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_600));
    println!("wall clock is later than 2025: {}", since_2025.is_ok());
}
