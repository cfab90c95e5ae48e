//! Sockets of the host's.

pub mod address;
pub mod transport;
