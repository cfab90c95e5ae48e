//! Memory caps: how they are written, and what fits in an enclave.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr};
use wasmstone_bundle::{Platform, measurement::PAGE};
use wasmstone_policy::{MAX_LAUNCH_BYTES, Memory, WASM_PAGE};

/// The most bytes that Keystone gives to one enclave, files and heap together.
pub const ENCLAVE_MAX: u64 = 1 << 30;

/// What an enclave needs beside its files and its heap: Eyrie's stack and its own tables.
const RUNTIME_NEEDS: u64 = 216 << 10;

/// A page table entry of 8 bytes for each page of the heap.
const HEAP_PER_PAGE_TABLE: u64 = 512;

/// A memory cap in bytes: a multiple of [`WASM_PAGE`], and not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl Default for MemorySize {
    /// 256 MiB.
    fn default() -> Self {
        Self(256 << 20)
    }
}

impl MemorySize {
    /// The cap of `bytes`.
    ///
    /// # Errors
    /// [`MemoryError::Granularity`] unless it is a positive multiple of [`WASM_PAGE`].
    pub fn from_bytes(bytes: u64) -> Result<Self, MemoryError> {
        if bytes > 0 && bytes.is_multiple_of(WASM_PAGE) {
            return Ok(Self(bytes));
        }
        let next = bytes.max(1).checked_next_multiple_of(WASM_PAGE).ok_or(MemoryError::Overflow)?;
        Err(MemoryError::Granularity { bytes, next: Self(next) })
    }

    /// The cap in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Checks that memories of `minimum` bytes fit.
    ///
    /// # Errors
    /// [`MemoryError::Minimum`] says which cap would do.
    pub fn holds(self, minimum: u64) -> Result<(), MemoryError> {
        if minimum <= self.0 {
            return Ok(());
        }
        let needed = minimum.checked_next_multiple_of(WASM_PAGE).ok_or(MemoryError::Overflow)?;
        Err(MemoryError::Minimum { needed: Self(needed), cap: self })
    }

    /// The division of the heap for a program of `program` bytes.
    ///
    /// # Errors
    /// [`MemoryError::Enclave`] where the enclave would be larger than [`ENCLAVE_MAX`].
    pub fn layout(self, program: u64, platform: &Platform, eapp: &[u8]) -> Result<Memory, MemoryError> {
        let memory = Memory::for_program(self.0, program).ok_or(MemoryError::Overflow)?;
        // The launch is not composed yet; its limit stands for it.
        let files =
            [platform.loader.len() as u64, platform.runtime.len() as u64, eapp.len() as u64, MAX_LAUNCH_BYTES as u64];
        let fixed = files.iter().map(|size| size.next_multiple_of(PAGE)).sum::<u64>() + RUNTIME_NEEDS;
        let room = ENCLAVE_MAX.saturating_sub(fixed) / (HEAP_PER_PAGE_TABLE + 1) * HEAP_PER_PAGE_TABLE;
        let most = room.saturating_sub(memory.runtime) / WASM_PAGE * WASM_PAGE;
        if self.0 <= most { Ok(memory) } else { Err(MemoryError::Enclave { cap: self, most }) }
    }
}

impl fmt::Display for MemorySize {
    /// In the largest unit of which it is a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, shift)| self.0.is_multiple_of(1 << shift));
        let (letter, shift) = unit.copied().unwrap_or(("", 0));
        write!(f, "{}{letter}", self.0 >> shift)
    }
}

const UNITS: [(&str, u32); 3] = [("G", 30), ("M", 20), ("K", 10)];

impl FromStr for MemorySize {
    type Err = MemoryError;

    fn from_str(text: &str) -> Result<Self, MemoryError> {
        let malformed = || MemoryError::Malformed(text.chars().take(40).collect());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(malformed());
        }
        let letter = unit.strip_suffix("iB").filter(|letter| !letter.is_empty()).unwrap_or(unit);
        let shift = match UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(letter)) {
            Some((_, shift)) => *shift,
            None if letter.is_empty() => 0,
            None => return Err(malformed()),
        };
        // All digits: the only way to fail is to be too large.
        let number: u64 = number.parse().map_err(|_| MemoryError::Overflow)?;
        Self::from_bytes(number.checked_mul(1 << shift).ok_or(MemoryError::Overflow)?)
    }
}

