//! Computing: the same Pulley code inside and outside an enclave.

use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::Result;

const ROUNDS: usize = 5;

/// Inside ÷ outside.
const LIMIT: f64 = 1.03;

/// Programs and their sizes, which keep each busy for more than a second.
const KERNELS: [(&str, &str); 5] =
    [("mandelbrot", "1200"), ("sha256", "12000"), ("sieve", "25000000"), ("matmul", "350"), ("floats", "600000")];

/// A row for each kernel, and one for all.
///
/// # Errors
/// If a program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut ratios = Vec::new();
    for (name, size) in KERNELS {
        eprintln!("computing: {name}");
        let both = places.compare(&places.program(name)?.task(&[size]).same_executable(), ROUNDS)?;
        let ratio = both.ratio();
        let compared = spread(&ratio, unit::ratio);
        let row = Row::measured(format!("compute: {name}"), &both.inside, &both.outside, unit::seconds, compared);
        rows.push(row.at_most(ratio.median(), LIMIT, unit::ratio));
        ratios.push(ratio);
    }
    let mean = Rounds::geometric_mean(&ratios);
    let row = Row::compared("compute: geometric mean", spread(&mean, unit::ratio));
    rows.push(row.at_most(mean.median(), LIMIT, unit::ratio));
    Ok(rows)
}
