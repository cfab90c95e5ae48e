//! Links the harness away from the addresses of images.

use std::env;

/// Below 2 GiB, which the C start files of the cross compiler need; above Eyrie's stack, below the launch.
const BASE: u64 = 0x6000_0000;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "riscv64") {
        println!("cargo::rustc-link-arg-bins=-Wl,-Ttext-segment={BASE:#x}");
    }
}
