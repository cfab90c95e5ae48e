//! The web service `examples/digits` with lowered floats: its speed, its size, and what lowering adds to its build.

use crate::emulator::{Emulator, platform, write};
use crate::place::Places;
use crate::same_executable;
use crate::served::Served;
use crate::statistics::Rounds;
use crate::table::{Row, spread, unit};
use crate::web::client::{Client, Picture, pictures};
use crate::web::sequence::Sequence;
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use wasmstone_builder::{Built, Float, Request, Stage, build};
use wasmstone_bundle::{Platform, image::Image, verify::contents};
use wasmstone_policy::{Target, layout};

/// Lowered ÷ Pulley: a hundred pictures on this machine.
const PICTURES: f64 = 0.5;

/// The lowering pass ÷ compiling.
const PASS: f64 = 0.1;

/// Machine code, lowered ÷ with floating-point registers.
const CODE: f64 = 1.12;

const ROUNDS: usize = 3;

/// The number of pictures in a round under the emulator.
const FEW: usize = 10;

/// The address at which the service listens.
const ANYWHERE: [&str; 1] = ["127.0.0.1:0"];

/// The rows; empty if the example was not built, since it needs a newer Rust.
///
/// # Errors
/// If the service cannot be built or run, or does not answer as it should.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let file = places.digits();
    if !file.exists() {
        eprintln!("SKIPPED: examples/digits with lowered floats needs {}", file.display());
        return Ok(Vec::new());
    }
    let wasm = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut rows = vec![here(places, &wasm)?];
    rows.extend(on_riscv64(places, &wasm)?);
    Ok(rows)
}

/// The rows for this machine, in the simulator.
fn here(places: &Places, wasm: &[u8]) -> Result<Row> {
    eprintln!("lowered: examples/digits");
    let native = Target::host().context("there is no machine code for this machine")?;
    let this = env::current_exe().context("cannot find this program")?;
    let serve = |name, target, float| {
        let sim = Platform::sim();
        let bundle = write(places, name, &built(wasm, &sim, &[target], float)?.built)?;
        let mut inside = Command::new(&this);
        inside.arg(same_executable::INSIDE).arg(bundle).args(ANYWHERE);
        Served::start(inside)
    };
    let lowered = serve("digits-lowered", native, Some(Float::Lowered))?;
    let pulley = serve("digits-pulley", Target::Pulley64, None)?;
    let Sequence { count, rounds, .. } = Sequence::PAPER;
    let (lowered, pulley) = in_turn(&lowered, &pulley, &pictures()?, count, rounds)?;
    let ratio = lowered.with(&pulley, |lowered, pulley| lowered / pulley);
    let what = format!("lowered ÷ Pulley, both inside: {count} pictures sent to examples/digits");
    Ok(Row::compared(what, spread(&ratio, unit::ratio)).at_most(ratio.median(), PICTURES, unit::ratio))
}

/// The rows for Keystone: its build, its size, and its speed under the emulator.
fn on_riscv64(places: &Places, wasm: &[u8]) -> Result<Vec<Row>> {
    eprintln!("lowered: examples/digits for riscv64");
    let (soft, hard) = (platform(false), platform(true));
    let lowered = built(wasm, &soft, &[Target::Riscv64], None)?;
    ensure!(lowered.built.lowering.is_some(), "examples/digits was not lowered");
    let share = lowered.lowering / lowered.compiling;
    let compared = format!("{share:.3} ({} ÷ {})", unit::seconds(lowered.lowering), unit::seconds(lowered.compiling));
    let what = "lowering ÷ compiling: examples/digits for riscv64";
    let mut rows = vec![Row::compared(what, compared).at_most(share, PASS, unit::ratio)];

    let bundle = write(places, "digits-lowered-riscv64", &lowered.built)?;
    let lowered = code(&lowered.built)?;
    let hardware = code(&built(wasm, &hard, &[Target::Riscv64], None)?.built)?;
    let ratio = lowered / hardware;
    let mebibytes = |bytes: f64| format!("{:.1} MiB", bytes / f64::from(1 << 20));
    let compared = format!("{} ({} ÷ {})", unit::ratio(ratio), mebibytes(lowered), mebibytes(hardware));
    let what = "machine code for riscv64, lowered ÷ hardware floats: examples/digits";
    rows.push(Row::compared(what, compared).at_most(ratio, CODE, unit::ratio));

    if let Some(emulator) = Emulator::find(places, "examples/digits with lowered floats on RISC-V") {
        rows.push(emulated(places, &emulator, wasm, &bundle)?);
    }
    Ok(rows)
}

fn emulated(places: &Places, emulator: &Emulator, wasm: &[u8], lowered: &Path) -> Result<Row> {
    let soft = platform(false);
    let pulley = built(wasm, &soft, &[Target::Pulley64], None)?.built;
    let pulley = write(places, "digits-pulley-riscv64", &pulley)?;
    let lowered = emulator.serve(lowered, Target::Riscv64, &ANYWHERE)?;
    let pulley = emulator.serve(&pulley, Target::Pulley64, &ANYWHERE)?;
    let (lowered, pulley) = in_turn(&lowered, &pulley, &pictures()?, FEW, ROUNDS)?;
    let ratio = lowered.with(&pulley, |lowered, pulley| lowered / pulley);
    let seconds = |rounds: &Rounds| unit::seconds(rounds.median());
    let what = format!(
        "lowered ÷ Pulley, riscv64 emulated: {FEW} pictures sent to examples/digits, {} ÷ {}",
        seconds(&lowered),
        seconds(&pulley)
    );
    Ok(Row::compared(what, spread(&ratio, unit::ratio)))
}

/// The seconds of rounds of pictures that are sent to both in turn, after one round each that is not counted.
fn in_turn(
    one: &Served,
    other: &Served,
    pictures: &[Picture],
    count: usize,
    rounds: usize,
) -> Result<(Rounds, Rounds)> {
    let keep_alive = Sequence::PAPER.keep_alive;
    let round = |served: &Served| Client::new(served.address, keep_alive).round(pictures, count);
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..=rounds {
        ones.push(round(one)?);
        others.push(round(other)?);
    }
    Ok((ones.into_iter().skip(1).collect(), others.into_iter().skip(1).collect()))
}

/// A build, and the seconds of its steps.
struct Timed {
    built: Built,
    lowering: f64,
    compiling: f64,
}

fn built(wasm: &[u8], platform: &Platform, targets: &[Target], float: Option<Float>) -> Result<Timed> {
    let request = Request { targets: targets.to_vec(), float, ..Request::new(wasm, "digits", platform) };
    let mut steps = Vec::new();
    let built = build(&request, |stage| steps.push((stage, Instant::now())))?;
    let seconds = |wanted| {
        let step = steps.windows(2).find(|step| step[0].0 == wanted);
        step.map_or(0.0, |step| (step[1].1 - step[0].1).as_secs_f64())
    };
    let (lowering, compiling) = (seconds(Stage::Lowering), seconds(Stage::Compiling));
    Ok(Timed { built, lowering, compiling })
}

/// The bytes of machine code in the bundle's only program.
fn code(built: &Built) -> Result<f64> {
    let program = contents(&built.bundle)?.programs.into_iter().next().context("the bundle holds no program")?;
    let segments = Image::parse(&program.image)?.segments;
    let code = segments.iter().filter(|segment| segment.vaddr >= layout::NATIVE_BASE && segment.permissions.execute);
    Ok(code.map(|segment| segment.file.len()).sum::<usize>() as f64)
}
