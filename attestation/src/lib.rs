//! Attestation reports of [Keystone](https://keystone-enclave.org): whether a program far away runs in a genuine
//! enclave, and is the one that was expected.
//!
//! [`Report::parse`] reads a report, [`Pins::verify`] checks it: both signatures, then the device, the security
//! monitor, the program and the data, in this order, each against what the caller pinned. Everything else in this
//! crate is how to write things down: [`data`] is what programs put into reports; `Pins::from_toml` (feature `toml`)
//! reads pins from a file; `eat` (feature `eat`) carries reports and verdicts as Entity Attestation Tokens
//! (RFC 9711); `simulator` (feature `simulator`) makes the reports of wasmstone's simulator.
//!
//! It needs an allocator and no operating system, and panics on no input.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod data;
#[cfg(feature = "eat")]
pub mod eat;
mod keystone;
#[cfg(feature = "toml")]
mod pins_file;
mod refusal;
#[cfg(feature = "simulator")]
pub mod simulator;
mod values;
mod verify;

pub use data::ReportData;
pub use keystone::{ParseError, Report};
#[cfg(feature = "toml")]
pub use pins_file::PinsFileError;
pub use refusal::Refusal;
pub use values::{DeviceKey, Measurement, NotHex, SignerId, SmHash};
pub use verify::{Expected, Pins, Risks, Verified};
