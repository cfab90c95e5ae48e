//! Verifies attestation reports of [Keystone](https://keystone-enclave.org): whether a program on a remote machine runs
//! in a genuine enclave, and is the expected one.
//!
//! [`Report::parse`] reads a report, and [`Pins::verify`] checks it: both signatures, then the device, the security
//! monitor, the program and the data, in this order, each against what the caller pinned. [`data`] is what programs put
//! into reports. Another TEE implements [`Evidence`], as [`keystone`] does.
//!
//! The crate needs an allocator and no operating system, and does not panic on any input.
#![cfg_attr(feature = "toml", doc = include_str!("../README.md"))]
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod data;
#[cfg(feature = "eat")]
pub mod eat;
mod evidence;
pub mod keystone;
#[cfg(feature = "toml")]
mod pins_file;
mod refusal;
#[cfg(feature = "simulator")]
pub mod simulator;
mod values;
mod verify;

#[cfg(feature = "serde")]
#[doc(hidden)]
pub use {alloc::string::String, serde};

pub use data::ReportData;
pub use evidence::{Claims, Evidence};
pub use keystone::{ParseError, Report};
#[cfg(feature = "toml")]
pub use pins_file::PinsFileError;
pub use refusal::Refusal;
pub use values::{DeviceKey, Measurement, NotHex, SignerId, SmHash, from_hex};
pub use verify::{Expected, Pins, Risks, Verified};
