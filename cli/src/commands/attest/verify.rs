//! `wasmstone attest verify`.

use super::evidence::{Nonce, ReportView, Trusted};
use crate::console;
use crate::exit::{Exit, Fault};
use crate::keys::SigningKey;
use crate::view::SCHEMA;
use anyhow::Context;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};
use wasmstone_attestation::data::GUEST_MAX;
use wasmstone_attestation::{Expected, Refusal, Verified, eat::AttestationResult};
use wasmstone_bundle::atomic;

/// Verify a report.
///
/// A verified report proves that a genuine enclave made it on a pinned device, that the enclave runs a pinned
/// bundle, and that the report is fresh. Exit code 200 means that a check failed; the error names the check.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("over").required(true).args(["nonce", "user_data"]))]
pub struct Verify {
    /// Report to verify, in Keystone's format or as an Entity Attestation Token; - is standard input.
    report: PathBuf,
    /// Nonce that the report was requested with; an old report covers another nonce.
    #[arg(long, value_name = "HEX")]
    nonce: Option<Nonce>,
    /// Data that a report requested by the program itself must cover, instead of a nonce: up to 64 bytes, as
    /// hexadecimal digits or a file. These data must show that the report is fresh.
    #[arg(long, value_name = "HEX|FILE")]
    user_data: Option<UserData>,
    #[command(flatten)]
    trusted: Trusted,
    /// Write the result to this file as an Entity Attestation Token (RFC 9711), signed with --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    result: Option<PathBuf>,
    /// Key that signs the result: a name, or a PEM file.
    #[arg(long, value_name = "FILE|NAME", requires = "result")]
    key: Option<String>,
    /// Print JSON, also if the report is refused.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug)]
struct UserData(Vec<u8>);

impl FromStr for UserData {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let data = match hex::decode(text) {
            Ok(data) => data,
            Err(_) => read_user_data(Path::new(text)).map_err(|error| {
                format!("neither hexadecimal digits nor a readable file ({error}): pass one of these")
            })?,
        };
        match data.len() {
            0..=GUEST_MAX => Ok(Self(data)),
            _ => Err(format!(
                "a program's report covers at most {GUEST_MAX} bytes: pass the bytes that it covers, such as a hash of more data"
            )),
        }
    }
}

fn read_user_data(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    File::open(file)?.take(GUEST_MAX as u64 + 1).read_to_end(&mut data)?;
    Ok(data)
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pins: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risks: Option<Vec<&'static str>>,
}

impl Verify {
    pub fn run(self) -> anyhow::Result<Exit> {
        let pins = self.trusted.pins()?;
        let expected = match (&self.nonce, &self.user_data) {
            (Some(Nonce(nonce)), _) => Expected::Exchange(nonce),
            (None, Some(UserData(data))) => Expected::Guest(data),
            (None, None) => return Err(Fault::new(Exit::Usage, "no nonce was given: pass --nonce HEX").into()),
        };
        let verified = match self.trusted.verify(&pins, &self.report, expected) {
            Err(error) if self.json && Exit::of(&error) == Exit::Unproven => {
                let check = error.downcast_ref::<Refusal>().map_or("form", Refusal::check);
                let why = Some(error.root_cause().to_string());
                let refused = Json {
                    schema: SCHEMA,
                    verified: false,
                    check: Some(check),
                    why,
                    report: None,
                    pins: None,
                    risks: None,
                };
                console::print_json(&refused)?;
                return Err(error);
            }
            verified => verified?,
        };
        if let (Some(file), Some(key)) = (&self.result, &self.key) {
            write_result(file, key, &verified)?;
        }
        let report = ReportView::from(verified.report());
        let name = pins.name.as_deref();
        if self.json {
            let risks = Some(verified.risks().names().collect());
            let report = Some(report);
            console::print_json(&Json {
                schema: SCHEMA,
                verified: true,
                check: None,
                why: None,
                report,
                pins: name,
                risks,
            })?;
        } else {
            report.print()?;
            console::say("verified: every check passed");
        }
        Ok(Exit::Success)
    }
}

/// Writes the verification's result as a signed token for other relying parties.
fn write_result(file: &Path, key: &str, verified: &Verified) -> anyhow::Result<()> {
    let (_, key) = SigningKey::find(Some(key))?.make()?;
    let id = key.public().id();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let result = AttestationResult::new(verified, &id.to_string(), i64::try_from(now).unwrap_or(i64::MAX));
    let token = result.sign(&id.0, |message| key.sign(message));
    atomic::write(file, &token).with_context(|| crate::commands::unwritable(file))?;
    console::say(format_args!("wrote {}, signed by {}", file.display(), id.short()));
    Ok(())
}
