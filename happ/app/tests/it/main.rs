//! One enclave's requests, answered by the server: by interface, then against a hostile enclave.

mod arbitrary;
mod files;
mod harness;
mod io;
mod launch;
mod network;
mod paths;
mod sandbox;
mod service;
