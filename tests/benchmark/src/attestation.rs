//! Verifying reports.

use crate::place::Places;
use crate::statistics::Rounds;
use crate::table::{Row, unit};
use anyhow::{Context, Result, anyhow};
use std::hint::black_box;
use std::time::Instant;
use wasmstone_attestation::{DeviceKey, Expected, Measurement, Pins, Report, Risks, SmHash, simulator};

const ROUNDS: usize = 5;

/// The number of reports that are verified in a round.
const REPORTS: u32 = 500;

/// The limit in seconds.
const LIMIT: f64 = 1e-3;

/// The row: a report is parsed, and both signatures and all pinned values are checked.
///
/// # Errors
/// If the report does not verify.
pub fn rows(_: &Places) -> Result<Vec<Row>> {
    eprintln!("verifying reports");
    let measurement = Measurement([7; 64]);
    let report = simulator::report(&measurement, b"user data").context("there is no report")?;
    let pins = Pins {
        measurements: vec![measurement],
        sm_hashes: vec![SmHash::SIMULATOR],
        device_keys: vec![DeviceKey::SIMULATOR],
        ..Pins::default()
    };
    let risks = Risks { simulator: true, ..Risks::default() };
    let round = || {
        let start = Instant::now();
        for _ in 0..REPORTS {
            let report = Report::parse(black_box(&report)).map_err(|error| anyhow!("{error}"))?;
            pins.verify(&report, Expected::Guest(b"user data"), risks).map_err(|error| anyhow!("{error}"))?;
        }
        Ok(start.elapsed().as_secs_f64() / f64::from(REPORTS))
    };
    let rounds: Rounds = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>>>()?.into_iter().collect();
    let row = Row::fact("verifying a report", unit::microseconds(rounds.median()));
    Ok(vec![row.at_most(rounds.median(), LIMIT, unit::milliseconds)])
}
