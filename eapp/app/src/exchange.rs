//! HTTP exchanges over connections: what is sent and received is understood here, in the enclave; the host only carries
//! bytes. Nothing here waits. Each part says what it waits for, and goes on when it is called again.

pub mod body;
pub mod connection;
pub mod in_flight;
pub mod outbound;
