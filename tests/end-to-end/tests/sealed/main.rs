//! Sealed directories, by the real command in the simulator and by the enclave app in this process: what the guest has,
//! what the host sees, and what comes of what the host does.

mod conformance;
mod failing;
mod host;
mod killed;
mod project;
mod transfer;
