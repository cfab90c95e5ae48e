//! Progress: one line that changes on a terminal; elsewhere, such as in the log of a CI, a line now and then.

use crate::console;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use wasmstone_builder::Stage;

/// How often a build that takes long says so where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

/// What shows progress on standard error.
pub enum Progress {
    Quiet,
    Terminal(ProgressBar),
    Lines { stages: Sender<&'static str>, thread: JoinHandle<()> },
}

impl Progress {
    pub fn new(quiet: bool) -> Self {
        if quiet {
            return Self::Quiet;
        }
        if !std::io::stderr().is_terminal() {
            let (stages, told) = channel();
            let thread = thread::spawn(move || tell(&told, EVERY, console::say));
            return Self::Lines { stages, thread };
        }
        let bar = ProgressBar::new_spinner();
        // The template is a valid constant; if it were not, the default style would do.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Terminal(bar)
    }

    pub fn show(&self, stage: Stage) {
        let name = match stage {
            Stage::Checking => "checking imports",
            Stage::Lowering => "lowering floats",
            Stage::Compiling => "compiling",
            Stage::Packing => "measuring and packing",
        };
        match self {
            Self::Quiet => {}
            Self::Terminal(bar) => bar.set_message(name),
            Self::Lines { stages, .. } => {
                // The thread ends only after the sender, so it takes this.
                let _ = stages.send(name);
            }
        }
    }

    pub fn clear(self) {
        match self {
            Self::Quiet => {}
            Self::Terminal(bar) => bar.finish_and_clear(),
            Self::Lines { stages, thread } => {
                drop(stages);
                let _ = thread.join();
            }
        }
    }
}

/// Says the stage that the build has reached after each `interval`, until there are no more stages.
fn tell(stages: &Receiver<&'static str>, interval: Duration, mut say: impl FnMut(String)) {
    let started = Instant::now();
    let (mut stage, mut next) = ("starting", interval);
    loop {
        match stages.recv_timeout(next.saturating_sub(started.elapsed())) {
            Ok(reached) => stage = reached,
            Err(RecvTimeoutError::Timeout) => {
                say(format!("still {stage}, after {} s", next.as_secs()));
                next = next.saturating_add(interval);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tell;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn a_build_that_takes_long_says_where_it_is() {
        let (stages, told) = channel();
        let (said, lines) = channel();
        stages.send("compiling").unwrap();
        let thread = std::thread::spawn(move || tell(&told, Duration::from_millis(1), |line| said.send(line).unwrap()));
        assert_eq!(lines.recv().unwrap(), "still compiling, after 0 s");
        assert_eq!(lines.recv().unwrap(), "still compiling, after 0 s");
        drop(stages);
        thread.join().unwrap();
    }

    #[test]
    fn a_short_build_says_nothing() {
        let (stages, told) = channel();
        stages.send("compiling").unwrap();
        drop(stages);
        tell(&told, Duration::from_secs(3600), |line| panic!("{line}"));
    }
}
