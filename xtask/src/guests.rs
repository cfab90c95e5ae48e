//! The test programs of `tests/guests`.

use crate::riscv64;
use anyhow::Result;
use wasmstone_test_support::shell::{cargo, root, run, step, target};

/// Builds the programs into `target/guests/TARGET/release/PROGRAM.wasm`.
///
/// # Errors
/// If a program does not compile, or has no case in `tests/guest-list`.
pub fn build() -> Result<()> {
    step("Test programs");
    let manifest = root().join("tests/guests/Cargo.toml");
    let directory = target()?.join("guests");
    for (target, packages) in
        [("wasm32-wasip1", &["guests-std"][..]), ("wasm32-wasip2", &["guests-std", "guests-wasip2", "guests-http"])]
    {
        let mut build = cargo();
        build.args(["build", "--quiet", "--release", "--locked", "--target", target]);
        build.arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(&directory);
        for package in packages {
            build.args(["--package", package]);
        }
        run(&mut build)?;
    }
    Ok(())
}

/// Builds the test program `name` for RISC-V Linux, into `target/guests/TARGET/release/NAME`: a process of the board
/// beside its enclaves.
///
/// # Errors
/// If the program does not compile, or the machine has no linker for RISC-V and cannot get one.
pub fn build_for_board(name: &str) -> Result<()> {
    riscv64::prepare()?;
    step(&format!("{name} for RISC-V Linux"));
    let mut build = riscv64::cargo_build();
    build.args(["--quiet", "--release", "--package", "guests-std", "--bin", name]);
    build.arg("--manifest-path").arg(root().join("tests/guests/Cargo.toml"));
    build.arg("--target-dir").arg(target()?.join("guests"));
    run(&mut build)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use wasmstone_guest_list::CASES;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let mut names = HashSet::new();
        for case in CASES {
            assert!(names.insert(case.name), "two cases are named {}", case.name);
        }
    }
}
