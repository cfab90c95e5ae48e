//! Keystone: what is measured and how, which images its runtime Eyrie loads, how much memory an enclave needs, and what
//! the files of its build are.
//!
//! A second TEE brings a module like this one. It needs a measurement of the same files, the rules for images that its
//! loader accepts, and checks of the platform files that a user adds. The rest of this crate uses it from `bundle`,
//! `verify`, `image` and `platform`.

pub mod build_tree;
pub(crate) mod check;
pub(crate) mod elf;
pub mod footprint;
pub mod hash_rate;
pub mod measurement;
