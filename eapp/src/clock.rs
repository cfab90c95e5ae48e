//! Clocks. The monotonic one is the machine's; the wall clock is the host's word at start, carried
//! on by the monotonic one, so that no read needs the host and none goes back.

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// Both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: u64,
    wall_seconds: u64,
    wall_nanoseconds: u32,
}

impl Clock {
    /// Clocks for an enclave that started at `start` on the machine's monotonic clock, when the host
    /// said that it was `wall_seconds` and `wall_nanoseconds` since 1970-01-01.
    pub fn new(start: u64, wall_seconds: u64, wall_nanoseconds: u32) -> Self {
        Self { start, wall_seconds, wall_nanoseconds }
    }

    /// Nanoseconds since the enclave started.
    pub fn elapsed(&self, machine: u64) -> u64 {
        machine.saturating_sub(self.start)
    }

    /// Seconds and nanoseconds since 1970-01-01.
    pub fn wall(&self, machine: u64) -> (u64, u32) {
        let nanoseconds = u64::from(self.wall_nanoseconds) + self.elapsed(machine) % SECOND;
        let seconds = self.wall_seconds.saturating_add(self.elapsed(machine) / SECOND + nanoseconds / SECOND);
        // Below 10⁹ after the remainder, so it fits.
        (seconds, (nanoseconds % SECOND) as u32)
    }
}
