//! The enclave app as Keystone runs it: a static RISC-V executable that uses nothing of Eyrie but the calls of
//! [`keystone::eyrie`]. Composition adds its launch and its heap, and may add a native program.

#![no_std]
#![no_main]
#![deny(unsafe_op_in_unsafe_fn)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_imports)]

extern crate alloc;

mod keystone;

use alloc::boxed::Box;
use keystone::{ending, image, machine::Keystone};
use wasmstone_edge_protocol::ExitStatus;

/// [`keystone::entry`] calls this function, on the enclave app's own stack.
extern "C" fn main() -> ! {
    let Ok(image) = image::take() else { ending::exit(ExitStatus::Refused, ending::Wipe::Everything) };
    let ended = wasmstone_eapp::run(Box::new(Keystone::default()), image.launch, image.linear, image.resident);
    ending::exit(ended.status, ending::Wipe::AllButLinear)
}
