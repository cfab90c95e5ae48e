//! Computing on RISC-V: machine code next to Pulley, both in the enclave app that Keystone runs, in the
//! Eyrie harness under `qemu-riscv64`.

use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use wasmstone_builder::{Request, build};
use wasmstone_bundle::Platform;
use wasmstone_policy::Target;

/// Pulley takes long, and an emulator's times spread little.
const ROUNDS: usize = 2;

/// Pulley ÷ machine code.
const PULLEY: f64 = 10.0;

/// Programs and their sizes: as much as machine code does in about a second.
const KERNELS: [(&str, Source, &str); 10] = [
    ("mandelbrot", Source::Rust, "900"),
    ("sha256", Source::Rust, "8000"),
    ("sieve", Source::Rust, "10000000"),
    ("matmul", Source::Rust, "250"),
    ("gemm", Source::C, "250"),
    ("two_products", Source::C, "200"),
    ("jacobi", Source::C, "250"),
    ("lu", Source::C, "300"),
    ("paths", Source::C, "280"),
    ("correlation", Source::C, "250"),
];

const EMULATOR: &str = "qemu-riscv64";

/// What `cargo xtask target` builds.
fn harness(places: &Places) -> PathBuf {
    places.target.join("riscv64gc-unknown-linux-gnu/small/wasmstone-eyrie-harness")
}

/// What a kernel is written in.
#[derive(Clone, Copy, Debug)]
enum Source {
    Rust,
    C,
}

/// A row for each kernel, and one for all; none where there is no emulator.
///
/// # Errors
/// Where one cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let harness = harness(places);
    let mut emulator = Command::new(EMULATOR);
    let emulator = emulator.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !harness.exists() || !emulator.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: computing on RISC-V needs {EMULATOR} (Debian: qemu-user) and {}", harness.display());
        return Ok(Vec::new());
    }
    let (mut rows, mut ratios) = (Vec::new(), Vec::new());
    for (name, source, size) in KERNELS {
        eprintln!("computing on RISC-V: {name}");
        let wasm = match source {
            Source::Rust => places.guest(name),
            Source::C => places.target.join(format!("kernels/{name}.wasm")),
        };
        let bundle = bundle(places, name, &wasm)?;
        let pairs = (0..ROUNDS).map(|_| {
            let (native, printed) = seconds(places, &bundle, Target::Riscv64, size)?;
            let (pulley, printed_by_pulley) = seconds(places, &bundle, Target::Pulley64, size)?;
            ensure!(printed == printed_by_pulley, "{name} prints something else on Pulley");
            Ok(pulley / native)
        });
        let ratio: Rounds = pairs.collect::<Result<Vec<_>>>()?.into_iter().collect();
        let what = format!("Pulley ÷ machine code, riscv64 emulated: {name}");
        rows.push(Row::compared(what, spread(&ratio, unit::ratio)));
        ratios.push(ratio);
    }
    let mean = Rounds::geometric_mean(&ratios);
    let row = Row::compared("Pulley ÷ machine code, riscv64 emulated: geometric mean", spread(&mean, unit::ratio));
    rows.push(row.at_least(mean.median(), PULLEY, unit::ratio));
    Ok(rows)
}

/// Builds a bundle of both engines, for a platform that would protect floating-point registers.
fn bundle(places: &Places, name: &str, wasm: &Path) -> Result<PathBuf> {
    let wasm = fs::read(wasm).with_context(|| format!("{name} was not compiled: run `cargo xtask bench`"))?;
    let platform = Platform { name: "emulated".to_owned(), fp_safe: true, ..Platform::sim() };
    let targets = vec![Target::Pulley64, Target::Riscv64];
    let request = Request { targets, ..Request::new(&wasm, name, &platform) };
    let path = places.directory(&format!("riscv64-{name}"))?.join("kernel.wsb");
    fs::write(&path, build(&request, |_| {})?.bundle.to_bytes()).context("cannot write the bundle")?;
    Ok(path)
}

/// How long a kernel takes in the enclave, from its first instruction, and what it prints.
fn seconds(places: &Places, bundle: &Path, target: Target, size: &str) -> Result<(f64, Vec<u8>)> {
    let mut command = Command::new(EMULATOR);
    command.arg(harness(places)).arg(bundle).args(["--target", target.name(), "--seconds", "--", size]);
    let output = command.stdin(Stdio::null()).output().context("cannot run the emulator")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {stderr}");
    let seconds = stderr.lines().find_map(|line| line.strip_prefix("{\"seconds\":")?.strip_suffix('}'));
    let seconds = seconds.and_then(|seconds| seconds.parse().ok()).context("the harness tells no time")?;
    Ok((seconds, output.stdout))
}
