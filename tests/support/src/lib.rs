//! What the tests of several crates share.

#[cfg(feature = "end-to-end")]
pub mod attested;
#[cfg(feature = "bundles")]
pub mod bundles;
#[cfg(feature = "end-to-end")]
pub mod case;
#[cfg(feature = "end-to-end")]
pub mod client;
pub mod connections;
#[cfg(feature = "end-to-end")]
pub mod harness;
#[cfg(feature = "end-to-end")]
pub mod inside;
#[cfg(feature = "bundles")]
pub mod keystone_files;
pub mod processes;
pub mod shell;

#[cfg(feature = "bundles")]
pub use bundles::*;
