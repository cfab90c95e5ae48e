//! How long the phases of a launch took.

use crate::edge_server::Milestones;
use std::time::{Duration, Instant};

/// The phases of a launch, one after the other. A phase that a backend lacks, or that was not reached, is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Setting memory aside, or starting a process.
    pub create: Option<Duration>,
    /// Copying the measured files into the enclave.
    pub copy: Option<Duration>,
    /// The security monitor's measurement.
    pub finalize: Option<Duration>,
    /// From the first instruction to the first edge call.
    pub boot: Option<Duration>,
    /// Sending the program to the enclave, if it is streamed.
    pub stream: Option<Duration>,
    /// From there to the guest's own first edge call: loading the program, and what the guest does without the host.
    pub engine: Option<Duration>,
    /// From there until the guest's first output was written.
    pub first_output: Option<Duration>,
}

impl Timings {
    /// Adds the phases since `started`, when the enclave was entered for the first time.
    pub fn add(&mut self, started: Instant, milestones: &Milestones) {
        let between = |from: Option<Instant>, to: Option<Instant>| Some(to?.saturating_duration_since(from?));
        let Milestones { running, streamed, guest, output } = *milestones;
        self.boot = between(Some(started), running);
        self.stream = between(running, streamed);
        self.engine = between(streamed.or(running), guest);
        self.first_output = between(guest, output);
    }

    /// Each phase with its name, in order.
    pub fn phases(&self) -> [(&'static str, Option<Duration>); 7] {
        [
            ("create", self.create),
            ("copy", self.copy),
            ("finalize", self.finalize),
            ("boot", self.boot),
            ("stream", self.stream),
            ("engine", self.engine),
            ("first_output", self.first_output),
        ]
    }
}

/// Measures one phase after the other.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that runs from now on.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start or since the last call of this function.
    pub fn lap(&mut self) -> Option<Duration> {
        let now = Instant::now();
        Some(now.saturating_duration_since(std::mem::replace(&mut self.0, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_one_another() {
        let start = Instant::now();
        let at = |milliseconds| start.checked_add(Duration::from_millis(milliseconds));
        let all = Milestones { running: at(5), streamed: at(7), guest: at(17), output: at(18) };
        let mut timings = Timings::default();
        timings.add(start, &all);
        let phases = timings.phases().map(|(_, time)| time.map(|time| time.as_millis()));
        assert_eq!(phases, [None, None, None, Some(5), Some(2), Some(10), Some(1)]);
        // A program that lies in the image is not streamed.
        timings.add(start, &Milestones { streamed: None, ..all });
        assert_eq!((timings.stream, timings.engine), (None, Some(Duration::from_millis(12))));
        timings.add(start, &Milestones::default());
        assert_eq!(timings, Timings::default());
    }
}
