//! Computing on RISC-V: machine code compared with Pulley, both in the enclave app that Keystone runs, in the Eyrie
//! harness under `qemu-riscv64`.

use crate::emulator::{self, Emulator};
use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use wasmstone_builder::{Request, build};
use wasmstone_policy::Target;

/// Few rounds, since Pulley takes long, and an emulator's times vary little.
const ROUNDS: usize = 2;

/// Pulley ÷ machine code.
const PULLEY: f64 = 10.0;

/// Programs and their sizes: machine code takes about a second for each.
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

/// The language of a kernel.
#[derive(Clone, Copy, Debug)]
enum Source {
    Rust,
    C,
}

/// A row for each kernel, and one for all; empty if there is no emulator.
///
/// # Errors
/// If a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let Some(emulator) = Emulator::find(places, "computing on RISC-V") else {
        return Ok(Vec::new());
    };
    let (mut rows, mut ratios) = (Vec::new(), Vec::new());
    for (name, source, size) in KERNELS {
        eprintln!("computing on RISC-V: {name}");
        let wasm = match source {
            Source::Rust => places.guest(name),
            Source::C => places.target.join(format!("kernels/{name}.wasm")),
        };
        let bundle = bundle(places, name, &wasm)?;
        let pairs = (0..ROUNDS).map(|_| {
            let (native, printed) = emulator.seconds(&bundle, Target::Riscv64, size)?;
            let (pulley, printed_by_pulley) = emulator.seconds(&bundle, Target::Pulley64, size)?;
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

/// Builds a bundle for both engines, for a platform that would protect floating-point registers.
fn bundle(places: &Places, name: &str, wasm: &Path) -> Result<PathBuf> {
    let wasm = fs::read(wasm).with_context(|| format!("{name} was not compiled: run `cargo xtask bench`"))?;
    let platform = emulator::platform(true);
    let targets = vec![Target::Pulley64, Target::Riscv64];
    let request = Request { targets, ..Request::new(&wasm, name, &platform) };
    emulator::write(places, &format!("riscv64-{name}"), &build(&request, |_| {})?)
}
