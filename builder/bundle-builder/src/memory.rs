//! Memory caps: how they are written, and what fits in an enclave.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr};
use wasmstone_bundle::{Platform, footprint::EPM_MAX, measurement::PAGE};
use wasmstone_policy::{MAX_LAUNCH_BYTES, Memory, Target, WASM_PAGE};

/// Bytes that an enclave needs beside its files and its heap: Eyrie's stack, the enclave app's stack, and page tables.
const RUNTIME_NEEDS: u64 = 1 << 20;

/// Bytes of the enclave app's part of the heap for each instance with exceptions: where a collection finds them. A place
/// takes 16 bytes, while the list of them grows 24. A stack of calls that each hold one exception has up to 16,384.
const ROOTS: u64 = 1 << 20;

/// Pages of the heap for each page of page tables: an entry has 8 bytes.
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
    /// [`MemoryError::Minimum`] names a sufficient cap, [`MemoryError::NeverFits`] means that no cap suffices.
    pub fn check_minimum(self, minimum: u64, platform: &Platform, eapp: &[u8]) -> Result<(), MemoryError> {
        if minimum <= self.0 {
            return Ok(());
        }
        let needed = Self(minimum.div_ceil(WASM_PAGE).saturating_mul(WASM_PAGE));
        let needs = Needs { minimum, target: Target::Pulley64, program: 0, instances: 0, exceptions: false, sealed: 0 };
        match needed.layout(&needs, platform, eapp) {
            Ok(_) => Err(MemoryError::Minimum { needed, cap: self }),
            Err(_) => Err(MemoryError::NeverFits { needed, instances: 0 }),
        }
    }

    /// How the heap is divided.
    ///
    /// # Errors
    /// [`MemoryError::Enclave`] if the enclave would be larger than [`EPM_MAX`], and [`MemoryError::NeverFits`] if it
    /// would be larger with every cap.
    pub fn layout(self, needs: &Needs, platform: &Platform, eapp: &[u8]) -> Result<Memory, MemoryError> {
        let Needs { minimum, target, program, instances, exceptions, sealed } = *needs;
        // Machine code stays in the image; the heap has only the engine's tables for it.
        let (resident, kept) = if target.is_native() { (program, program / 4) } else { (0, program) };
        let mut memory = Memory::for_program(self.0, kept, instances, sealed).ok_or(MemoryError::Overflow)?;
        if exceptions {
            let roots = ROOTS.saturating_mul(instances.max(1).into());
            memory.runtime = memory.runtime.checked_add(roots).ok_or(MemoryError::Overflow)?;
        }
        // The launch is not composed yet, so its limit is assumed.
        let files = [&platform.loader, &platform.runtime, eapp].map(|file| file.len() as u64);
        let files = files.into_iter().chain([MAX_LAUNCH_BYTES as u64, resident]);
        let fixed = files.map(|size| size.next_multiple_of(PAGE)).sum::<u64>() + RUNTIME_NEEDS;
        let room = EPM_MAX.saturating_sub(fixed) / (HEAP_PER_PAGE_TABLE + 1) * HEAP_PER_PAGE_TABLE;
        let most = room.saturating_sub(memory.runtime) / WASM_PAGE * WASM_PAGE;
        if self.0 <= most {
            return Ok(memory);
        }
        let needed = Self(minimum.max(1).div_ceil(WASM_PAGE).saturating_mul(WASM_PAGE));
        if needed.0 > most {
            return Err(MemoryError::NeverFits { needed, instances });
        }
        Err(MemoryError::Enclave { cap: self, most: Self(most) })
    }
}

/// What a heap is for.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Bytes of the program's memories at start, all together.
    pub minimum: u64,
    /// What the program was compiled for.
    pub target: Target,
    /// Its size in bytes.
    pub program: u64,
    /// How many instances run at once; 0: it runs once.
    pub instances: u32,
    /// Whether it has exceptions.
    pub exceptions: bool,
    /// How many sealed directories it may have.
    pub sealed: u32,
}

