//! The generic enclave app for Keystone: the executable that every bundle of a release begins its image
//! with. It is built together with whatever embeds it, and always the same: see `build.rs`.

#![no_std]
#![forbid(unsafe_code)]

/// Without a floating-point instruction: Keystone neither saves nor protects floating-point registers.
pub const SOFT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/riscv64imac-unknown-none-elf"));

/// With floating-point instructions: for platforms that keep an enclave's registers to itself.
pub const HARD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/riscv64gc-unknown-none-elf"));
