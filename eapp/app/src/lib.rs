//! The enclave app: runs one WebAssembly program and answers its WASI calls.
//!
//! Everything in this crate is trusted. It believes what was measured (the [`Launch`], and through
//! its digest the program) and nothing that the host says.
//!
//! The modules below stand in reading order, from the ground up: each uses only modules before it. `tests/modules.rs`
//! reads this list and the sources, and fails if a module breaks the rule. `bindings` is generated; it is the one
//! exception, since it names the types behind WASI's resources, which come later.
//!
//! [`Launch`]: wasmstone_policy::Launch

#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

/// The traits and types of WASI, made from its WIT files by Wasmtime's macro.
mod bindings {
    #![allow(clippy::all, clippy::restriction, missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

// The ground: nothing here needs an enclave.

// The WASI interfaces that are served, as data.
pub mod interfaces;

// HTTP/1.1 as bytes: parsing and writing messages.
pub mod http1;

// Why a guest's call did not succeed.
mod failure;

// What something waits for.
mod waiting;

// Bytes that were read ahead.
mod read_ahead;

// The machine, and what comes from it.

// What the app needs from the machine.
mod platform;

// Edge calls: one request, one checked answer.
pub mod channel;

mod clock;

mod keys;

mod random;

// Attestation reports.
mod report;

// The start, the end, and the engine between them.

// How an enclave ends.
mod ending;

// What the host says at start, checked against the policy.
mod start;

// Wasmtime's configuration, memories, stacks and the program.
mod engine;

// The host, and what it has open.

// Descriptions and lists of files, as the host sends them.
mod metadata;

mod handles;

// Sealed directories.
mod volumes;

mod host;

// How guests take turns.
mod turns;

// What a guest's calls work on. Up to here, no module knows guests.

mod stdio;

mod files;

// What programs for WASI 0.1 have open.
mod descriptors;

mod net;

// HTTP over connections.
mod exchange;

// The guest and its calls.

mod guest;

mod wasi;

// Running guests.

mod linking;

mod http_service;

mod boot;

#[cfg(test)]
mod tests;

pub use boot::run;
pub use ending::Ended;
#[cfg(feature = "exceptions")]
pub use engine::EXCEPTIONS_MEMORY;
pub use engine::memory::Region;
pub use engine::program::Resident;
pub use engine::{SIMULATED_RISCV64, address_space, config};
pub use guest::TABLE_MAX;
pub use linking::{check, check_module};
pub use platform::{Platform, REPORT_BUFFER};
pub use wasi::p1::{MEMORY, MODULES, has_function};
