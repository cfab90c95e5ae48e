//! The directory of platforms: `NAME/platform.toml`, `NAME/loader`, `NAME/runtime`.

use super::{DeviceKey, HashRate, Platform, SIM, Unfit};
use crate::keystone::check;
use crate::{InvalidName, SmHash, check_name};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The most bytes that are read of a loader or a runtime.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A directory of platforms. It need not exist before the first platform does.
#[derive(Clone, Debug)]
pub struct PlatformStore {
    directory: PathBuf,
}

/// Whether adding a platform may replace an existing one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// It may not replace one.
    No,
    /// It may replace one.
    Yes,
}

/// The file `platform.toml`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Description {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sm_hash: Option<SmHash>,
    fp_safe: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cpu_features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash_rate: Option<HashRate>,
    #[serde(default)]
    device_keys: Vec<DeviceKey>,
}

impl PlatformStore {
    /// The store in `directory`.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Adds a platform, whole or not at all.
    ///
    /// # Errors
    /// [`PlatformError`]: files that are not a loader and a runtime, a name that is taken.
    pub fn add(&self, platform: &Platform, replace: Replace) -> Result<(), PlatformError> {
        checked(platform)?;
        let target = self.directory.join(&platform.name);
        let failed = |error| PlatformError::Write { path: target.clone(), error };
        fs::create_dir_all(&self.directory).map_err(failed)?;
        // The directory is filled under another name and then renamed, so that no reader ever sees a part of it.
        let aside = tempfile::Builder::new().prefix(".wasmstone-").tempdir_in(&self.directory).map_err(failed)?;
        let fresh = aside.path().join("platform");
        fs::create_dir(&fresh).map_err(failed)?;
        let description = Description {
            sm_hash: platform.sm_hash,
            fp_safe: platform.fp_safe,
            cpu_features: platform.cpu_features.clone(),
            hash_rate: platform.hash_rate,
            device_keys: platform.device_keys.clone(),
        };
        let description = toml::to_string(&description).map_err(|error| failed(io::Error::other(error)))?;
        for (file, bytes) in
            [("platform.toml", description.as_bytes()), ("loader", &platform.loader), ("runtime", &platform.runtime)]
        {
            write_synced(&fresh.join(file), bytes).map_err(failed)?;
        }
        // A rename never replaces a directory that holds something.
        match fs::rename(&fresh, &target) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(failed(error)),
            Err(_) if replace == Replace::No => Err(PlatformError::Taken { name: platform.name.clone() }),
            // The old platform is then in the other directory, and is removed with it.
            Err(_) => renameat_with(CWD, &fresh, CWD, &target, RenameFlags::EXCHANGE).map_err(|e| failed(e.into())),
        }
    }

    /// The platform of that name; `sim` always exists.
    ///
    /// # Errors
    /// [`PlatformError::Unknown`] if there is none.
    pub fn load(&self, name: &str) -> Result<Platform, PlatformError> {
        if name == SIM {
            return Ok(Platform::sim());
        }
        check_name(name)?;
        let directory = self.directory.join(name);
        if !directory.is_dir() {
            return Err(PlatformError::Unknown { name: name.to_owned() });
        }
        let read = |file: &str| {
            let path = directory.join(file);
            read_bounded(&path).map_err(|error| PlatformError::Io { path, error })
        };
        let text = String::from_utf8_lossy(&read("platform.toml")?).into_owned();
        let Description { sm_hash, fp_safe, cpu_features, hash_rate, device_keys } = toml::from_str(&text)
            .map_err(|error| PlatformError::Description { path: directory.join("platform.toml"), error })?;
        let platform = Platform {
            name: name.to_owned(),
            loader: read("loader")?,
            runtime: read("runtime")?,
            sm_hash,
            device_keys,
            fp_safe,
            cpu_features,
            hash_rate,
        };
        checked(&platform)?;
        Ok(platform)
    }

    /// The names of all platforms, in order; `sim` is one of them.
    ///
    /// # Errors
    /// [`PlatformError::Io`].
    pub fn list(&self) -> Result<Vec<String>, PlatformError> {
        let failed = |error| PlatformError::Io { path: self.directory.clone(), error };
        let mut names = vec![SIM.to_owned()];
        match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries.map_err(failed)? {
                    let entry = entry.map_err(failed)?;
                    if let Some(name) = entry.file_name().to_str()
                        && check_name(name).is_ok()
                        && name != SIM
                        && entry.path().is_dir()
                    {
                        names.push(name.to_owned());
                    }
                }
            }
        }
        names.sort();
        Ok(names)
    }
}

fn checked(platform: &Platform) -> Result<(), PlatformError> {
    check_name(&platform.name)?;
    if platform.name == SIM {
        return Err(PlatformError::Sim);
    }
    for (what, bytes) in [("loader", &platform.loader), ("runtime", &platform.runtime)] {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(PlatformError::TooLarge { what });
        }
    }
    Ok(check::facts(platform)?)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

/// Reads a file, up to one byte more than any platform's file has.
pub(crate) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What went wrong with a platform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// The name cannot be a platform's.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The name is `sim`, which is built in.
    #[error("the platform \"{SIM}\" is the simulator and cannot be redefined: choose another name")]
    Sim,
    /// A platform with this name exists already.
    #[error("there is a platform \"{name}\" already: choose another name, or pass --replace")]
    Taken {
        /// The name.
        name: String,
    },
    /// No platform has this name.
    #[error(
        "there is no platform \"{name}\": add it with \"wasmstone platform add\", or see \"wasmstone platform list\""
    )]
    Unknown {
        /// The name.
        name: String,
    },
    /// The files or facts cannot be those of a Keystone build.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The file is larger than any that is read.
    #[error("the {what} has more than {MAX_FILE_BYTES} bytes: is it another file?")]
    TooLarge {
        /// The file.
        what: &'static str,
    },
    /// `platform.toml` cannot be understood.
    #[error("{path} is invalid: add the platform again", path = path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: toml::de::Error,
    },
    /// A new platform cannot be stored.
    #[error("cannot store the platform in {path}: make room there, or set WASMSTONE_HOME to another directory", path = path.display())]
    Write {
        /// Its directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read the platform in {path}: let this user read it, or add it again", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
}
