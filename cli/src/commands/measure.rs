//! `wasmstone measure`.

mod pins;

use crate::console;
use crate::exit::{Exit, Fault};
use crate::view::{MeasurementView, SCHEMA};
use anyhow::Context;
use pins::{PinsArguments, is_attested};
use serde::Serialize;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use wasmstone_bundle::{
    measurement::{measure, sm_hash},
    verify::contents,
};
use wasmstone_policy::Target;

/// Print the measurement that Keystone will take.
///
/// Recompute a bundle's measurement; signatures are ignored. Or compute the measurement of a loader, a runtime
/// and an enclave app, or the hash of the security monitor in a firmware image.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["bundle", "loader", "sm"]))]
pub struct Measure {
    /// Bundle to measure.
    bundle: Option<PathBuf>,
    /// Keystone's loader (loader.bin).
    #[arg(long, value_name = "FILE", requires = "runtime", requires = "eapp")]
    loader: Option<PathBuf>,
    /// Keystone's runtime (eyrie-rt).
    #[arg(long, value_name = "FILE", requires = "loader")]
    runtime: Option<PathBuf>,
    /// Enclave app, as Keystone will load it.
    #[arg(long, value_name = "FILE", requires = "loader")]
    eapp: Option<PathBuf>,
    /// Raw firmware image that contains the security monitor.
    #[arg(long, value_name = "FILE")]
    sm: Option<PathBuf>,
    /// Print only the measurement for this target of the bundle.
    #[arg(long, value_name = "TARGET", requires = "bundle")]
    target: Option<String>,
    #[command(flatten)]
    pins: PinsArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Measurements(Vec<MeasurementView>),
    Measurement(String),
    SmHash(String),
}

#[derive(Serialize)]
struct Json {
    schema: u32,
    #[serde(flatten)]
    what: What,
}

impl Measure {
    pub fn run(self) -> anyhow::Result<Exit> {
        let what = self.measured()?;
        if self.json {
            console::print_json(&Json { schema: SCHEMA, what })?;
            return Ok(Exit::Success);
        }
        match what {
            What::Measurement(hash) | What::SmHash(hash) => console::print(hash)?,
            What::Measurements(programs) => match programs.as_slice() {
                [program] => console::print(&program.measurement)?,
                programs => {
                    for program in programs {
                        console::print(format_args!("{} {}", program.target, program.measurement))?;
                    }
                }
            },
        }
        Ok(Exit::Success)
    }

    fn measured(&self) -> anyhow::Result<What> {
        if let Some(firmware) = &self.sm {
            let hash = sm_hash(&read(firmware)?).with_context(|| format!("cannot measure {}", firmware.display()))?;
            return Ok(What::SmHash(hash.to_string()));
        }
        if let (Some(loader), Some(runtime), Some(eapp)) = (&self.loader, &self.runtime, &self.eapp) {
            return Ok(What::Measurement(measure(&read(loader)?, &read(runtime)?, &read(eapp)?).to_string()));
        }
        let path = self.bundle.as_deref().unwrap_or(Path::new(""));
        let bundle = super::open(path)?;
        let programs = contents(&bundle).with_context(|| format!("cannot use {}", path.display()))?.programs;
        let platform = &bundle.manifest().platform.name;
        let wanted = |target: Target| self.target.as_deref().is_none_or(|name| name == target.name());
        // No report can show a program for another kind of machine, so such a program is not pinned.
        let shown = |target: Target| self.pins.pins.is_none() || is_attested(target, platform);
        let found: Vec<_> = programs.iter().filter(|program| wanted(program.target) && shown(program.target)).collect();
        if found.is_empty() {
            let names: Vec<_> = programs.iter().map(|program| program.target.name()).collect();
            let message = format!("the bundle is not built for that target, only for {}", names.join(", "));
            return Err(Fault::new(Exit::Platform, message).into());
        }
        if let Some(file) = &self.pins.pins {
            self.pins.write(file, &bundle, &found).with_context(|| format!("cannot pin {}", path.display()))?;
        }
        Ok(What::Measurements(
            found.iter().map(|program| MeasurementView::new(program.target, &program.measurement)).collect(),
        ))
    }
}

/// The most bytes of a file; an enclave cannot be larger.
const MAX_BYTES: u64 = 1 << 30;

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| match file.take(MAX_BYTES + 1).read_to_end(&mut bytes)? as u64 {
        0..=MAX_BYTES => Ok(()),
        _ => Err(ErrorKind::FileTooLarge.into()),
    });
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
