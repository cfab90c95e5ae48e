//! The enclave app for RISC-V, in images as they are measured, under `qemu-riscv64`: the harness loads them as
//! Keystone's runtime Eyrie does and answers its calls. Every program must behave as in the simulator, interpreted
//! and as native code, without and with floating-point registers.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;
use tempfile::TempDir;
use wasmstone_bundle::{Bundle, verify::contents};
use wasmstone_guest_list::{self as list, Exit, Witness};
use wasmstone_test_support::harness::{FLOATS, HARD, SOFT, build_for, eyrie};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, Enclave, attested, guest, guests_own, target_directory};

/// Programs with floats that run beside a host that uses floating-point registers.
const SOME_FLOATS: [&str; 3] = ["floats", "mandelbrot", "matmul"];

/// Programs that take too long for an interpreter in an emulator.
const HEAVY: [&str; 1] = ["tcp_local"];

/// The targets of a bundle for the harness.
const BOTH: &str = "--targets=pulley64,riscv64";

const TARGETS: [&str; 2] = ["pulley64", "riscv64"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn ends(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    for word in words {
        assert!(text(&output.stderr).contains(word), "{word:?} is not in {}", text(&output.stderr));
    }
}

fn module(text: &str, flags: &[&str]) -> Bundled {
    let directory = TempDir::new().unwrap();
    let wasm = directory.path().join("program.wasm");
    fs::write(&wasm, wat::parse_str(text).unwrap()).unwrap();
    build_for(SOFT, &wasm, &[&[BOTH], flags].concat())
}

/// Runs a case in the simulator, and from the same bundle in the harness.
fn check(name: &str, wasm: &str) {
    let case = list::CASES.iter().find(|case| case.name == name).unwrap();
    let wasm = guest(case.program, wasm);
    let cap = case.max_memory.to_string();
    let memory: &[&str] = if case.max_memory > 0 { &["--max-memory", &cap] } else { &[] };
    let targets = if HEAVY.contains(&case.program) { &["riscv64"] } else { &TARGETS[..] };
    compare(case, &build_for(SOFT, &wasm, &[memory, &[BOTH]].concat()), targets);
    if FLOATS.contains(&case.program) {
        compare(case, &build_for(HARD, &wasm, &[memory, &[BOTH]].concat()), &TARGETS);
    }
}

fn compare(case: &list::Case, bundled: &Bundled, targets: &[&str]) {
    let simulated = wasmstone_test_support::case::run(case, |grants| {
        let mut enclave = Enclave::new(bundled);
        enclave.option("--engine", "pulley").options(grants);
        enclave.command(case.args)
    });
    assert_eq!(simulated.code, case.exit.code(), "the simulator: {}", text(&simulated.stderr));
    for target in targets {
        let seen = wasmstone_test_support::case::run(case, |grants| {
            let mut command = eyrie(bundled, target, &[]);
            command.args(grants).arg("--").args(case.args);
            command
        });
        assert_eq!(seen.code, case.exit.code(), "exit code, {target}; {}{}", text(&seen.stdout), text(&seen.stderr));
        if case.witness == Witness::Program {
            continue;
        }
        let both = || format!("{target}: {:?} and {:?}", text(&seen.stdout), text(&simulated.stdout));
        assert!(seen.stdout == simulated.stdout, "output, {}", both());
        if case.exit != Exit::Trap {
            assert_eq!(text(&seen.stderr), guests_own(&text(&simulated.stderr)), "standard error, {target}");
        }
        assert_eq!(seen.tree, simulated.tree, "the files left behind, {target}");
    }
}

/// `xtask` leaves these out if RISC-V code cannot be built or run.
mod needs_riscv64 {
    use super::*;

    mod conformance {
        macro_rules! tests {
            ($($name:ident: $targets:ident $program:ident { $($field:ident: $value:expr),* $(,)? };)*) => {
                $(
                    #[test]
                    fn $name() {
                        super::super::check(stringify!($name), "wasm32-wasip2");
                    }
                )*
            };
        }

        wasmstone_guest_list::guests!(tests);

        /// Of core modules, these cases show whether they work here: the functions are the same on every machine.
        #[test]
        fn of_wasi_0_1() {
            for case in ["arguments", "files", "hello", "panic", "exit_one"] {
                super::check(case, "wasm32-wasip1");
            }
        }
    }

    #[test]
    fn traps_end_with_their_reason() {
        for (body, reason) in [
            ("(drop (i32.div_s (i32.const 1) (global.get $zero)))", "integer divide by zero"),
            ("(drop (i32.load (i32.const 0x7fff0000)))", "out of bounds memory access"),
            ("(i32.store (i32.sub (global.get $zero) (i32.const 4)) (i32.const 1))", "out of bounds memory access"),
            ("(call_indirect (global.get $zero))", "uninitialized element"),
            ("(drop (call $deeper (i64.const 1)))", "call stack exhausted"),
            ("(unreachable)", "unreachable"),
            ("(drop (i32.trunc_f64_s (f64.const nan)))", "wasm trap: invalid conversion to integer"),
            ("(drop (i32.trunc_f64_s (f64.const 1e10)))", "wasm trap: integer overflow"),
            ("(drop (i64.trunc_f32_u (f32.const -1)))", "wasm trap: integer overflow"),
        ] {
            let text = format!(
                r#"(module (memory (export "memory") 1) (table 1 funcref) (global $zero (mut i32) (i32.const 0))
                    (func $deeper (param i64) (result i64)
                        (i64.add (local.get 0) (call $deeper (i64.add (local.get 0) (i64.const 1)))))
                    (func (export "_start") {body}))"#
            );
            let bundled = module(&text, &[]);
            for target in TARGETS {
                ends(&eyrie(&bundled, target, &[]).output_in_time(), 134, &[reason]);
            }
        }
    }

    #[test]
    fn a_program_that_spins_is_stopped() {
        let bundled = module(r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#, &[]);
        for target in TARGETS {
            ends(&eyrie(&bundled, target, &["--timeout", "1000"]).output_in_time(), 107, &[]);
        }
    }

    #[test]
    fn memory_runs_out() {
        let tables = "(table 262144 funcref)".repeat(50);
        let bundled =
            module(&format!(r#"(module (memory (export "memory") 1) {tables} (func (export "_start")))"#), &[]);
        for target in TARGETS {
            ends(&eyrie(&bundled, target, &[]).output_in_time(), 105, &[]);
        }
    }

    /// Reads up to 64 bytes of standard input to the address 1024, then does `then`.
    fn reads_input(then: &str) -> Bundled {
        let text = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 1)
                (data (i32.const 8) "\00\04\00\00\40\00\00\00")
                (func (export "_start")
                    (if (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0)) (then unreachable))
                    {then}))"#
        );
        module(&text, &["--max-memory", "2M"])
    }

    /// Gives the program a secret, and makes the harness search for it after the end.
    fn secret_of(bundled: &Bundled, target: &str, options: &[&str]) -> Output {
        const SECRET: &str = "nobody may find this here";
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("secret");
        fs::write(&file, SECRET).unwrap();
        let mut command = eyrie(bundled, target, options);
        command.args(["--secret", SECRET]).stdin(fs::File::open(file).unwrap()).output_in_time()
    }

    #[test]
    fn nothing_of_the_guest_is_left_after_the_end() {
        for (then, code) in [("nop", 0), ("unreachable", 134)] {
            let bundled = reads_input(then);
            for target in TARGETS {
                ends(&secret_of(&bundled, target, &[]), code, &[]);
            }
        }
        // As long as the guest runs, the secret is in memory.
        let bundled = reads_input("(loop br 0)");
        for target in TARGETS {
            ends(&secret_of(&bundled, target, &["--timeout", "2000"]), 1, &["TimedOut", "the secret is left"]);
        }
    }

    /// A program on a host that uses the floating-point registers whenever the enclave does not run.
    fn beside_a_float_host(program: &str, platform: &str, engine: &str) -> (bool, u64) {
        let bundled = build_for(platform, &guest(program, "wasm32-wasip2"), &["--targets", engine]);
        let undisturbed = eyrie(&bundled, engine, &[]).output_in_time();
        ends(&undisturbed, 0, &[]);
        let disturbed = eyrie(&bundled, engine, &["--float-host", "--interrupt", "1"]).output_in_time();
        let stderr = text(&disturbed.stderr);
        let changed = stderr.lines().find_map(|line| line.strip_prefix("{\"floats-changed\":")?.strip_suffix('}'));
        let changed = changed.unwrap_or_else(|| panic!("{stderr}")).parse().unwrap();
        (disturbed.status.success() && disturbed.stdout == undisturbed.stdout, changed)
    }

    #[test]
    fn without_float_registers_nothing_is_disturbed_and_nothing_leaks() {
        for program in SOME_FLOATS.into_iter().chain(["sha256", "hello"]) {
            assert_eq!(beside_a_float_host(program, SOFT, "pulley64"), (true, 0), "{program}");
        }
    }

    #[test]
    fn machine_code_without_floats_is_not_disturbed() {
        for program in FLOATS.into_iter().chain(["sha256", "sieve", "hello"]) {
            assert!(beside_a_float_host(program, SOFT, "riscv64").0, "{program}");
        }
    }

    /// The host above does disturb programs: this is why such programs need a platform that protects them.
    #[test]
    fn with_float_registers_the_host_disturbs_and_sees() {
        for engine in TARGETS {
            let seen = SOME_FLOATS.map(|program| beside_a_float_host(program, HARD, engine));
            assert!(seen.iter().any(|(right, _)| !right), "{engine}: {seen:?}");
            assert!(seen.iter().all(|(_, changed)| *changed > 0), "{engine}: {seen:?}");
        }
    }

    /// The measurement of a bundle's program.
    fn measured(bundled: &Bundled, target: &str) -> String {
        let programs = contents(&Bundle::open(bundled.path()).unwrap()).unwrap().programs;
        programs.iter().find(|program| program.target.name() == target).unwrap().measurement.to_string()
    }

    #[test]
    fn a_report_verifies_against_what_was_measured_beforehand() {
        let bundled = build_for(SOFT, &guest("attestation", "wasm32-wasip2"), &[BOTH]);
        let mut keys = Vec::new();
        for target in TARGETS {
            let measurement = measured(&bundled, target);
            let seen = ["user data", ""].map(|user_data| {
                let output = eyrie(&bundled, target, &[]).args(["--", user_data]).output_in_time();
                ends(&output, 0, &[]);
                let printed = attested::printed(&output.stdout);
                attested::check(&printed, &measurement, user_data.as_bytes());
                printed
            });
            for key in ["one", "other"] {
                assert_eq!(seen[0][key], seen[1][key], "{target}, {key}: the same in every run");
                keys.push(seen[0][key].clone());
            }
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4, "each enclave and each label has a key of its own");
    }

    #[test]
    fn an_enclave_attests_its_key() {
        let bundled = build_for(SOFT, &guest("hello", "wasm32-wasip2"), &[BOTH]);
        let mut keys = BTreeSet::new();
        for target in TARGETS {
            let measurement = measured(&bundled, target);
            for nonce in ["8 bytes.", &"64 bytes".repeat(8)] {
                let output = eyrie(&bundled, target, &["--report", nonce]).output_in_time();
                ends(&output, 0, &[]);
                let report = hex::decode(text(&output.stdout).trim_end()).unwrap();
                keys.insert(attested::exchange_key(&report, &measurement, nonce.as_bytes()));
            }
        }
        assert_eq!(keys.len(), 2, "one of each image, the same in every run");
        for nonce in ["7 bytes", &"x".repeat(65)] {
            ends(&eyrie(&bundled, "pulley64", &["--report", nonce]).output_in_time(), 104, &[]);
        }
    }

    #[test]
    fn a_host_that_repeats_itself_does_not_get_the_same_random_numbers() {
        let bundled = build_for(SOFT, &guest("random_values", "wasm32-wasip2"), &[BOTH]);
        let outputs = [(); 3].map(|()| {
            let output = eyrie(&bundled, "riscv64", &["--same-entropy"]).output_in_time();
            ends(&output, 0, &[]);
            text(&output.stdout)
        });
        let numbers: BTreeSet<_> = outputs.iter().flat_map(|output| output.lines()).collect();
        assert_eq!(numbers.len(), 3 * (1 + 4 * 5 + 3 * 4), "{outputs:?}");
    }

    #[test]
    fn a_program_of_megabytes_is_streamed() {
        let wasm = target_directory().join("programs/wasm32-wasip1/bin/rg.wasm");
        let bundled = build_for(SOFT, &wasm, &["--engine=pulley"]);
        let mut command = eyrie(&bundled, "pulley64", &["--edge-calls"]);
        let output = command.args(["--", "--version"]).output_in_time();
        ends(&output, 0, &["\"launch.program\":"]);
        assert!(text(&output.stdout).starts_with("ripgrep 15.1.0"), "{}", text(&output.stdout));
    }
}