impl<'de> Deserialize<'de> for MemorySize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = MemorySize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"256M\" or a number of bytes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<MemorySize, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<MemorySize, E> {
                MemorySize::from_bytes(bytes).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<MemorySize, E> {
                let bytes = u64::try_from(bytes).map_err(|_| MemoryError::Malformed(bytes.to_string()));
                bytes.and_then(MemorySize::from_bytes).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// Why a memory cap is not one, or does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// Not a size.
    #[error("\"{0}\" is not a size: write bytes, or a whole number of K, M or G (powers of 1024), such as 256M")]
    Malformed(String),
    /// Too large for 64 bits.
    #[error("the size is too large: an enclave has {}M at most", ENCLAVE_MAX >> 20)]
    Overflow,
    /// Not a multiple of the page size.
    #[error(
        "a memory cap is a multiple of 64K, the size of a WebAssembly page, but {bytes} is not: the next one is {next}"
    )]
    Granularity {
        /// What was asked for.
        bytes: u64,
        /// The next cap up.
        next: MemorySize,
    },
    /// Less than the program needs.
    #[error(
        "the program needs {needed} of memory at start, more than the memory cap of {cap}: \
         raise it with --max-memory {needed}"
    )]
    Minimum {
        /// What the program needs.
        needed: MemorySize,
        /// The cap.
        cap: MemorySize,
    },
    /// More than an enclave has.
    #[error(
        "a memory cap of {cap} does not fit: an enclave has {}M in all; {}", ENCLAVE_MAX >> 20,
        match MemorySize::from_bytes(*most) {
            Ok(most) => format!("for this program use at most --max-memory {most}"),
            Err(_) => "this program is too large for an enclave".to_owned(),
        }
    )]
    Enclave {
        /// What was asked for.
        cap: MemorySize,
        /// The most bytes that fit, a multiple of [`WASM_PAGE`], or zero.
        most: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::{ENCLAVE_MAX, MemoryError, MemorySize};
    use proptest::prelude::*;
    use wasmstone_bundle::{Platform, stand_in};

    fn bytes(text: &str) -> Option<u64> {
        text.parse::<MemorySize>().ok().map(MemorySize::bytes)
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("65536", 65536),
            ("64K", 65536),
            ("64k", 65536),
            ("64KiB", 65536),
            ("256M", 256 << 20),
            ("256MiB", 256 << 20),
            ("1G", 1 << 30),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn malformed_sizes_are_refused() {
        for text in ["", "M", "-1", "1.5G", "256MB", "256 M", "0x10000", "1e9", "iB", "64iB", "1T", "٣M", "+64K"] {
            assert!(matches!(text.parse::<MemorySize>(), Err(MemoryError::Malformed(_))), "{text}");
        }
        for text in ["99999999999999999999", "18446744073709551615G", "18446744073709551615"] {
            assert!(matches!(text.parse::<MemorySize>(), Err(MemoryError::Overflow)), "{text}");
        }
    }

    #[test]
    fn the_next_page_is_proposed() {
        for (text, next) in [("0", "64K"), ("1", "64K"), ("65535", "64K"), ("65537", "128K"), ("100K", "128K")] {
            let error = text.parse::<MemorySize>().unwrap_err();
            assert!(error.to_string().ends_with(&format!("the next one is {next}")), "{text}: {error}");
        }
    }

    #[test]
    fn a_cap_below_the_minimum_names_the_flag() {
        let cap: MemorySize = "1M".parse().unwrap();
        assert_eq!(cap.holds(1 << 20), Ok(()));
        let error = cap.holds((1 << 20) + 65536).unwrap_err().to_string();
        assert!(error.contains("--max-memory 1088K"), "{error}");
        assert_eq!(cap.holds(u64::MAX), Err(MemoryError::Overflow));
    }

    #[test]
    fn the_most_that_fits_is_proposed_and_fits() {
        let (platform, eapp) = (Platform::sim(), stand_in::eapp());
        let cap = MemorySize::from_bytes(ENCLAVE_MAX).unwrap();
        let Err(MemoryError::Enclave { most, .. }) = cap.layout(5 << 20, &platform, &eapp) else { panic!("it fits") };
        assert!(most > 900 << 20);
        assert!(MemorySize::from_bytes(most).unwrap().layout(5 << 20, &platform, &eapp).is_ok());
        assert!(MemorySize::from_bytes(most + 65536).unwrap().layout(5 << 20, &platform, &eapp).is_err());
        let error = cap.layout(ENCLAVE_MAX, &platform, &eapp).unwrap_err().to_string();
        assert!(error.ends_with("too large for an enclave"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(pages in 1u64..1 << 40) {
            let size = MemorySize::from_bytes(pages * 65536).unwrap();
            prop_assert_eq!(size.to_string().parse::<MemorySize>(), Ok(size));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<MemorySize>();
        }
    }
}
