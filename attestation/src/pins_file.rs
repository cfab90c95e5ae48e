//! `pins.toml`: what a verifier pins, as a file that people read and review.

use crate::{DeviceKey, Measurement, Pins, SignerId, SmHash};
use alloc::{format, string::String, vec::Vec};
use core::fmt::{Display, Write};
use serde::Deserialize;

/// The format that this release reads and writes.
const SCHEMA: u32 = 1;

/// The most bytes of a file: some thousand pins.
const MAX_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct PinsFile {
    #[serde(rename = "schema")]
    _schema: u32,
    name: Option<String>,
    measurements: Vec<Measurement>,
    sm_hashes: Vec<SmHash>,
    device_keys: Vec<DeviceKey>,
    signers: Vec<SignerId>,
}

/// Why text is not a file of pins.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinsFileError {
    /// Larger than any such file, in bytes.
    #[error("a file of {0} bytes cannot hold pins: give the file that \"wasmstone measure --pins\" wrote")]
    Size(usize),
    /// The format of another release.
    #[error("the pins have schema {0}, this release reads {SCHEMA}: write them again with this release, or update it")]
    Schema(u32),
    /// Not TOML, an unknown key, or an invalid value.
    #[error(
        "the pins cannot be read: {0}\ncorrect the line, or write the file again with \"wasmstone measure --pins\""
    )]
    Syntax(String),
}

impl Pins {
    /// Reads `pins.toml`. Unknown keys are errors; a list that is left out is empty, and accepts nothing.
    ///
    /// # Errors
    /// [`PinsFileError`].
    pub fn from_toml(text: &str) -> Result<Self, PinsFileError> {
        if text.len() > MAX_BYTES {
            return Err(PinsFileError::Size(text.len()));
        }
        let syntax = |error: toml::de::Error| PinsFileError::Syntax(format!("{error}"));
        // First: a later format may have other keys, and errors about them would not help.
        let SchemaOnly { schema } = toml::from_str(text).map_err(syntax)?;
        if schema != SCHEMA {
            return Err(PinsFileError::Schema(schema));
        }
        let PinsFile { name, measurements, sm_hashes, device_keys, signers, .. } =
            toml::from_str(text).map_err(syntax)?;
        Ok(Self { name, measurements, sm_hashes, device_keys, signers })
    }

    /// Writes `pins.toml`: the same pins give the same bytes.
    pub fn to_toml(&self) -> String {
        let mut text =
            String::from("# What \"wasmstone attest verify\" accepts. A list that is empty accepts nothing.\n");
        let _ = writeln!(text, "schema = {SCHEMA}");
        if let Some(name) = &self.name {
            let _ = writeln!(text, "name = {}", toml::Value::from(name.as_str()));
        }
        let lists = [
            ("The programs: the measurement of loader, runtime and image, for each target.", "measurements"),
            ("The security monitors, as the boot ROM hashes them.", "sm-hashes"),
            ("The devices: their Ed25519 public keys.", "device-keys"),
            ("Who signed the bundle: the ids of their keys. For people; no report shows it.", "signers"),
        ];
        let values = [hex(&self.measurements), hex(&self.sm_hashes), hex(&self.device_keys), hex(&self.signers)];
        for ((comment, key), values) in lists.into_iter().zip(values) {
            let _ = writeln!(text, "\n# {comment}\n{key} = [{values}]");
        }
        text
    }
}

/// The lines between the brackets of a list.
fn hex<T: Display>(values: &[T]) -> String {
    let lines: String = values.iter().map(|value| format!("    \"{value}\",\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}
