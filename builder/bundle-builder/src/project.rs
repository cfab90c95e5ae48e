//! The project file `wasmstone.toml`: the flags of `build`, and the policy.
//!
//! With a project file the policy is closed: what the file does not name is denied.

mod policy;

use crate::engine::Engine;
use crate::float::Float;
use crate::memory::MemorySize;
use policy::{AnyOrList, DirectoryEntry, EnvironmentTable, NetworkKey};
use serde::Deserialize;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use wasmstone_policy::{Entry, Policy, Target};

/// The name of the project file.
pub const FILE_NAME: &str = "wasmstone.toml";

/// The most bytes that are read of a project file.
const MAX_BYTES: u64 = 1 << 20;

/// A project file. Paths in it are relative to its own directory, and already joined with it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The file itself.
    pub path: PathBuf,
    /// The program's name.
    pub name: Option<String>,
    /// The WebAssembly file.
    pub wasm: Option<PathBuf>,
    /// The entry point.
    pub entry: Option<Entry>,
    /// How many instances answer requests at once.
    pub instances: Option<u32>,
    /// The memory cap.
    pub max_memory: Option<MemorySize>,
    /// The platform's name.
    pub platform: Option<String>,
    /// The engine.
    pub engine: Option<Engine>,
    /// The targets, instead of those of an engine.
    pub targets: Option<Vec<Target>>,
    /// CPU features that machine code may use.
    pub cpu_features: Option<Vec<String>>,
    /// How floats are computed.
    pub float: Option<Float>,
    /// Whether floating-point registers are used although the platform does not protect them.
    pub insecure_float: bool,
    /// The path of the bundle.
    pub output: Option<PathBuf>,
    /// The signing key: a name, or a path if it contains a slash.
    pub key: Option<String>,
    /// The public key whose owner may move sealed data to another enclave: a seal key's name, or a path if it contains
    /// a slash or ends in `.pem`. The policy does not have it yet, since the key is in another file.
    pub seal_owner: Option<String>,
    /// What the guest may use.
    pub policy: Policy,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Contents {
    name: Option<String>,
    wasm: Option<PathBuf>,
    entry: Option<Entry>,
    #[serde(default)]
    http: HttpTable,
    max_memory: Option<MemorySize>,
    platform: Option<String>,
    engine: Option<Engine>,
    targets: Option<Vec<Target>>,
    cpu_features: Option<Vec<String>>,
    float: Option<Float>,
    #[serde(default)]
    insecure_float: bool,
    output: Option<PathBuf>,
    key: Option<String>,
    seal_owner: Option<String>,
    arguments: Option<AnyOrList<String>>,
    #[serde(default)]
    environment: EnvironmentTable,
    directories: Option<AnyOrList<DirectoryEntry>>,
    #[serde(default)]
    directory: Vec<DirectoryEntry>,
    network: Option<NetworkKey>,
}

/// The table `[http]`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct HttpTable {
    instances: Option<u32>,
}

impl Project {
    /// The project file in a directory; `None` if the directory has none.
    ///
    /// # Errors
    /// [`ProjectError`].
    pub fn find(directory: &Path) -> Result<Option<Self>, ProjectError> {
        match Self::read(&directory.join(FILE_NAME)) {
            Err(ProjectError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    /// Reads a project file.
    ///
    /// # Errors
    /// [`ProjectError`] names the line.
    pub fn read(path: &Path) -> Result<Self, ProjectError> {
        let failed = |error| ProjectError::Read { path: path.to_owned(), error };
        let mut text = String::new();
        File::open(path).map_err(failed)?.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(failed(io::ErrorKind::FileTooLarge.into()));
        }
        Self::parse(path, &text)
    }

    /// The project file `path` with the content `text`.
    ///
    /// # Errors
    /// [`ProjectError`] names the line.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ProjectError> {
        let file: Contents = toml::from_str(text)
            .map_err(|error| ProjectError::Syntax { path: path.to_owned(), error: Box::new(error) })?;
        let policy = policy::policy(file.arguments, file.environment, file.directories, file.directory, file.network)
            .map_err(|problem| ProjectError::Policy { path: path.to_owned(), problem })?;
        if file.engine.is_some() && file.targets.is_some() {
            let problem = "engine and targets are both given: an engine has its own targets, leave one out".to_owned();
            return Err(ProjectError::Policy { path: path.to_owned(), problem });
        }
        if file.seal_owner.is_some() && policy.sealed_directories().next().is_none() {
            let problem =
                "seal-owner is about sealed directories, and there are none: add sealed = true to a [[directory]], \
                           or leave seal-owner out"
                    .to_owned();
            return Err(ProjectError::Policy { path: path.to_owned(), problem });
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let beside = |named: &str| directory.join(named).display().to_string();
        Ok(Self {
            path: path.to_owned(),
            name: file.name,
            wasm: file.wasm.map(|wasm| directory.join(wasm)),
            entry: file.entry,
            instances: file.http.instances,
            max_memory: file.max_memory,
            platform: file.platform,
            engine: file.engine,
            targets: file.targets,
            cpu_features: file.cpu_features,
            float: file.float,
            insecure_float: file.insecure_float,
            output: file.output.map(|output| directory.join(output)),
            key: file.key.map(|key| if key.contains('/') { beside(&key) } else { key }),
            seal_owner: file
                .seal_owner
                .map(|owner| if owner.contains('/') || owner.ends_with(".pem") { beside(&owner) } else { owner }),
            policy,
        })
    }
}

/// Why a project file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// It cannot be read.
    #[error("cannot read the project file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// It is not TOML, or has keys or values that a project file cannot have.
    #[error("the project file {} is invalid: correct it (docs/project-file.md lists every key)", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column, and what was expected.
        #[source]
        error: Box<toml::de::Error>,
    },
    /// The policy or the choice of engines contradicts itself.
    #[error("the project file {} is invalid: {problem}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong, and how to correct it.
        problem: String,
    },
}

#[cfg(test)]
mod tests;
