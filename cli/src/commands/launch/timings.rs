//! `--timings`.

use serde::{Serialize, Serializer};
use std::time::Duration;
use wasmstone_happ::backend::Timings;

/// The phases of a start in milliseconds, in order; null for those that did not take place.
pub struct TimingsView {
    /// Reading and verifying the bundle.
    pub verify: Duration,
    /// The rest.
    pub launch: Timings,
}

impl Serialize for TimingsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = std::iter::once(("verify", Some(self.verify))).chain(self.launch.phases());
        let milliseconds = |time: Duration| time.as_micros() as f64 / 1000.0;
        serializer.collect_map(all.map(|(phase, time)| (format!("{phase}_ms"), time.map(milliseconds))))
    }
}

#[cfg(test)]
mod tests {
    use super::TimingsView;
    use std::time::Duration;
    use wasmstone_happ::backend::Timings;

    #[test]
    fn one_line_of_json() {
        let launch = Timings { create: Some(Duration::from_micros(1500)), ..Timings::default() };
        let view = TimingsView { verify: Duration::from_millis(7), launch };
        let expected = "{\"verify_ms\":7.0,\"create_ms\":1.5,\"copy_ms\":null,\"finalize_ms\":null,\"boot_ms\":null,\
                        \"stream_ms\":null,\"engine_ms\":null,\"first_output_ms\":null}";
        assert_eq!(serde_json::to_string(&view).unwrap(), expected);
    }
}
