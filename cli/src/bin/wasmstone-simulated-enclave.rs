//! `wasmstone-simulated-enclave`: the process that becomes a simulated enclave.
//!
//! `wasmstone` starts it, from the directory that `wasmstone` itself is in; nobody else does. It is a program of its
//! own for the sake of its allocator, which bounds an enclave's heap and must not be that of the whole command.

#![forbid(unsafe_code)]

use std::env::args_os;
use wasmstone_simulator::{Allocator, enclave_main};

/// A simulated enclave's heap is bounded as a real enclave's is.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ! {
    enclave_main(args_os().skip(1))
}
