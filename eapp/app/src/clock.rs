//! Clocks. The machine counts ticks, which no host can turn back; the host says once, at start, how many ticks make a
//! second and what time it is. So no read needs the host, and no time goes back. If the host lies, all times pass too
//! fast or too slowly, by one factor from start to end.

use core::num::NonZeroU32;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// Both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: u64,
    ticks_per_second: NonZeroU32,
    wall_seconds: u64,
    wall_nanoseconds: u32,
}

impl Clock {
    /// Clocks for an enclave that started at tick `start`, when the host said that it was `wall`,
    /// seconds and nanoseconds since 1970-01-01.
    pub fn new(start: u64, ticks_per_second: NonZeroU32, (wall_seconds, wall_nanoseconds): (u64, u32)) -> Self {
        Self { start, ticks_per_second, wall_seconds, wall_nanoseconds }
    }

    /// Nanoseconds since the enclave started.
    pub fn elapsed(&self, now: u64) -> u64 {
        let rate = u64::from(self.ticks_per_second.get());
        let ticks = now.saturating_sub(self.start);
        // Below 2³² · 10⁹, which fits.
        let nanoseconds = ticks % rate * SECOND / rate;
        (ticks / rate).saturating_mul(SECOND).saturating_add(nanoseconds)
    }

    /// Seconds and nanoseconds since 1970-01-01.
    pub fn wall(&self, now: u64) -> (u64, u32) {
        let elapsed = self.elapsed(now);
        let nanoseconds = u64::from(self.wall_nanoseconds) + elapsed % SECOND;
        let seconds = self.wall_seconds.saturating_add(elapsed / SECOND + nanoseconds / SECOND);
        // Below 10⁹ after the remainder, so it fits.
        (seconds, (nanoseconds % SECOND) as u32)
    }

    /// How many nanoseconds a tick takes, at least one.
    pub fn resolution(&self) -> u32 {
        // At most 10⁹, which fits.
        (SECOND / u64::from(self.ticks_per_second.get())).max(1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(rate: u32) -> Clock {
        Clock::new(1000, NonZeroU32::new(rate).unwrap(), (100, 999_999_999))
    }

    #[test]
    fn ticks_become_time() {
        let clock = clock(10_000_000);
        assert_eq!(clock.elapsed(1000), 0);
        assert_eq!(clock.elapsed(1001), 100);
        assert_eq!(clock.elapsed(1000 + 36_000_000_007), 3_600_000_000_700);
        assert_eq!(clock.wall(1001), (101, 99));
        assert_eq!(clock.resolution(), 100);
    }

    #[test]
    fn no_rate_and_no_count_goes_back_or_panics() {
        for rate in [1, 3, 32_768, 1_000_000, 999_999_937, 1_000_000_000, u32::MAX] {
            let clock = clock(rate);
            let ticks = [0, 999, 1000, 1001, 2000, u64::from(rate) + 999, u64::from(rate) + 1000, 1 << 40, u64::MAX];
            let mut ticks = ticks.to_vec();
            ticks.sort_unstable();
            for pair in ticks.windows(2) {
                assert!(clock.elapsed(pair[0]) <= clock.elapsed(pair[1]), "{rate}: {pair:?}");
                assert!(clock.wall(pair[0]) <= clock.wall(pair[1]), "{rate}: {pair:?}");
            }
            assert!(clock.resolution() >= 1);
        }
    }
}
