//! HTTP exchanges over connections: messages are parsed and written here, in the enclave; the host only carries
//! bytes. No function here waits. Each part says what it waits for, and continues when it is called again.

pub mod body;
pub mod connection;
pub mod in_flight;
pub mod outbound;
