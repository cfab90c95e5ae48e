//! The configuration directory: keys and platforms.

use crate::exit::{Exit, Fault};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use wasmstone_bundle::{KeyStore, PlatformStore, sealing::OwnerStore};

/// The configuration directory, which need not exist yet.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// `$WASMSTONE_HOME`, else `$XDG_CONFIG_HOME/wasmstone`, else `~/.config/wasmstone`.
    ///
    /// # Errors
    /// If none of these variables is set.
    pub fn find() -> Result<Self, Fault> {
        let set = |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
        // The XDG Base Directory Specification demands that a relative XDG_CONFIG_HOME is ignored.
        let xdg = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        set("WASMSTONE_HOME")
            .or_else(|| xdg.map(|config| config.join("wasmstone")))
            .or_else(|| set("HOME").map(|home| home.join(".config/wasmstone")))
            .map(Self)
            .ok_or_else(|| {
                Fault::new(
                    Exit::Configuration,
                    "there is no configuration directory for keys and platforms: set WASMSTONE_HOME to a directory, or set HOME",
                )
            })
    }

    /// The configuration directory at `path`.
    #[cfg(test)]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The keys in it.
    pub fn keys(&self) -> KeyStore {
        KeyStore::at(&self.0)
    }

    /// The seal keys in it.
    pub fn owners(&self) -> OwnerStore {
        OwnerStore::at(&self.0)
    }

    /// The platforms in it.
    pub fn platforms(&self) -> PlatformStore {
        PlatformStore::at(self.0.join("platforms"))
    }
}
