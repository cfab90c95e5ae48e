//! How fast a platform's security monitor hashes an enclave's files before the enclave's first instruction.

use serde::{Deserialize, Serialize};
use std::{fmt, num::NonZeroU64, str::FromStr};

/// Bytes that a security monitor hashes in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HashRate(NonZeroU64);

/// More than any monitor hashes, and still a number for every reader of `platform.toml`.
const MOST: u64 = 1 << 50;

impl HashRate {
    /// 5.9 MiB/s: what Keystone's security monitor was seen to do in QEMU, for platforms without a measured rate.
    pub const ASSUMED: Self = Self(NonZeroU64::new(6_186_598).unwrap());

    /// The rate in bytes a second.
    pub const fn bytes_per_second(self) -> u64 {
        self.0.get()
    }

    /// How many seconds it takes to hash `bytes`.
    pub fn seconds(self, bytes: u64) -> f64 {
        bytes as f64 / self.bytes_per_second() as f64
    }
}

impl fmt::Display for HashRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes_per_second() as f64 {
            small if small < 1024.0 => write!(f, "{small} bytes/s"),
            medium if medium < 1_048_576.0 => write!(f, "{:.1} KiB/s", medium / 1024.0),
            large => write!(f, "{:.1} MiB/s", large / 1_048_576.0),
        }
    }
}

impl FromStr for HashRate {
    type Err = InvalidHashRate;

    fn from_str(text: &str) -> Result<Self, InvalidHashRate> {
        let invalid = || InvalidHashRate(text.chars().flat_map(char::escape_debug).take(40).collect());
        let (number, unit) = match text.strip_suffix(|c: char| c.is_ascii_alphabetic()) {
            Some(number) => (number, text.get(number.len()..).unwrap_or_default()),
            None => (text, ""),
        };
        let shift = match unit {
            "" => 0,
            "K" | "k" => 10,
            "M" | "m" => 20,
            "G" | "g" => 30,
            _ => return Err(invalid()),
        };
        // The number's parser would also accept signs, exponents and infinity.
        if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(invalid());
        }
        let number: f64 = number.parse().map_err(|_| invalid())?;
        // The conversion saturates.
        let bytes = (number * (1u64 << shift) as f64).round() as u64;
        NonZeroU64::new(bytes).filter(|bytes| bytes.get() <= MOST).map(Self).ok_or_else(invalid)
    }
}

/// Why text is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a rate: write the bytes hashed in a second, such as 5.9M (K, M and G are powers of 1024)")]
pub struct InvalidHashRate(String);

#[cfg(test)]
mod tests {
    use super::HashRate;

    fn rate(text: &str) -> Option<u64> {
        text.parse::<HashRate>().ok().map(HashRate::bytes_per_second)
    }

    #[test]
    fn rates_are_read_with_a_fraction() {
        for (text, bytes) in [("1", 1), ("300K", 300 << 10), ("5.9M", 6_186_598), ("2m", 2 << 20), ("0.5G", 1 << 29)] {
            assert_eq!(rate(text), Some(bytes), "{text}");
        }
        assert_eq!(rate("5.9M"), Some(HashRate::ASSUMED.bytes_per_second()));
        for text in [
            "", "0", "0.0001", "M", "-1M", "+1", "1e6", "inf", "NaN", "5,9M", "5.9.1M", "1MB", "1T", "9999999G", " 1",
            "٣",
        ] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn rates_are_shown_with_a_unit() {
        let shown = ["7", "300K", "5.9M", "2G"].map(|text| text.parse::<HashRate>().unwrap().to_string());
        assert_eq!(shown, ["7 bytes/s", "300.0 KiB/s", "5.9 MiB/s", "2048.0 MiB/s"]);
    }

    #[test]
    fn sixteen_mebibytes_take_qemu_under_three_seconds() {
        let seconds = HashRate::ASSUMED.seconds(16 << 20);
        assert!((2.7..2.8).contains(&seconds), "{seconds}");
    }
}
