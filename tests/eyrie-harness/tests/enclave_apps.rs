//! Tests of the harness itself: enclave apps of a few instructions that check what Eyrie promises, or do what no
//! enclave app may do. `xtask` skips these tests on machines on which RISC-V code cannot be built or run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use wasmstone_bundle::bundle::{Bundle, Parts, ProgramPart};
use wasmstone_bundle::{Platform, Sha256Digest};
use wasmstone_edge_protocol::ExitStatus;
use wasmstone_happ::backend::exit_code;
use wasmstone_policy::{Entry, Launch, Memories, Memory, Policy, Program, Target};
use wasmstone_test_support::processes::InTime;

/// The exit value of an enclave app that found everything as it should be.
const GOOD: u8 = 7;

/// The heap of every enclave app here.
const MEMORY: Memory = Memory { linear: 1 << 16, runtime: 1 << 16 };

/// Before the instructions: `check` ends the enclave with an illegal instruction unless two registers are
/// equal, `call` enters Eyrie.
const BEGINNING: &str = "
    .macro check a, b
        beq \\a, \\b, 1f
        unimp
    1:
    .endm
    .macro call number
        li a7, \\number
        jal eyrie
    .endm
    .text
    .globl _start
    _start:
        mv s0, sp
        mv s1, a0
";

/// Behind the instructions: the end, and the only `ecall`.
fn ending() -> String {
    format!(
        "
    good:
        li a0, {}
    exit:
        li a7, 1101
        mv s0, a0
    2:  mv a0, s0
        jal eyrie
        j 2b
    eyrie:
        ecall
        ret
    .section .rodata
    .dword 0
    .data
    data: .dword 0x1122334455667788
    .bss
    .balign 8
    bss: .space 8192
    ",
        ExitStatus::Guest(GOOD).value()
    )
}

fn target_directory() -> PathBuf {
    // The program that is built for this machine lies in TARGET/PROFILE.
    Path::new(env!("CARGO_BIN_EXE_wasmstone-eyrie-harness")).ancestors().nth(2).unwrap().to_owned()
}

/// Assembles and links, as the real enclave app is laid out.
fn executable(instructions: &str, directory: &Path) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../eapp/app/enclave.ld");
    let file = directory.join("eapp");
    let mut compiler = Command::new("riscv64-linux-gnu-gcc");
    compiler.args([
        "-nostdlib",
        "-static",
        "-march=rv64imac_zicsr_zifencei",
        "-mabi=lp64",
        "-Wl,--build-id=none",
        "-Wl,--no-relax",
    ]);
    compiler.arg("-T").arg(script).arg("-o").arg(&file).args(["-x", "assembler", "-"]);
    let mut compiler = compiler.stdin(Stdio::piped()).spawn_in_time();
    let text = format!("{BEGINNING}{instructions}{}", ending());
    compiler.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(compiler.wait().unwrap().success(), "{text}");
    fs::read(file).unwrap()
}

fn run(instructions: &str) -> Output {
    run_under(&[], instructions)
}

/// As [`run`], with options for the emulator.
fn run_under(options: &[&str], instructions: &str) -> Output {
    let directory = TempDir::new().unwrap();
    let eapp = executable(instructions, directory.path());
    let program = b"not looked at";
    let launch = Launch {
        memory: MEMORY,
        name: "test".to_owned(),
        entry: Entry::Command,
        instances: 0,
        program: Program {
            target: Target::Pulley64,
            size: program.len() as u64,
            sha256: Sha256Digest::of(program).0,
            cpu_features: Vec::new(),
            hardware_float: false,
            memories: Memories::InPlace,
        },
        policy: Policy::closed(),
    };
    let parts = Parts {
        platform: &Platform { name: "test".to_owned(), ..Platform::sim() },
        eapp: &eapp,
        programs: vec![ProgramPart { launch: &launch, program }],
    };
    let bundle = directory.path().join("test.wsb");
    fs::write(&bundle, Bundle::build(&parts).unwrap().to_bytes()).unwrap();
    let harness = target_directory().join("riscv64gc-unknown-linux-gnu/small/wasmstone-eyrie-harness");
    assert!(harness.exists(), "{} is missing: run `cargo xtask target`", harness.display());
    let mut command = Command::new("qemu-riscv64");
    command.args(options).arg(harness).arg(bundle).args(["--timeout", "3000"]).stdin(Stdio::null());
    command.output_in_time()
}

