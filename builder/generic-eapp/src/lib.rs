//! The generic enclave app for Keystone: the executable with which the image of every bundle of a release begins. It
//! is built together with the program that embeds it, and its bytes are always the same: see `build.rs`.

#![no_std]
#![forbid(unsafe_code)]

/// The executable in a file that `build.rs` wrote, if this crate was built with the feature that asks for it.
macro_rules! built {
    ($feature:literal, $file:literal) => {{
        #[cfg(feature = $feature)]
        let eapp: Option<&[u8]> = Some(include_bytes!(concat!(env!("OUT_DIR"), "/", $file)));
        #[cfg(not(feature = $feature))]
        let eapp = None;
        eapp
    }};
}

/// The executable without floating-point instructions: Keystone neither saves nor protects floating-point registers.
/// `None` if this crate was built without its feature `soft`.
pub const SOFT: Option<&[u8]> = built!("soft", "soft");

/// The executable without floating-point instructions for programs with exceptions: [`SOFT`], and the part of the
/// engine that collects what exceptions leave behind. `None` if this crate was built without its feature `exceptions`.
pub const SOFT_WITH_EXCEPTIONS: Option<&[u8]> = built!("exceptions", "soft-exceptions");

/// The executable with floating-point instructions, for platforms that protect an enclave's registers, and with
/// exceptions. `None` if this crate was built without its feature `hard`.
pub const HARD: Option<&[u8]> = built!("hard", "hard");
