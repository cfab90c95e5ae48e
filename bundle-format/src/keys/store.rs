//! The directory of keys: `keys/NAME.pem` are the user's own, `trusted/NAME.pem` those of others.

use super::{KeyId, PemError, PublicKey, SecretKey};
use crate::{InvalidName, TrustPolicy, atomic, check_name};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The most bytes that are read of a key file.
const MAX_PEM_BYTES: u64 = 16 << 10;

/// A directory of keys. It need not exist before the first key does.
#[derive(Clone, Debug)]
pub struct KeyStore {
    directory: PathBuf,
}

/// A key in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name in the store.
    pub name: String,
    /// The owner of the key.
    pub kind: KeyKind,
    /// The public key.
    pub public: PublicKey,
}

/// The owner of a key. Keys of both kinds are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// The user's own key, with its secret key.
    Own,
    /// Another person's key.
    Trusted,
}

impl KeyKind {
    const ALL: [Self; 2] = [Self::Own, Self::Trusted];

    const fn folder(self) -> &'static str {
        match self {
            Self::Own => "keys",
            Self::Trusted => "trusted",
        }
    }
}

impl KeyStore {
    /// The store in `directory`.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Makes a new key that only its owner can read.
    ///
    /// # Errors
    /// [`KeyError`]; an existing key is never overwritten.
    pub fn generate(&self, name: &str) -> Result<SecretKey, KeyError> {
        let key = SecretKey::generate().map_err(|error| self.unwritable(error))?;
        self.add(name, KeyKind::Own, key.to_pem().map_err(|error| self.pem(error))?.as_bytes())?;
        Ok(key)
    }

    /// Trusts the key in a `PUBLIC KEY` PEM file from now on.
    ///
    /// # Errors
    /// [`KeyError`], in particular if `pem` is a secret key or the name is taken.
    pub fn trust(&self, name: &str, pem: &str) -> Result<KeyId, KeyError> {
        let key = PublicKey::from_pem(pem).map_err(|error| self.pem(error))?;
        self.add(name, KeyKind::Trusted, key.to_pem().map_err(|error| self.pem(error))?.as_bytes())?;
        Ok(key.id())
    }

    /// The user's own key of that name.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] if there is no such key; [`KeyError::Exposed`] if other users could read it.
    pub fn secret(&self, name: &str) -> Result<SecretKey, KeyError> {
        let path = self.path(name, KeyKind::Own)?;
        let pem = self.read(name, &path, KeyKind::Own)?;
        SecretKey::from_pem(&pem).map_err(|error| KeyError::Pem { path, error })
    }

    /// The key of that name, the user's own or a trusted one.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] if there is no such key.
    pub fn get(&self, name: &str) -> Result<StoredKey, KeyError> {
        match self.load(name, KeyKind::Own) {
            Err(KeyError::Unknown { .. }) => self.load(name, KeyKind::Trusted),
            found => found,
        }
    }

    /// Every key, the user's own first, each kind by name.
    ///
    /// # Errors
    /// [`KeyError`] names the first file that is not a key.
    pub fn list(&self) -> Result<Vec<StoredKey>, KeyError> {
        self.names()?.into_iter().map(|(kind, name)| self.load(&name, kind)).collect()
    }