#[track_caller]
fn ends(instructions: &str, code: i32, words: &str) {
    let output = run(instructions);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{instructions}: {stderr}");
    assert!(stderr.contains(words), "{instructions}: {words:?} is not in {stderr}");
}

#[track_caller]
fn is_good(instructions: &str) {
    ends(&format!("{instructions}\n j good"), GOOD.into(), "");
}

const ABNORMAL: i32 = exit_code::ABNORMAL as i32;

mod needs_riscv64 {
    use super::*;

    #[test]
    fn memory_is_as_the_image_says() {
        is_good("li t0, 0x40000000; check s0, t0; check s1, zero");
        is_good("ld t0, -8(sp); check t0, zero; sd sp, -8(sp); li t1, 0x20000; sub t1, sp, t1; sd sp, 0(t1)");
        is_good("la t0, data; ld t0, 0(t0); li t1, 0x1122334455667788; check t0, t1");
        is_good("la t0, bss; li t1, 8184; add t0, t0, t1; ld t2, 0(t0); check t2, zero; sd t1, 0(t0)");
        is_good("li t0, 0x80001fff8; ld t1, 0(t0); check t1, zero; sd t0, 0(t0); ld t1, 0(t0); check t0, t1");
    }

    #[test]
    fn what_lies_elsewhere_is_a_page_fault() {
        for (instructions, place) in [
            ("li t0, 0x3ffdfff8; ld t0, 0(t0)", "0x3ffdfff8"),
            ("1: sd zero, 0(sp); addi sp, sp, -8; j 1b", "0x40000000"),
            ("addi sp, sp, -8; 1: sd zero, 0(sp); addi sp, sp, -8; j 1b", "0x3ffdfff8"),
            ("li t0, 0x800020000; sd zero, 0(t0)", "0x800020000"),
            ("ld t0, 8(zero)", "0x8"),
            ("la t0, _start; sd zero, 0(t0)", "0x10000"),
            ("li t0, 0x100000000; ld t1, 0(t0); sd t1, 0(t0)", "0x100000000"),
        ] {
            ends(instructions, ABNORMAL, "a page fault");
            ends(instructions, ABNORMAL, place);
        }
    }

    #[test]
    fn eyrie_hangs_where_an_instruction_cannot_be_run() {
        for instructions in
            [".word 0", "ebreak", "li t0, 0x800000000; jr t0", "jr sp", "li t0, 0x100000000; jr t0", "jr zero"]
        {
            ends(instructions, ABNORMAL, "cannot be run");
        }
    }

    #[test]
    fn calls_answer_as_eyrie_does() {
        is_good("call 1102; li t0, -1; check a0, t0");
        // A request that does not follow the protocol gets an answer, but no service.
        is_good("li a0, 99; mv a1, sp; li a2, 0; la a3, bss; li a4, 64; call 1001; check a0, zero");
        // It fits with the header, or it does not.
        is_good("li a0, 99; li a1, 0x800000000; li a2, 0x1ffd0; li a4, 0; call 1001; check a0, zero");
        is_good("li a0, 99; li a1, 0x800000000; li a2, 0xfffd1; call 1001; li t0, 1; check a0, t0");
        // The answer's version is 1. Bytes that are not asked for are not copied.
        is_good("li a2, 0; la a3, bss; li a4, 1; call 1001; la t0, bss; ld t1, 0(t0); li t2, 1; check t1, t2");
        is_good("la a0, bss; li a1, 48; li a2, 8; call 1002; check a0, zero");
        is_good("la a0, bss; li a1, 0xffff8; li a2, 9; call 1002; li t0, 1; check a0, t0");
        ends("li a0, 99; li a1, 8; li a2, 8; call 1001", ABNORMAL, "a page fault in the runtime");
        ends("la a0, _start; li a1, 0; li a2, 8; call 1002", ABNORMAL, "a page fault in the runtime");
    }

