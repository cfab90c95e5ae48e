//! Sizes of files.

use crate::place::Places;
use crate::table::Row;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// The rows.
///
/// # Errors
/// If a file is missing.
pub fn rows(places: &Places) -> Result<Vec<Row>> {
    let hello = places.program("hello")?;
    Ok(vec![
        Row::fact("size: bundle of hello", size(&hello.bundle)?),
        Row::fact("size: the command wasmstone", size(&places.wasmstone)?),
    ])
}

fn size(file: &Path) -> Result<String> {
    let bytes = fs::metadata(file).with_context(|| format!("cannot look at {}", file.display()))?.len();
    Ok(if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
    })
}
