//! The table that is printed.

use crate::statistics::Rounds;
use std::fmt::Display;

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    what: String,
    wasmstone: String,
    wasmtime: String,
    compared: String,
    required: String,
}

impl Row {
    /// A measurement that was made on both sides. `unit` writes a value of either side, `compared` writes the
    /// comparison: its median, least and greatest value.
    pub fn measured(
        what: impl Into<String>,
        wasmstone: &Rounds,
        wasmtime: &Rounds,
        unit: fn(f64) -> String,
        compared: String,
    ) -> Self {
        let (wasmstone, wasmtime) = (unit(wasmstone.median()), unit(wasmtime.median()));
        Self { what: what.into(), wasmstone, wasmtime, compared, required: String::new() }
    }

    /// A comparison alone.
    pub fn compared(what: impl Into<String>, compared: String) -> Self {
        let nothing = String::new;
        Self { what: what.into(), wasmstone: nothing(), wasmtime: nothing(), compared, required: nothing() }
    }

    /// A number that is counted, not measured.
    pub fn fact(what: impl Into<String>, value: impl Display) -> Self {
        Self { wasmstone: value.to_string(), ..Self::compared(what, String::new()) }
    }

    /// Adds the least value that is required, and whether `value` reaches it.
    pub fn at_least(mut self, value: f64, limit: f64, unit: fn(f64) -> String) -> Self {
        let mark = if value >= limit { "met" } else { "**missed**" };
        self.required = format!("≥ {}, {mark}", unit(limit));
        self
    }

    /// Adds the greatest value that is allowed, and whether `value` keeps to it.
    pub fn at_most(mut self, value: f64, limit: f64, unit: fn(f64) -> String) -> Self {
        // A value that is not a number meets no requirement.
        let mark = if value <= limit { "met" } else { "**missed**" };
        self.required = format!("≤ {}, {mark}", unit(limit));
        self
    }
}

/// A comparison: median, then least and greatest value.
pub fn spread(values: &Rounds, unit: fn(f64) -> String) -> String {
    format!("{} ({} – {})", unit(values.median()), unit(values.min()), unit(values.max()))
}

/// The rows as a table.
pub fn markdown(rows: &[Row]) -> String {
    let mut table =
        String::from("| | wasmstone | Wasmtime | compared (least – greatest) | required |\n|---|--:|--:|--:|--:|\n");
    for Row { what, wasmstone, wasmtime, compared, required } in rows {
        table += &format!("| {what} | {wasmstone} | {wasmtime} | {compared} | {required} |\n");
    }
    table
}

/// Units.
pub mod unit {
    /// A ratio.
    pub fn ratio(value: f64) -> String {
        format!("{value:.2}")
    }

    /// Seconds, given in seconds.
    pub fn seconds(value: f64) -> String {
        format!("{value:.2} s")
    }

    /// Milliseconds, given in seconds.
    pub fn milliseconds(value: f64) -> String {
        format!("{:.1} ms", value * 1e3)
    }

    /// A difference in milliseconds, given in seconds.
    pub fn more_milliseconds(value: f64) -> String {
        format!("{:+.1} ms", value * 1e3)
    }

    /// Microseconds, given in seconds.
    pub fn microseconds(value: f64) -> String {
        format!("{:.1} µs", value * 1e6)
    }

    /// A difference in microseconds, given in seconds.
    pub fn more_microseconds(value: f64) -> String {
        format!("{:+.1} µs", value * 1e6)
    }

    /// Millions.
    pub fn millions(value: f64) -> String {
        format!("{:.1} M", value / 1e6)
    }

    /// A number that is counted.
    pub fn count(value: f64) -> String {
        format!("{value:.0}")
    }

    /// Hundredths.
    pub fn percent(value: f64) -> String {
        format!("{value:.2} %")
    }

    /// A number per second.
    pub fn per_second(value: f64) -> String {
        format!("{value:.1}/s")
    }

    /// Mebibytes per second, given in bytes per second.
    pub fn throughput(value: f64) -> String {
        format!("{:.0} MiB/s", value / f64::from(1 << 20))
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, markdown, spread, unit};
    use crate::statistics::Rounds;

    #[test]
    fn a_row_says_whether_its_requirement_is_met() {
        let ratio = Rounds::from_iter([1.0, 1.02, 1.04]);
        let row = |limit| Row::compared("x", spread(&ratio, unit::ratio)).at_most(ratio.median(), limit, unit::ratio);
        assert!(markdown(&[row(1.03)]).ends_with("| x |  |  | 1.02 (1.00 – 1.04) | ≤ 1.03, met |\n"));
        assert!(markdown(&[row(1.01)]).contains("≤ 1.01, **missed**"));
        let nothing = Rounds::default();
        assert!(
            markdown(&[Row::compared("x", String::new()).at_most(nothing.median(), 9.0, unit::ratio)])
                .contains("missed")
        );
    }

    #[test]
    fn values_have_their_units() {
        assert_eq!(unit::milliseconds(0.0123), "12.3 ms");
        assert_eq!(unit::more_milliseconds(0.0123), "+12.3 ms");
        assert_eq!(unit::microseconds(0.000_004_56), "4.6 µs");
        assert_eq!(unit::throughput(f64::from(3 << 20)), "3 MiB/s");
    }
}