    #[test]
    fn calls_keep_every_register_but_one() {
        let registers = ["gp", "tp", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s2", "s11", "a1", "a5", "a6"];
        let set = registers.iter().enumerate().map(|(index, name)| format!("li {name}, {}; ", index + 100));
        let set: String = set.collect();
        let check =
            registers.iter().enumerate().map(|(index, name)| format!("li s3, {}; check {name}, s3; ", index + 100));
        let check: String = check.collect();
        is_good(&format!("{set} call 1102; {check}"));
    }

    #[test]
    fn reports_and_keys_are_for_tests() {
        // The monitor is the simulator's, by the first bytes of its hash.
        let monitor = i64::from_le_bytes([0x9b, 0x00, 0xf7, 0x58, 0xfe, 0x81, 0xec, 0x57]);
        is_good(&format!(
            "la a0, bss; la a1, data; li a2, 8; call 1003; check a0, zero; la t0, bss; ld t1, 64(t0); li t2, 8; \
            check t1, t2; ld t1, 72(t0); la t2, data; ld t2, 0(t2); check t1, t2; ld t1, 1160(t0); li t2, {monitor}; \
            check t1, t2",
        ));
        is_good("la a0, bss; la a1, bss; li a2, 1025; call 1003; li t0, 100008; check a0, t0");
        let key = |at: usize, identifier: usize| {
            format!(
                "la a0, bss; addi a0, a0, {at}; li a1, 192; la a2, data; li a3, {identifier}; call 1004; check a0, zero;"
            )
        };
        let load = "la t0, bss; ld t1, 0(t0); ld t2, 192(t0);";
        is_good(&format!("{} {} {load} check t1, t2; ld t3, 120(t0); bnez t3, good; unimp", key(0, 8), key(192, 8)));
        is_good(&format!("{} {} {load} bne t1, t2, good; unimp", key(0, 8), key(192, 7)));
        is_good("la a0, bss; li a1, 4097; la a2, data; li a3, 1; call 1004; li t0, -1; check a0, t0");
    }

    #[test]
    fn the_end_is_the_end() {
        ends("li a0, 5; j exit", ABNORMAL, "unknown value 0x5");
        ends("li a0, -1; j exit", ABNORMAL, "");
        ends("li s2, 2; 1: call 1101; addi s2, s2, -1; bnez s2, 1b; call 1102; j good", 1, "goes on after its end");
        ends("1: addi a0, a0, 1; call 1101; j 1b", 1, "exits with 0x1, then with");
        ends("j good; ecall", 1, "2 instructions ecall");
        ends("1: j 1b", exit_code::TIMED_OUT.into(), "TimedOut");
    }

    /// With the plugin that the benchmark uses for it.
    #[test]
    fn instructions_are_counted() {
        let directory = TempDir::new().unwrap();
        let plugin = directory.path().join("count_instructions.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benchmark/count_instructions.c");
        let mut compile = Command::new("cc");
        compile.args(["-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden"]).arg(source);
        assert!(compile.arg("-o").arg(&plugin).status_in_time().success());
        let plugin = format!("{},at=10000-20000", plugin.display());
        let counted = |rounds: u32| -> Option<u64> {
            let output =
                run_under(&["-plugin", &plugin], &format!("li t0, {rounds}; 1: addi t0, t0, -1; bnez t0, 1b; j good"));
            let stderr = String::from_utf8_lossy(&output.stderr);
            if stderr.contains("unknown option 'plugin'") {
                return None;
            }
            assert_eq!(output.status.code(), Some(GOOD.into()), "{stderr}");
            let number = |line: &str| line.strip_prefix("{\"instructions\":")?.strip_suffix('}')?.parse().ok();
            Some(stderr.lines().find_map(number).unwrap_or_else(|| panic!("nothing was counted: {stderr}")))
        };
        match (counted(1001), counted(1)) {
            (Some(many), Some(few)) => assert_eq!(many - few, 2000),
            _ => eprintln!("SKIPPED: this qemu-riscv64 was built without plugins"),
        }
    }
}
