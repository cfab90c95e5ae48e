//! The generic enclave app for Keystone: the executable with which the image of every bundle of a release begins. It
//! is built together with the program that embeds it, and its bytes are always the same: see `build.rs`.

#![no_std]
#![forbid(unsafe_code)]

/// The executable without floating-point instructions: Keystone neither saves nor protects floating-point registers.
/// `None` if this crate was built without its feature `soft`.
pub const SOFT: Option<&[u8]> = soft();

/// The executable without floating-point instructions for programs with exceptions: [`SOFT`], and the part of the
/// engine that collects what exceptions leave behind. `None` if this crate was built without its feature `exceptions`.
pub const SOFT_WITH_EXCEPTIONS: Option<&[u8]> = soft_with_exceptions();

#[cfg(feature = "exceptions")]
const fn soft_with_exceptions() -> Option<&'static [u8]> {
    Some(include_bytes!(concat!(env!("OUT_DIR"), "/soft-exceptions")))
}

#[cfg(not(feature = "exceptions"))]
const fn soft_with_exceptions() -> Option<&'static [u8]> {
    None
}

/// The executable with floating-point instructions, for platforms that protect an enclave's registers, and with
/// exceptions. `None` if this crate was built without its feature `hard`.
pub const HARD: Option<&[u8]> = hard();

#[cfg(feature = "soft")]
const fn soft() -> Option<&'static [u8]> {
    Some(include_bytes!(concat!(env!("OUT_DIR"), "/soft")))
}

#[cfg(not(feature = "soft"))]
const fn soft() -> Option<&'static [u8]> {
    None
}

#[cfg(feature = "hard")]
const fn hard() -> Option<&'static [u8]> {
    Some(include_bytes!(concat!(env!("OUT_DIR"), "/hard")))
}

#[cfg(not(feature = "hard"))]
const fn hard() -> Option<&'static [u8]> {
    None
}