impl fmt::Display for MemorySize {
    /// In the largest unit that gives a whole number.
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
        // K, KB and KiB are the same.
        let letter = unit.strip_suffix(['B', 'b']).map_or(unit, |unit| unit.strip_suffix('i').unwrap_or(unit));
        let letter = if letter.is_empty() { unit } else { letter };
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

/// Why a memory cap is not valid, or does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    /// Not a size.
    #[error("\"{0}\" is not a size: write bytes, or a whole number of K, M or G (powers of 1024), such as 256M")]
    Malformed(String),
    /// Too large for 64 bits.
    #[error("the size is too large: an enclave has {}M at most", EPM_MAX >> 20)]
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
        "a memory cap of {cap} does not fit: an enclave has {}M in all; for this program use at most --max-memory {most}",
        EPM_MAX >> 20
    )]
    Enclave {
        /// What was asked for.
        cap: MemorySize,
        /// The largest cap that fits.
        most: MemorySize,
    },
    /// More than an enclave has, whatever the cap is.
    #[error(
        "the program cannot run in an enclave: its memory at start ({needed}) and its code do not fit into the {}M that \
         an enclave has in all; build it to start with less memory{}",
        EPM_MAX >> 20,
        if *instances > 1 { ", or ask for fewer --instances" } else { "" }
    )]
    NeverFits {
        /// What the program's memories need.
        needed: MemorySize,
        /// How many instances have them.
        instances: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::{EPM_MAX, MemoryError, MemorySize, Needs};
    use proptest::prelude::*;
    use wasmstone_bundle::{Platform, stand_in};
    use wasmstone_policy::Target;

    fn bytes(text: &str) -> Option<u64> {
        text.parse::<MemorySize>().ok().map(MemorySize::bytes)
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("65536", 65536),
            ("64K", 65536),
            ("64k", 65536),
            ("64KB", 65536),
            ("64KiB", 65536),
            ("256M", 256 << 20),
            ("256MB", 256 << 20),
            ("256MiB", 256 << 20),
            ("1G", 1 << 30),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn malformed_sizes_are_refused() {
        for text in [
            "", "M", "-1", "1.5G", "65536B", "256Mi", "256MBB", "256 M", "0x10000", "1e9", "iB", "64iB", "1T", "٣M",
            "+64K",
        ] {
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
        let (platform, eapp) = (Platform::sim(), stand_in::eapp());
        let cap: MemorySize = "1M".parse().unwrap();
        let holds = |minimum| cap.check_minimum(minimum, &platform, &eapp);
        assert_eq!(holds(1 << 20), Ok(()));
        let error = holds((1 << 20) + 65536).unwrap_err().to_string();
        assert!(error.contains("--max-memory 1088K"), "{error}");
        assert!(matches!(holds(900 << 20), Err(MemoryError::Minimum { .. })));
        for minimum in [EPM_MAX - 65536, EPM_MAX, u64::MAX] {
            let error = holds(minimum).unwrap_err();
            assert!(matches!(error, MemoryError::NeverFits { .. }) && !error.to_string().contains("--max"), "{error}");
        }
    }

    #[test]
    fn the_most_that_fits_is_proposed_and_fits() {
        let (platform, eapp) = (Platform::sim(), stand_in::eapp());
        let layout = |cap: u64, minimum, program| {
            let needs =
                Needs { minimum, target: Target::Pulley64, program, instances: 0, exceptions: false, sealed: 0 };
            MemorySize::from_bytes(cap).unwrap().layout(&needs, &platform, &eapp)
        };
        let Err(MemoryError::Enclave { most, .. }) = layout(EPM_MAX, 0, 5 << 20) else { panic!("it fits") };
        let most = most.bytes();
        assert!(most > 900 << 20);
        assert!(layout(most, most, 5 << 20).is_ok());
        assert!(matches!(layout(most + 65536, most, 5 << 20), Err(MemoryError::Enclave { .. })));
        // What is said to be the most must also be enough.
        assert!(matches!(layout(most + 65536, most + 1, 5 << 20), Err(MemoryError::NeverFits { .. })));
        assert!(matches!(layout(EPM_MAX, 0, EPM_MAX), Err(MemoryError::NeverFits { .. })));
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
