//! Programs with exceptions: the same as under Wasmtime outside, with both engines, however floats are computed, in the
//! simulator and on RISC-V.

mod programs;

use programs::{ENDINGS, Ending, START};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use wasmstone_peer::{End, RunConfig};
use wasmstone_test_support::harness::{HARD, SOFT, build_for, eyrie};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines, build};

/// Throws and catches in every way, and prints what was caught.
const CAUGHT: &str = include_str!("caught.wat");

/// What it prints: the names and the numbers of the program itself.
const PRINTED: &str = include_str!("caught.txt");

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Builds a program, given as text.
fn built(program: &str, build: impl FnOnce(&Path) -> Bundled) -> Bundled {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("program.wasm");
    fs::write(&wasm, wat::parse_str(program).unwrap_or_else(|error| panic!("{error}"))).unwrap();
    build(&wasm)
}

#[track_caller]
fn prints(output: &Output, what: &str) {
    assert!(output.status.success(), "{what}: {}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(text(&output.stdout), PRINTED, "{what}");
}

#[track_caller]
fn ends(command: &mut Command, ending: &Ending, what: &str) {
    let output = command.output_in_time();
    let both = || format!("{what}, {}: {}{}", ending.name, text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(ending.code), "{}", both());
    assert!(text(&output.stderr).contains(ending.says), "{:?} is not in {}", ending.says, both());
}

#[test]
fn what_is_thrown_is_caught_however_floats_are_computed() {
    for flag in ["--float=lowered", "--float=hardware"] {
        let bundled = built(CAUGHT, |wasm| build(wasm, &[&both_engines(), flag, "--max-memory=16M"]));
        let outside = bundled.run_outside(RunConfig { max_memory: Some(16 << 20), ..RunConfig::default() });
        assert_eq!((text(&outside.stdout).as_str(), &outside.end), (PRINTED, &End::Exited(0)), "outside, {flag}");
        for engine in ENGINES {
            let output = Enclave::new(&bundled).option("--engine", engine).command(&[]).output_in_time();
            prints(&output, &format!("{engine}, {flag}"));
        }
    }
}

#[test]
fn what_is_not_caught_ends_the_program_as_a_trap_does() {
    for ending in ENDINGS {
        let bundled =
            built(ending.program, |wasm| build(wasm, &[&both_engines(), "--float=lowered", "--max-memory=4M"]));
        let outside = bundled.run_outside(RunConfig { max_memory: Some(4 << 20), ..RunConfig::default() });
        assert_eq!(outside.end.code(), ending.code, "outside, {}: {:?}", ending.name, outside.end);
        for engine in ENGINES {
            ends(&mut Enclave::new(&bundled).option("--engine", engine).command(&[]), ending, engine);
        }
    }
}

#[test]
fn what_a_start_function_throws_ends_the_program_too() {
    let bundled = built(START.program, |wasm| build(wasm, &[&both_engines()]));
    for engine in ENGINES {
        ends(&mut Enclave::new(&bundled).option("--engine", engine).command(&[]), &START, engine);
    }
}

/// `xtask` leaves these out if RISC-V code cannot be built or run.
mod needs_riscv64 {
    use super::*;

    const TARGETS: [&str; 2] = ["pulley64", "riscv64"];

    #[test]
    fn what_is_thrown_is_caught_on_every_platform() {
        for platform in [SOFT, HARD] {
            let flags = ["--targets=pulley64,riscv64", "--max-memory=16M"];
            let bundled = built(CAUGHT, |wasm| build_for(platform, wasm, &flags));
            for target in TARGETS {
                prints(&eyrie(&bundled, target, &[]).output_in_time(), &format!("{platform}, {target}"));
            }
        }
    }

    #[test]
    fn what_is_not_caught_ends_the_program_as_in_the_simulator() {
        for ending in ENDINGS {
            let flags = ["--targets=pulley64,riscv64", "--max-memory=4M"];
            let bundled = built(ending.program, |wasm| build_for(SOFT, wasm, &flags));
            for target in TARGETS {
                ends(&mut eyrie(&bundled, target, &[]), ending, target);
            }
        }
    }
}
