//! `wasmstone-eyrie-harness BUNDLE [-- ARGUMENTS]`: runs a bundle's composed image on RISC-V Linux, or
//! under `qemu-riscv64`, without Keystone.
//!
//! The image's own bytes run: mapped at their addresses with their permissions, in the state that Keystone's runtime
//! Eyrie leaves a program in. Calls are answered as Eyrie and the host app answer them. One instruction differs, the
//! only `ecall`: a Linux process cannot keep its system calls to itself, so a breakpoint is in its place. For tests;
//! nothing is protected.

#![deny(unsafe_op_in_unsafe_fn)]

#[cfg(target_arch = "riscv64")]
mod arguments;
#[cfg(target_arch = "riscv64")]
mod clock;
#[cfg(target_arch = "riscv64")]
mod context;
#[cfg(target_arch = "riscv64")]
mod enclave;
#[cfg(target_arch = "riscv64")]
mod eyrie;
#[cfg(target_arch = "riscv64")]
mod floats;
#[cfg(target_arch = "riscv64")]
mod memory;
#[cfg(target_arch = "riscv64")]
mod run;
#[cfg(target_arch = "riscv64")]
mod timer;

use std::process::ExitCode;

#[cfg(target_arch = "riscv64")]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(target_arch = "riscv64"))]
fn main() -> ExitCode {
    eprintln!("error: this runs RISC-V code: build it for riscv64gc-unknown-linux-gnu, and run it with qemu-riscv64");
    ExitCode::FAILURE
}
