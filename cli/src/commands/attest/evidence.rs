//! Reports, nonces and pins, as the command line names them.

use crate::console;
use crate::exit::{Exit, Fault};
use anyhow::Context;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use wasmstone_attestation::data::{NONCE_MAX, NONCE_MIN};
use wasmstone_attestation::{Expected, Pins, Refusal, Report, ReportData, Risks, Verified, eat};

/// The most bytes that are read of a report, in any form.
const MAX_BYTES: u64 = 64 << 10;

/// The verifier's nonce.
#[derive(Clone, Debug)]
pub struct Nonce(pub Vec<u8>);

impl FromStr for Nonce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text).ok().filter(|bytes| (NONCE_MIN..=NONCE_MAX).contains(&bytes.len()));
        bytes.map(Self).ok_or_else(|| {
            format!(
                "a nonce is {} to {} hexadecimal digits, unpredictable and used only once, \
                 such as \"openssl rand -hex 16\" prints",
                2 * NONCE_MIN,
                2 * NONCE_MAX
            )
        })
    }
}

/// Options of every command that verifies a report.
#[derive(clap::Args)]
pub struct Trusted {
    /// Accept what this file pins; "wasmstone measure --pins" writes such files.
    #[arg(long, value_name = "FILE")]
    pins: PathBuf,
    /// Insecure: accept reports under Keystone's public test key, although anybody can make them.
    #[arg(long)]
    insecure_allow_test_device: bool,
    /// Insecure: accept reports of the simulator, although anybody can make them.
    #[arg(long)]
    insecure_allow_simulator: bool,
}

impl Trusted {
    /// Reads the pins.
    ///
    /// # Errors
    /// If the file cannot be read or holds no pins.
    pub fn pins(&self) -> anyhow::Result<Pins> {
        let file = self.pins.display();
        let text = fs::read_to_string(&self.pins).with_context(|| format!("cannot read the pins {file}"))?;
        Pins::from_toml(&text).with_context(|| format!("cannot use the pins {file}"))
    }

    /// Verifies the report in a file, and warns if an `--insecure-` option accepts a report that proves nothing.
    ///
    /// # Errors
    /// The first check that fails, as a [`Refusal`].
    pub fn verify(&self, pins: &Pins, file: &Path, expected: Expected<'_>) -> anyhow::Result<Verified> {
        let risks =
            Risks { public_test_key: self.insecure_allow_test_device, simulator: self.insecure_allow_simulator };
        let shown = file.display();
        let verified = pins.verify(&read(file)?, expected, risks).map_err(|refusal| {
            let unless = match refusal {
                Refusal::PublicTestKey => "; for tests, pass --insecure-allow-test-device",
                Refusal::SimulatorKey => "; for tests, pass --insecure-allow-simulator",
                _ => "",
            };
            anyhow::Error::from(refusal).context(format!("do not rely on {shown}{unless}"))
        })?;
        for (taken, option, whose) in [
            (verified.risks().public_test_key, "--insecure-allow-test-device", "is under Keystone's public test key"),
            (verified.risks().simulator, "--insecure-allow-simulator", "comes from the simulator"),
        ] {
            if taken {
                console::warn(format_args!("{option}: the report {whose}, so anybody could have made it"));
            }
        }
        Ok(verified)
    }
}

/// Reads a report, as Keystone makes it or as an Entity Attestation Token; `-` is standard input.
///
/// # Errors
/// If the file holds neither form.
fn read(path: &Path) -> anyhow::Result<Report> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("cannot read the report {}", path.display()))?;
    let parsed = Report::parse(&bytes).or_else(|error| {
        // A token has another length and names its own type, so its parser's error is the more precise one.
        eat::parse_evidence(&bytes).map_err(|token| match token {
            eat::TokenError::Form(_) => anyhow::Error::from(error),
            other => other.into(),
        })
    });
    parsed.with_context(|| format!("do not rely on {}", path.display()))
}

/// The fields of a report that people and scripts read.
#[derive(Serialize)]
pub struct ReportView {
    measurement: String,
    sm_hash: String,
    device_key: String,
    data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enclave_key: Option<String>,
}

impl From<&Report> for ReportView {
    fn from(report: &Report) -> Self {
        let (nonce, enclave_key) = match report.contents() {
            Some(ReportData::Exchange { nonce, key }) => (Some(hex::encode(nonce)), Some(hex::encode(key))),
            _ => (None, None),
        };
        Self {
            measurement: report.measurement().to_string(),
            sm_hash: report.sm_hash().to_string(),
            device_key: report.device_key().to_string(),
            data: hex::encode(report.data()),
            nonce,
            enclave_key,
        }
    }
}

impl ReportView {
    /// One line for each part.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub fn print(&self) -> Result<(), Fault> {
        let line = |name: &str, text: &str| console::print(format_args!("{name:<12} {text}"));
        line("measurement", &self.measurement)?;
        line("sm hash", &self.sm_hash)?;
        line("device key", &self.device_key)?;
        match (&self.nonce, &self.enclave_key) {
            (Some(nonce), Some(key)) => {
                line("nonce", nonce)?;
                line("enclave key", key)
            }
            _ => line("user data", &self.data),
        }
    }
}

/// The error for an enclave whose answer is not what was asked for.
pub fn unexpected_answer(what: &str) -> Fault {
    let message = format!("the enclave {what}; please report this, with the bundle if possible");
    Fault::new(Exit::Enclave, message)
}
