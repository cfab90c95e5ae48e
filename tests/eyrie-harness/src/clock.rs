//! The rate of the time counter. An emulated processor has no device tree with the rate, so the counter is compared
//! with the system's clock.

use std::arch::asm;
use std::thread;
use std::time::{Duration, Instant};
use wasmstone_happ::edge_server::Timebase;

/// A time so long that reading both clocks does not matter.
const SAMPLE: Duration = Duration::from_millis(20);

/// The counter's rate.
pub fn timebase() -> Timebase {
    let (start, ticks) = (Instant::now(), time());
    thread::sleep(SAMPLE);
    let (nanoseconds, ticks) = (start.elapsed().as_nanos(), u128::from(time().wrapping_sub(ticks)));
    let rate = ticks * 1_000_000_000 / nanoseconds.max(1);
    Timebase(u32::try_from(rate).unwrap_or(u32::MAX).max(1))
}

fn time() -> u64 {
    let time;
    // SAFETY: reads a counter, and nothing else.
    unsafe { asm!("rdtime {}", out(reg) time, options(nomem, nostack, preserves_flags)) };
    time
}
