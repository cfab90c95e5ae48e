//! The date of a response (RFC 9110, 5.6.7).

use alloc::string::String;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The last second of the year 9999: the format has four digits.
const LAST: u64 = 253_402_300_799;

/// The date this many seconds after 1970-01-01 (a Thursday), like `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn date(seconds: u64) -> String {
    let seconds = seconds.min(LAST);
    let days = seconds / DAY;
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);

    // The years begin in March, in periods of 400 years: then a leap day is the last day of its year, and the lengths
    // of months are 31, 30, 31, 30, 31 again and again.
    let days_since_march_0000 = days + 719_468;
    let period = days_since_march_0000 / 146_097;
    let day_of_period = days_since_march_0000 % 146_097;
    let year_of_period =
        (day_of_period - day_of_period / 1460 + day_of_period / 36_524 - day_of_period / 146_096) / 365;
    let day_of_year = day_of_period - (365 * year_of_period + year_of_period / 4 - year_of_period / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let year = 400 * period + year_of_period + u64::from(month_from_march >= 10);

    // The numbers are below 7 and 12, the sizes of the tables.
    let weekday = DAYS.get(((days + 3) % 7) as usize).copied().unwrap_or_default();
    let month = MONTHS.get(((month_from_march + 2) % 12) as usize).copied().unwrap_or_default();
    alloc::format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests;
