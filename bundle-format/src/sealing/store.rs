//! The directory of seal keys: `seal/NAME.pem`.

use super::{OwnerSecret, SealOwner};
use crate::check_name;
use crate::keys::{KeyError, PemError, store};
use std::{io, path::PathBuf};

/// The folder of seal keys in a directory of keys.
const FOLDER: &str = "seal";

/// The seal keys in a directory. The directory need not exist before the first key does.
#[derive(Clone, Debug)]
pub struct OwnerStore {
    directory: PathBuf,
}

impl OwnerStore {
    /// The store in `directory`, which can be the directory of a [`crate::KeyStore`]: the names of signing keys and
    /// of seal keys are independent of each other.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Makes a new key that only its owner can read.
    ///
    /// # Errors
    /// [`KeyError`]; an existing key is never overwritten.
    pub fn generate(&self, name: &str) -> Result<SealOwner, KeyError> {
        let path = self.path(name)?;
        let unwritable = |error| KeyError::Write { directory: self.directory.clone(), error };
        let key = OwnerSecret::generate().map_err(unwritable)?;
        let pem = key.to_pem().map_err(|error| KeyError::Pem { path: path.clone(), error })?;
        let folder = self.directory.join(FOLDER);
        store::create(&folder, &path, pem.as_bytes(), true).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Taken { name: name.to_owned() },
            _ => unwritable(error),
        })?;
        Ok(key.public())
    }

    /// The key of that name.
    ///
    /// # Errors
    /// [`KeyError::UnknownOwner`] if there is no such key; [`KeyError::Exposed`] if other users could read it.
    pub fn secret(&self, name: &str) -> Result<OwnerSecret, KeyError> {
        let path = self.path(name)?;
        let unknown = || KeyError::UnknownOwner { name: name.to_owned(), directory: self.directory.clone() };
        let pem = store::read(&path, true)?.ok_or_else(unknown)?;
        OwnerSecret::from_pem(&pem).map_err(|error: PemError| KeyError::Pem { path, error })
    }

    fn path(&self, name: &str) -> Result<PathBuf, KeyError> {
        check_name(name)?;
        Ok(self.directory.join(FOLDER).join(format!("{name}.pem")))
    }
}
