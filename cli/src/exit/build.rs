//! The exit codes of the errors that a build has.

use super::Exit;
use std::io;
use wasmstone_builder::{BuildError, MemoryError, ProjectError, SourceError};
use wasmstone_bundle::bundle::BuildError as PackError;

/// The code for an error of the builder; `None` for any other.
pub fn exit(error: &anyhow::Error) -> Option<Exit> {
    if let Some(error) = error.downcast_ref::<BuildError>() {
        Some(of_build(error))
    } else if let Some(error) = error.downcast_ref::<SourceError>() {
        Some(of_source(error))
    } else if let Some(error) = error.downcast_ref::<ProjectError>() {
        Some(match error {
            // What is not text can be read, but is no project file.
            ProjectError::Read { error, .. } if error.kind() != io::ErrorKind::InvalidData => Exit::Other,
            _ => Exit::Configuration,
        })
    } else {
        error.is::<MemoryError>().then_some(Exit::Configuration)
    }
}

fn of_build(error: &BuildError) -> Exit {
    match error {
        BuildError::Source(error) => of_source(error),
        BuildError::Wasm(_) | BuildError::Compile(_) | BuildError::Memory(MemoryError::NeverFits { .. }) => Exit::Wasm,
        BuildError::Engine(_) | BuildError::FloatsLeft(_) => Exit::Wasm,
        BuildError::Memory(_)
        | BuildError::Instances(_)
        | BuildError::Cpu(_)
        | BuildError::Float(_)
        | BuildError::Eapp(_) => Exit::Configuration,
        BuildError::Pack(PackError::Manifest(_) | PackError::Launch(_) | PackError::Compose(_)) => Exit::Configuration,
        _ => Exit::Other,
    }
}

fn of_source(error: &SourceError) -> Exit {
    if matches!(error, SourceError::Read { .. }) { Exit::Other } else { Exit::Wasm }
}