    fn names(&self) -> Result<Vec<(KeyKind, String)>, KeyError> {
        let mut names = Vec::new();
        for kind in KeyKind::ALL {
            let folder = self.directory.join(kind.folder());
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(|error| KeyError::Io { path: folder.clone(), error })?,
            };
            for entry in entries {
                let file = entry.map_err(|error| KeyError::Io { path: folder.clone(), error })?.file_name();
                // A file that is not a key, such as an editor's copy, is ignored.
                if let Some(name) = file.to_str().and_then(|file| file.strip_suffix(".pem"))
                    && check_name(name).is_ok()
                {
                    names.push((kind, name.to_owned()));
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether a key is the user's own or a trusted one.
    ///
    /// # Errors
    /// As [`KeyStore::list`].
    pub fn is_trusted(&self, id: &KeyId) -> Result<bool, KeyError> {
        Ok(self.list()?.iter().any(|key| key.public.id() == *id))
    }

    /// A policy that trusts every key in the store. Keys that cannot be used are reported to `skipped`, and not
    /// trusted.
    ///
    /// # Errors
    /// If the store itself cannot be read.
    pub fn trust_policy(&self, mut skipped: impl FnMut(KeyError)) -> Result<TrustPolicy, KeyError> {
        let mut policy = TrustPolicy::default();
        for (kind, name) in self.names()? {
            match self.load(&name, kind) {
                Ok(key) => policy.trust(key.name, &key.public),
                Err(error) => skipped(error),
            }
        }
        Ok(policy)
    }

    fn load(&self, name: &str, kind: KeyKind) -> Result<StoredKey, KeyError> {
        let public = match kind {
            KeyKind::Own => self.secret(name)?.public(),
            KeyKind::Trusted => {
                let path = self.path(name, kind)?;
                let pem = self.read(name, &path, kind)?;
                PublicKey::from_pem(&pem).map_err(|error| KeyError::Pem { path, error })?
            }
        };
        Ok(StoredKey { name: name.to_owned(), kind, public })
    }

    fn path(&self, name: &str, kind: KeyKind) -> Result<PathBuf, KeyError> {
        check_name(name)?;
        Ok(self.directory.join(kind.folder()).join(format!("{name}.pem")))
    }

    fn read(&self, name: &str, path: &Path, kind: KeyKind) -> Result<Zeroizing<String>, KeyError> {
        let unknown = || KeyError::Unknown { name: name.to_owned(), directory: self.directory.clone() };
        read(path, kind == KeyKind::Own)?.ok_or_else(unknown)
    }

    fn add(&self, name: &str, kind: KeyKind, pem: &[u8]) -> Result<(), KeyError> {
        let path = self.path(name, kind)?;
        // A name stands for one key, in whichever folder it is.
        for kind in KeyKind::ALL {
            if self.path(name, kind)?.exists() {
                return Err(KeyError::Taken { name: name.to_owned() });
            }
        }
        let folder = self.directory.join(kind.folder());
        create(&folder, &path, pem, kind == KeyKind::Own).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Taken { name: name.to_owned() },
            _ => self.unwritable(error),
        })
    }

    fn unwritable(&self, error: io::Error) -> KeyError {
        KeyError::Write { directory: self.directory.clone(), error }
    }

    fn pem(&self, error: PemError) -> KeyError {
        KeyError::Pem { path: self.directory.clone(), error }
    }
}

/// The text of a key's file; `None` if there is no such file.
pub(crate) fn read(path: &Path, secret: bool) -> Result<Option<Zeroizing<String>>, KeyError> {
    let failed = |error: io::Error| KeyError::Io { path: path.to_owned(), error };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if secret && mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned() });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_PEM_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    // A file that is not text is not a key either, and is refused as such.
    Ok(Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())))
}

/// Writes a key's file to `folder`, which is made if need be; only its owner can read a secret key.
pub(crate) fn create(folder: &Path, path: &Path, pem: &[u8], secret: bool) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    atomic::create(path, pem, if secret { 0o600 } else { 0o644 })
}

/// What went wrong with a key in a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The name cannot be a key's.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A key with this name exists already.
    #[error("there is a key \"{name}\" already: choose another name")]
    Taken {
        /// The name.
        name: String,
    },
    /// No key has this name.
    #[error("there is no key \"{name}\" in {directory}: make it with \"wasmstone key new {name}\"", directory = directory.display())]
    Unknown {
        /// The name.
        name: String,
        /// The store.
        directory: PathBuf,
    },
    /// No seal key has this name.
    #[error("there is no seal key \"{name}\" in {directory}: make it with \"wasmstone seal key {name}\"", directory = directory.display())]
    UnknownOwner {
        /// The name.
        name: String,
        /// The store.
        directory: PathBuf,
    },
    /// Other users could have read the secret key.
    #[error("others can read the secret key {path}: run \"chmod 600 {path}\", or better make a new one", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The content of the file is not a key.
    #[error("the key {path} cannot be used: replace it, or remove it", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: PemError,
    },
    /// A new key cannot be stored.
    #[error(
        "cannot store a key in {directory}: make room there, or set WASMSTONE_HOME to another directory",
        directory = directory.display()
    )]
    Write {
        /// The store.
        directory: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read the keys in {path}: let this user read it", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
}
