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
use wasmstone_bundle::{Bundle, atomic};

/// The subcommands of `wasmstone`.
#[derive(clap::Subcommand)]
pub enum Command {
    #[cfg(feature = "build")]
    New(new::New),
    #[cfg(feature = "build")]
    Build(build::Build),
    /// Not available in this program for the target side; use the full wasmstone to start a project.
    #[cfg(not(feature = "build"))]
    New(target_side::Elsewhere),
    /// Not available in this program for the target side; use the full wasmstone to build a bundle.
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
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Any failure; [`Exit::of`] maps it to an exit code.
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

/// Opens the bundle at `path` and reads it once.
fn open(path: &Path) -> anyhow::Result<Bundle> {
    Bundle::open(path).with_context(|| format!("cannot use {}", path.display()))
}

/// The error for an output file that cannot be written. It ends in the remedy that fits the cause.
fn unwritable(output: &Path) -> Fault {
    let target = atomic::target(output);
    let directory = target.as_ref().ok().and_then(|target| target.parent());
    let directory = directory.filter(|parent| !parent.as_os_str().is_empty());
    let remedy = match directory.filter(|directory| !directory.exists()) {
        Some(missing) => format!("create the directory {}", missing.display()),
        None if target.is_err() => "repair the symbolic links that lead there".to_owned(),
        None if output.is_dir() => "it is a directory, so name a file inside it".to_owned(),
        None => "free some space there, or raise the limit on the size of files (ulimit -f)".to_owned(),
    };
    let message = format!("cannot write {}: {remedy}, or choose another path with -o", output.display());
    Fault::new(Exit::Output, message)
}
