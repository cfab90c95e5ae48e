//! A service with a host that is part of the test, which decides about clients, time and lies. The enclave app runs
//! in this process, so nothing waits and nothing depends on the machine.

mod client;
mod deadlines;
mod host;
mod lies;
mod outgoing;
mod pieces;
mod randomness;
