//! Building a bundle, compared with compiling alone. Both happen in this process, with the same program.

use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use anyhow::{Context, Result, anyhow, ensure};
use std::fs;
use std::time::Instant;
use wasmstone_builder::{Request, Settings, build, config};
use wasmstone_bundle::{Platform, SecretKey};
use wasmstone_policy::{Memories, Target};
use wasmtime::Engine;

const ROUNDS: usize = 4;

/// Building ÷ compiling.
const LIMIT: f64 = 1.2;

/// The largest of the programs that the tests run.
const PROGRAM: &str = "rg";

/// One row.
///
/// # Errors
/// If the program cannot be built.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    eprintln!("building: {PROGRAM}");
    let file = places.target.join(format!("programs/wasm32-wasip1/bin/{PROGRAM}.wasm"));
    let module = fs::read(&file).with_context(|| format!("cannot read {}: run `cargo xtask bench`", file.display()))?;
    let key = SecretKey::generate()?;

    let (mut building, mut compiling) = (Vec::new(), Vec::new());
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        let bundle = signed_bundle(&module, &key)?;
        building.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let program = compiled_alone(&module).map_err(|error| anyhow!("{error:#}"))?;
        compiling.push(start.elapsed().as_secs_f64());
        ensure!(bundle.len() > 1 << 20 && program.len() > 1 << 20, "what was built is too small to be true");
    }
    // The first round starts the compiler's threads.
    let counted = |rounds: Vec<f64>| rounds.into_iter().skip(1).collect::<Rounds>();
    let (building, compiling) = (counted(building), counted(compiling));
    let ratio = building.with(&compiling, |building, compiling| building / compiling);
    let megabytes = module.len() as f64 / 1e6;
    let what = format!("build ÷ compile alone: ripgrep, a core module of {megabytes:.1} MB");
    let row = Row::measured(what, &building, &compiling, unit::seconds, spread(&ratio, unit::ratio));
    Ok(vec![row.at_most(ratio.median(), LIMIT, unit::ratio)])
}

fn compiled_alone(module: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let settings = Settings {
        target: Target::Pulley64,
        cpu_features: &[],
        hardware_float: false,
        memories: Memories::InPlace,
        simulated: false,
        lowered: false,
    };
    Engine::new(&config(&settings)?)?.precompile_module(module)
}

/// The bytes of the file that `wasmstone build` writes.
fn signed_bundle(module: &[u8], key: &SecretKey) -> Result<Vec<u8>> {
    let platform = Platform::sim();
    let request = Request { engine: wasmstone_builder::Engine::Pulley, ..Request::new(module, PROGRAM, &platform) };
    let mut built = build(&request, |_| {})?;
    built.bundle.sign(key)?;
    Ok(built.bundle.to_bytes())
}
