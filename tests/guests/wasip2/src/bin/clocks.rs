//! wasi:clocks: monotonic and wall clock, and their timers.

use wasip2::clocks::{monotonic_clock, wall_clock};

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;

fn main() {
    let start = monotonic_clock::now();
    println!("resolution: {}", (1..=1_000_000_000).contains(&monotonic_clock::resolution()));
    println!("forward: {}", monotonic_clock::now() >= start);

    // Hosts differ in whether a moment that has passed is ready before it was waited for.
    for instant in [0, start] {
        let passed = monotonic_clock::subscribe_instant(instant);
        passed.block();
        println!("passed, ready: {}", passed.ready());
    }
    let nothing = monotonic_clock::subscribe_duration(0);
    nothing.block();
    println!("no time, ready: {}", nothing.ready());
    println!("later instant ready: {}", monotonic_clock::subscribe_instant(start + HOUR).ready());
    println!("last instant ready: {}", monotonic_clock::subscribe_instant(u64::MAX).ready());
    println!("an hour ready: {}", monotonic_clock::subscribe_duration(HOUR).ready());
    println!("for ever ready: {}", monotonic_clock::subscribe_duration(u64::MAX).ready());

    let before = monotonic_clock::now();
    let timer = monotonic_clock::subscribe_duration(5 * MILLISECOND);
    timer.block();
    println!("waited: {}", monotonic_clock::now() - before >= 5 * MILLISECOND);
    println!("still ready: {}", timer.ready());
    timer.block();

    let instant = monotonic_clock::now() + 3 * MILLISECOND;
    monotonic_clock::subscribe_instant(instant).block();
    println!("reached: {}", monotonic_clock::now() >= instant);

    let wall = wall_clock::now();
    println!("later than 2025: {}", wall.seconds > 1_735_689_600);
    println!("nanoseconds: {}", wall.nanoseconds < 1_000_000_000);
    let resolution = wall_clock::resolution();
    println!("wall resolution: {}", resolution.seconds > 0 || resolution.nanoseconds > 0);
    let after = wall_clock::now();
    println!("forward: {}", (after.seconds, after.nanoseconds) >= (wall.seconds, wall.nanoseconds));
}
