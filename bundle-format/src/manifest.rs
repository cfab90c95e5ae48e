//! `manifest.toml`: the bundle's table of contents, and the bytes that are signed.
//!
//! There is one way to write a manifest: a reader writes again what it read and compares, so that two different
//! manifests never have the same meaning.

mod check;

use crate::{AGAIN, Measurement, Sha256Digest, SmHash};
use serde::{Deserialize, Serialize};
use wasmstone_policy::Target;

/// The bundle format that this release reads and writes.
pub const FORMAT: u32 = 1;

/// The most bytes of a manifest.
pub const MAX_MANIFEST_BYTES: u64 = 256 << 10;

/// The most bytes of all members together, as stored.
pub const MAX_STORED_BYTES: u64 = 1 << 30;

/// The member that holds Keystone's loader.
pub const LOADER: &str = "platform/loader";
/// The member that holds the runtime.
pub const RUNTIME: &str = "platform/runtime";
/// The member that holds the generic enclave app.
pub const EAPP: &str = "eapp";

/// The member that holds the launch for a target.
pub fn launch_path(target: Target) -> String {
    format!("{}/launch", target.name())
}

/// The member that holds the program for a target.
pub fn program_path(target: Target) -> String {
    format!("{}/program", target.name())
}

/// The content of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// The bundle format, [`FORMAT`].
    pub format: u32,
    /// The program's name, the same as in every launch.
    pub name: String,
    /// The release that wrote the bundle.
    pub created_by: String,
    /// The platform that the bundle was built for.
    pub platform: PlatformEntry,
    /// The program, once for each target, by ascending target.
    #[serde(rename = "program")]
    pub programs: Vec<ProgramEntry>,
    /// The members, in the order of the archive.
    #[serde(rename = "member")]
    pub members: Vec<MemberEntry>,
}

/// The platform that a bundle was built for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlatformEntry {
    /// The platform's name on the machine that built the bundle.
    pub name: String,
    /// The hash of its security monitor, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sm_hash: Option<SmHash>,
    /// Whether it saves and protects floating-point registers.
    pub fp_safe: bool,
}

/// One target and its measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProgramEntry {
    /// The target that the program was compiled for.
    pub target: Target,
    /// The measurement of loader, runtime and composed image.
    pub measurement: Measurement,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemberEntry {
    /// Its path in the archive.
    pub path: String,
    /// The size of its content in bytes, decoded.
    pub size: u64,
    /// Its size in the archive in bytes.
    pub stored: u64,
    /// How it is stored.
    pub encoding: Encoding,
    /// The SHA-256 of the bytes in the archive, so that they are checked before they are decoded.
    pub sha256: Sha256Digest,
}

/// How a member is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Without encoding.
    Raw,
    /// As one gzip member (RFC 1952).
    Gzip,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ManifestError`]; a newer format is reported before any other error.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(bytes.len() as u64));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Damaged("it is not UTF-8".to_owned()))?;
        // The message may quote the file, which could hold a terminal's control characters.
        let shown = |error: toml::de::Error| error.message().replace(char::is_control, "?");
        let damaged = |error| ManifestError::Damaged(shown(error));

        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        match toml::from_str::<Format>(text).map_err(damaged)?.format {
            FORMAT => {}
            newer if newer > FORMAT => return Err(ManifestError::Newer(newer)),
            unknown => return Err(ManifestError::Damaged(format!("there is no format {unknown}"))),
        }
        let manifest: Self = toml::from_str(text).map_err(damaged)?;
        manifest.check()?;
        if manifest.to_bytes()? == bytes { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    /// The manifest as it is written, and signed.
    ///
    /// # Errors
    /// [`ManifestError`] if the result could not be read again.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        self.check()?;
        let text = toml::to_string(self).map_err(|error| ManifestError::Damaged(error.to_string()))?;
        if text.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(text.len() as u64));
        }
        Ok(text.into_bytes())
    }

    /// The member at `path`.
    pub fn member(&self, path: &str) -> Option<&MemberEntry> {
        self.members.iter().find(|member| member.path == path)
    }
}

/// Why bytes are not a manifest that this release reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A newer release wrote it.
    #[error("bundle format {0} is newer than this release reads ({FORMAT}): update wasmstone")]
    Newer(u32),
    /// It is larger than [`MAX_MANIFEST_BYTES`].
    #[error("the manifest has {0} bytes, more than {MAX_MANIFEST_BYTES}: {AGAIN}")]
    TooLarge(u64),
    /// It does not have the fields of a manifest.
    #[error("the manifest is damaged: {0}; {AGAIN}")]
    Damaged(String),
    /// Its fields are right, but written differently.
    #[error("the manifest was changed after it was written: its form is not the one that wasmstone writes; {AGAIN}")]
    NotCanonical,
    /// A name cannot be shown or stored.
    #[error("\"{0}\" cannot be a program's name: use 1 to 255 bytes without control characters")]
    Name(String),
    /// The members are not those that the programs need.
    #[error("the manifest lists the member {found}, expected {expected}; {AGAIN}")]
    Members {
        /// The member that is listed, or "nothing".
        found: String,
        /// The member that should be listed.
        expected: String,
    },
    /// The members together are larger than any bundle.
    #[error("the bundle has {0} bytes, more than {MAX_STORED_BYTES}: make the program smaller")]
    BundleTooLarge(u64),
    /// A member is larger than any that is read.
    #[error("the member {path} has {size} bytes, more than the {limit} that a bundle may have there: make it smaller")]
    MemberTooLarge {
        /// The member.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The most bytes that it may have.
        limit: u64,
    },
}
