//! The generic enclave app for Keystone: the executable with which the image of every bundle of a release begins. It
//! is built together with the program that embeds it, and its bytes are always the same: see `build.rs`.

#![no_std]
#![forbid(unsafe_code)]

/// The executable without floating-point instructions: Keystone neither saves nor protects floating-point registers.
pub const SOFT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/riscv64imac-unknown-none-elf"));

/// The executable with floating-point instructions, for platforms that protect an enclave's registers. `None` if this
/// crate was built without its feature `hard`.
pub const HARD: Option<&[u8]> = hard();

#[cfg(feature = "hard")]
const fn hard() -> Option<&'static [u8]> {
    Some(include_bytes!(concat!(env!("OUT_DIR"), "/riscv64gc-unknown-none-elf")))
}

#[cfg(not(feature = "hard"))]
const fn hard() -> Option<&'static [u8]> {
    None
}
