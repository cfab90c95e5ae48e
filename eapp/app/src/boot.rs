//! An enclave from its start to its end.

pub mod tasks;
