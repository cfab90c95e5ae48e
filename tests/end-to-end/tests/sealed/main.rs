//! Sealed directories, with the real command in the simulator and with the enclave app in this process: what the
//! guest has, what the host sees, and the results of the host's actions.

mod conformance;
mod failing;
mod host;
mod killed;
mod project;
mod transfer;
