//! A service with a host that is part of the test: clients, time and lies are as written here. The enclave
//! app runs in this process, so nothing waits and nothing depends on the machine.

mod client;
mod deadlines;
mod host;
mod lies;
mod outgoing;
mod pieces;
mod randomness;
