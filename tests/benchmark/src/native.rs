//! Computing as machine code: inside, compared with Wasmtime's own machine code outside, and with Pulley inside.

use crate::place::Places;
use crate::plot::bars;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result};
use std::path::PathBuf;

const ROUNDS: usize = 5;

/// Fewer rounds, since Pulley takes long.
const PULLEY_ROUNDS: usize = 2;

/// Machine code inside ÷ outside.
const OUTSIDE: f64 = 1.1;

/// Pulley ÷ machine code, both inside.
const PULLEY: f64 = 10.0;

/// A program that computes, and its size as machine code and for the comparison with Pulley.
struct Kernel {
    name: &'static str,
    in_c: bool,
    size: &'static str,
    small: &'static str,
}

const KERNELS: [Kernel; 10] = [
    Kernel { name: "mandelbrot", in_c: false, size: "2000", small: "700" },
    Kernel { name: "sha256", in_c: false, size: "60000", small: "8000" },
    Kernel { name: "sieve", in_c: false, size: "30000000", small: "10000000" },
    Kernel { name: "matmul", in_c: false, size: "600", small: "250" },
    Kernel { name: "gemm", in_c: true, size: "900", small: "300" },
    Kernel { name: "two_products", in_c: true, size: "650", small: "220" },
    Kernel { name: "jacobi", in_c: true, size: "1300", small: "400" },
    Kernel { name: "lu", in_c: true, size: "1000", small: "350" },
    Kernel { name: "paths", in_c: true, size: "900", small: "280" },
    Kernel { name: "correlation", in_c: true, size: "900", small: "320" },
];

/// Two rows for each kernel, and two for all.
///
/// # Errors
/// If a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let (mut rows, mut to_outside, mut to_pulley) = (Vec::new(), Vec::new(), Vec::new());
    for kernel in KERNELS {
        eprintln!("computing as machine code: {}", kernel.name);
        let wasm = kernel.wasm(places)?;
        let program = places.native(&wasm)?;
        let both = places.compare(&program.task(&[kernel.size]), ROUNDS)?;
        let ratio = both.ratio();
        let what = format!("machine code, inside ÷ outside: {}", kernel.name);
        let compared = spread(&ratio, unit::ratio);
        rows.push(Row::measured(what, &both.inside, &both.outside, unit::seconds, compared));
        to_outside.push(ratio);

        let interpreted = places.bundle(&wasm, "pulley")?;
        let both = places.compare(&program.task(&[kernel.small]).against(&interpreted), PULLEY_ROUNDS)?;
        to_pulley.push((kernel.name, both.outside.with(&both.inside, |pulley, native| pulley / native)));
    }
    let mean = Rounds::geometric_mean(&to_outside);
    let row = Row::compared("machine code, inside ÷ outside: geometric mean", spread(&mean, unit::ratio));
    rows.push(row.at_most(mean.median(), OUTSIDE, unit::ratio));

    for (name, ratio) in &to_pulley {
        rows.push(Row::compared(format!("Pulley ÷ machine code, inside: {name}"), spread(ratio, unit::ratio)));
    }
    let medians: Vec<_> = to_pulley.iter().map(|(name, ratio)| (*name, ratio.median())).collect();
    let ratios: Vec<_> = to_pulley.into_iter().map(|(_, ratio)| ratio).collect();
    let mean = Rounds::geometric_mean(&ratios);
    let row = Row::compared("Pulley ÷ machine code, inside: geometric mean", spread(&mean, unit::ratio));
    rows.push(row.at_least(mean.median(), PULLEY, unit::ratio));

    places.plot("pulley-native.svg", &bars("Pulley ÷ machine code: how many times as long", &medians, PULLEY))?;
    let medians: Vec<_> =
        KERNELS.iter().zip(&to_outside).map(|(kernel, ratio)| (kernel.name, ratio.median())).collect();
    places.plot("native-outside.svg", &bars("Machine code, inside ÷ Wasmtime outside", &medians, OUTSIDE))?;
    Ok(rows)
}

impl Kernel {
    fn wasm(&self, places: &Places) -> Result<PathBuf> {
        let wasm =
            if self.in_c { places.target.join(format!("kernels/{}.wasm", self.name)) } else { places.guest(self.name) };
        wasm.exists()
            .then_some(wasm)
            .with_context(|| format!("{} was not compiled: run `cargo xtask bench`", self.name))
    }
}
