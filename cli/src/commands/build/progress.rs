//! Progress on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;
use wasmstone_builder::Stage;

/// A progress line, shown only if standard error is a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is a valid constant; if it were not, the default style would do.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self(bar)
    }

    pub fn show(&self, stage: Stage) {
        self.0.set_message(match stage {
            Stage::Checking => "checking imports",
            Stage::Lowering => "lowering floats",
            Stage::Compiling => "compiling",
            Stage::Packing => "measuring and packing",
        });
    }

    pub fn clear(self) {
        self.0.finish_and_clear();
    }
}
