//! The subcommands, one file each.

mod build;
mod inspect;
mod measure;
mod run;
mod verify;

use crate::exit::Exit;
use anyhow::Context;
use std::path::Path;
use wasmstone_bundle::Bundle;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    Build(build::Build),
    Run(run::Run),
    Measure(measure::Measure),
    Inspect(inspect::Inspect),
    Verify(verify::Verify),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong; [`Exit::of`] knows its code.
    pub fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Build(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Measure(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Verify(command) => command.run(),
        }
    }
}

/// Reads a bundle, once.
fn open(path: &Path) -> anyhow::Result<Bundle> {
    Bundle::open(path).with_context(|| format!("cannot use {}", path.display()))
}
