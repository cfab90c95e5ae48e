//! HTTP exchanges over connections.

pub mod connection;
pub mod in_flight;
pub mod outbound;
