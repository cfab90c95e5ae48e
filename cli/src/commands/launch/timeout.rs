//! Times on the command line.

use std::time::Duration;

/// Reads a time: a whole number and its unit.
///
/// # Errors
/// What a time looks like.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let time = number.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds)).filter(|time| *time > 0);
    time.map(Duration::from_millis).ok_or_else(|| "write a whole number and ms, s, m or h, such as 30s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse("2h"), Ok(Duration::from_secs(7200)));
        for bad in ["", "30", "s", "-1s", "1.5s", "0s", "1d", "30 s", "99999999999999999999s", "9999999999999999999h"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
