//! The subcommands, one file each.

mod attest;
#[cfg(feature = "build")]
mod build;
mod completion;
mod doctor;
mod inspect;
mod key;
mod launch;
mod measure;
#[cfg(feature = "build")]
mod new;
mod platform;
mod run;
mod seal;
mod serve;
mod sign;
#[cfg(not(feature = "build"))]
mod target_side;
mod verify;

use crate::exit::{Exit, Fault};
use anyhow::Context;
use std::path::Path;
use wasmstone_bundle::Bundle;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    #[cfg(feature = "build")]
    New(new::New),
    #[cfg(feature = "build")]
    Build(build::Build),
    /// Not in this program, which is the one for the target side: projects are started elsewhere.
    #[cfg(not(feature = "build"))]
    New(target_side::Elsewhere),
    /// Not in this program, which is the one for the target side: bundles are built elsewhere.
    #[cfg(not(feature = "build"))]
    Build(target_side::Elsewhere),
    Run(Box<run::Run>),
    Serve(Box<serve::Serve>),
    Measure(measure::Measure),
    Inspect(inspect::Inspect),
    Verify(verify::Verify),
    Attest(attest::Attest),
    Sign(sign::Sign),
    Seal(seal::Seal),
    Key(key::Key),
    Platform(platform::Platform),
    Doctor(doctor::Doctor),
    Completion(completion::Completion),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong; [`Exit::of`] knows its code.
    pub fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::New(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Serve(command) => command.run(),
            Self::Measure(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Attest(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Seal(command) => command.run(),
            Self::Key(command) => command.run(),
            Self::Platform(command) => command.run(),
            Self::Doctor(command) => command.run(),
            Self::Completion(command) => command.run(),
        }
    }
}

/// Reads a bundle, once.
fn open(path: &Path) -> anyhow::Result<Bundle> {
    Bundle::open(path).with_context(|| format!("cannot use {}", path.display()))
}

/// The error for an output that cannot be written.
fn unwritable(output: &Path) -> Fault {
    let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    let remedy = match directory.filter(|directory| !directory.exists()) {
        Some(missing) => format!("make the directory {}", missing.display()),
        None if output.is_dir() => "it is a directory, so name a file in it".to_owned(),
        None => "make room there".to_owned(),
    };
    let message = format!("cannot write {}: {remedy}, or choose another place with -o", output.display());
    Fault::new(Exit::Output, message)
}
