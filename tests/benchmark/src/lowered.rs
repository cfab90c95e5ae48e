//! Floats lowered to integer code: the cost of computing on RISC-V with stock Keystone, compared with Pulley and with
//! floating-point registers.

use crate::emulator::{Emulator, platform, write};
use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, unit};
use crate::web_lowered;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::PathBuf;
use wasmstone_builder::{Request, build};
use wasmstone_policy::Target;

/// Lowered ÷ Pulley.
const FLOATS: f64 = 1.0 / 3.0;

/// Machine code of programs without floats ÷ Pulley.
const INTEGERS: f64 = 0.1;

/// Programs with floats and their sizes, which keep Pulley busy for a second under the emulator.
const FLOAT_KERNELS: [(&str, &str); 7] = [
    ("mandelbrot", "100"),
    ("nbody", "2000"),
    ("matmul", "64"),
    ("div_sqrt", "50000"),
    ("spectral_norm", "60"),
    ("fft", "12"),
    ("neurons", "150"),
];

/// Programs without floats, with such sizes.
const INTEGER_KERNELS: [(&str, &str); 3] = [("sha256", "64"), ("sieve", "300000"), ("xorshift", "1000000")];

/// The rows; what cannot be run here is left out.
///
/// # Errors
/// If a program cannot be built, or its output changes when it is lowered.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if let Some(emulator) = Emulator::find(places, "computing with lowered floats") {
        let emulator = emulator.counting(places);
        rows.extend(floats(places, &emulator)?);
        rows.extend(integers(places, &emulator)?);
    }
    rows.extend(web_lowered::rows(places)?);
    Ok(rows)
}

fn floats(places: &Places, emulator: &Emulator) -> Result<Vec<Row>> {
    let (mut to_pulley, mut to_hardware) = (Comparison::default(), Comparison::default());
    for (name, size) in FLOAT_KERNELS {
        eprintln!("lowered: {name}");
        let soft = bundle(places, name, &[Target::Pulley64, Target::Riscv64], false)?;
        let (lowered, printed) = emulator.cost(&soft, Target::Riscv64, size)?;
        let (pulley, printed_by_pulley) = emulator.cost(&soft, Target::Pulley64, size)?;
        let hard = bundle(places, name, &[Target::Riscv64], true)?;
        let (hardware, printed_by_hardware) = emulator.cost(&hard, Target::Riscv64, size)?;
        let alike = printed == printed_by_pulley && printed == printed_by_hardware;
        ensure!(alike, "{name} prints something else lowered");
        to_pulley.add(name, lowered, pulley);
        to_hardware.add(name, lowered, hardware);
    }
    let mut rows = to_pulley.rows("lowered ÷ Pulley", emulator, Some(FLOATS));
    rows.extend(to_hardware.rows("lowered ÷ hardware floats", emulator, None));
    Ok(rows)
}

fn integers(places: &Places, emulator: &Emulator) -> Result<Vec<Row>> {
    let mut to_pulley = Comparison::default();
    for (name, size) in INTEGER_KERNELS {
        eprintln!("lowered: {name}");
        let soft = bundle(places, name, &[Target::Pulley64, Target::Riscv64], false)?;
        let (native, printed) = emulator.cost(&soft, Target::Riscv64, size)?;
        let (pulley, printed_by_pulley) = emulator.cost(&soft, Target::Pulley64, size)?;
        ensure!(printed == printed_by_pulley, "{name} prints something else on Pulley");
        to_pulley.add(name, native, pulley);
    }
    Ok(to_pulley.rows("no floats, machine code ÷ Pulley", emulator, Some(INTEGERS)))
}

/// The costs of programs in two ways.
#[derive(Default)]
struct Comparison(Vec<(&'static str, f64, f64)>);

impl Comparison {
    fn add(&mut self, name: &'static str, one: f64, other: f64) {
        self.0.push((name, one, other));
    }

    /// A row for each program, and one for all.
    fn rows(&self, what: &str, emulator: &Emulator, limit: Option<f64>) -> Vec<Row> {
        let (counted, shown) = emulator.unit();
        let what = format!("{what}, riscv64, {counted}");
        let row = |(name, one, other): &(&str, f64, f64)| {
            let compared = format!("{} ({} ÷ {})", unit::ratio(one / other), shown(*one), shown(*other));
            Row::compared(format!("{what}: {name}"), compared)
        };
        let mut rows: Vec<_> = self.0.iter().map(row).collect();
        let ratios: Vec<_> = self.0.iter().map(|(_, one, other)| Rounds::from_iter([one / other])).collect();
        let mean = Rounds::geometric_mean(&ratios).median();
        let row = Row::compared(format!("{what}: geometric mean"), unit::ratio(mean));
        rows.push(match limit {
            Some(limit) => row.at_most(mean, limit, unit::ratio),
            None => row,
        });
        rows
    }
}

fn bundle(places: &Places, name: &str, targets: &[Target], fp_safe: bool) -> Result<PathBuf> {
    let wasm = fs::read(places.guest(name)).with_context(|| format!("{name} is missing: run `cargo xtask bench`"))?;
    let platform = platform(fp_safe);
    let request = Request { targets: targets.to_vec(), ..Request::new(&wasm, name, &platform) };
    write(places, &format!("{name}-{}", if fp_safe { "hard" } else { "soft" }), &build(&request, |_| {})?)
}
