//! Floats lowered to integer code: the simulator on this machine shows what an enclave will compute.

mod operators;
mod values;

use operators::{Outcome, outcomes};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use wasmstone_test_support::harness::{FLOATS, SOFT, build_for, eyrie};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, build, guest};

/// The output of a run that succeeds.
#[track_caller]
fn printed(command: &mut Command) -> Vec<u8> {
    let output = command.output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The output of a program in the simulator.
#[track_caller]
fn simulated(bundled: &Bundled) -> Vec<u8> {
    printed(&mut Enclave::new(bundled).command(&[]))
}

/// The program of every operator.
fn operators_program(build: impl FnOnce(&Path) -> Bundled) -> Bundled {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("operators.wasm");
    fs::write(&wasm, wat::parse_str(operators::program()).unwrap()).unwrap();
    build(&wasm)
}

/// The first wrong outcomes.
#[track_caller]
fn none<'a>(what: &str, wrong: impl Iterator<Item = &'a (Outcome, Outcome)>) {
    let wrong: Vec<_> = wrong.take(10).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#x?}");
}

#[test]
fn every_operator_computes_as_the_processor() {
    let built = |flags: &[&str]| outcomes(&simulated(&operators_program(|wasm| build(wasm, flags))));
    let lowered = built(&["--float=lowered"]);
    for other in [&["--engine=native"][..], &["--engine=pulley"], &["--engine=pulley", "--float=lowered"]] {
        let pairs: Vec<_> = lowered.iter().copied().zip(built(other)).collect();
        let free = |(lowered, _): &&(Outcome, Outcome)| lowered.is_nan() && !lowered.moves_bits;
        let differ = |(lowered, other): &&(Outcome, Outcome)| lowered.bits != other.bits;
        none("a value", pairs.iter().filter(|pair| !free(pair) && differ(pair)));
        none("a NaN", pairs.iter().filter(|pair| free(pair) && !pair.1.is_nan()));
        none("more than one NaN", pairs.iter().filter(|pair| free(pair) && !pair.0.is_the_one_nan()));
    }
    assert!(lowered.iter().any(|outcome| outcome.is_nan() && !outcome.moves_bits), "NaN arises");
}

#[test]
fn programs_print_the_same_however_floats_are_computed() {
    for program in FLOATS {
        let wasm = guest(program, "wasm32-wasip2");
        let [lowered, hardware, interpreted] =
            ["--float=lowered", "--float=hardware", "--engine=pulley"].map(|flag| simulated(&build(&wasm, &[flag])));
        assert!(!lowered.is_empty() && lowered == hardware && lowered == interpreted, "{program}");
    }
}

/// `xtask` leaves these out if RISC-V code cannot be built or run.
mod needs_riscv64 {
    use super::*;

    fn both(bundled: &Bundled) -> [Vec<u8>; 2] {
        ["riscv64", "pulley64"].map(|target| printed(&mut eyrie(bundled, target, &[])))
    }

    #[test]
    fn every_operator_computes_as_in_the_simulator() {
        let simulated = simulated(&operators_program(|wasm| build(wasm, &["--float=lowered"])));
        let flags = ["--float=lowered", "--targets=pulley64,riscv64"];
        let emulated = both(&operators_program(|wasm| build_for(SOFT, wasm, &flags)));
        for emulated in emulated {
            assert!(emulated == simulated, "{}", first_difference(&simulated, &emulated));
        }
    }

    fn first_difference(simulated: &[u8], emulated: &[u8]) -> String {
        let (simulated, emulated) = (outcomes(simulated), outcomes(emulated));
        let differs = simulated.iter().zip(&emulated).find(|(one, other)| one != other);
        format!("{differs:#x?}")
    }

    #[test]
    fn programs_print_what_they_print_in_the_simulator() {
        for program in FLOATS {
            let wasm = guest(program, "wasm32-wasip2");
            let simulated = simulated(&build(&wasm, &["--float=lowered"]));
            let [lowered, interpreted] = both(&build_for(SOFT, &wasm, &["--targets=pulley64,riscv64"]));
            assert!(simulated == lowered && simulated == interpreted, "{program}");
        }
    }
}
