//! Tests of the whole enclave app.

mod lying_host;
mod modules;
mod sealed;
