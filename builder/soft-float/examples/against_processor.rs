//! `cargo xtask soft-float`: the soft-float functions against the processor's own unit, for hours if need be.

use anyhow::{Context, Result, bail};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use wasmstone_soft_float::check::{FUNCTIONS, Function, Mismatch, Operands};

/// The number of rounds for a function whose operands cannot all be tried.
const ROUNDS: u64 = 1_000_000_000;

/// The number of operands of a function of one operand of 32 bits.
const ALL: u64 = 1 << 32;

/// The number of operands that a thread tries before it asks for more.
const PORTION: u64 = 1 << 20;

const THREADS: usize = 2;

fn main() -> Result<()> {
    check(&std::env::args().skip(1).collect::<Vec<_>>())
}

/// Checks the named functions, or all.
///
/// # Errors
/// The operands for which a function and the processor differ, the first ones found for each function; or an error in
/// the arguments.
fn check(arguments: &[String]) -> Result<()> {
    let mut rounds = ROUNDS;
    let mut functions = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--rounds" {
            let value = arguments.next().context("--rounds needs a number")?;
            rounds = value.replace('_', "").parse().with_context(|| format!("{value:?} is no number of rounds"))?;
        } else {
            let named = FUNCTIONS.iter().find(|function| function.name == argument);
            functions.push(named.with_context(|| format!("there is no function {argument:?}; one is f64_add"))?);
        }
    }
    if functions.is_empty() {
        functions.extend(FUNCTIONS);
    }
    let started = Instant::now();
    let (mut tried, mut wrong) = (0, 0);
    for function in &functions {
        let (rounds, how) =
            if function.operands == Operands::One32 { (ALL, "all there are") } else { (rounds, "pseudo-random") };
        let began = Instant::now();
        match in_portions(function, rounds) {
            Ok(()) => println!("{}: {rounds} right, {how}, {:.1} s", function.name, began.elapsed().as_secs_f64()),
            Err(mismatch) => {
                wrong += 1;
                println!("WRONG: {mismatch}");
            }
        }
        tried += rounds;
    }
    println!("{} functions, {tried} rounds, {wrong} wrong, {:.0} s", functions.len(), started.elapsed().as_secs_f64());
    if wrong > 0 {
        bail!("{wrong} soft-float functions differ from the processor; the first operands of each are above");
    }
    Ok(())
}

fn in_portions(function: &Function, rounds: u64) -> Result<(), Mismatch> {
    function.check_edges()?;
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let first = next.fetch_add(PORTION, Ordering::Relaxed);
            if first >= rounds {
                return Ok(());
            }
            if let Err(mismatch) = function.check(first, PORTION.min(rounds - first)) {
                // The results of the other threads are not needed.
                next.store(rounds, Ordering::Relaxed);
                return Err(mismatch);
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        // A thread that panics is a bug of a function: the panic continues here.
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
