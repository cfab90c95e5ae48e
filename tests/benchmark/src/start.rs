//! Starting: the time until the first byte of output.

use crate::place::Places;
use crate::table::{Row, spread, unit};
use anyhow::Result;

const ROUNDS: usize = 40;

/// Inside − outside, in seconds.
const LIMIT: f64 = 0.030;

/// One row.
///
/// # Errors
/// If the program cannot be run.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    eprintln!("starting: hello");
    let both = places.compare_start(&places.program("hello")?.task(&[]), ROUNDS)?;
    let more = both.difference();
    let compared = spread(&more, unit::more_milliseconds);
    let row = Row::measured("start to first output: hello", &both.inside, &both.outside, unit::milliseconds, compared);
    Ok(vec![row.at_most(more.median(), LIMIT, unit::more_milliseconds)])
}
