//! `wasmstone attest report`.

use super::evidence::{Nonce, ReportView, unexpected_answer};
use crate::commands::launch::{EnclaveArguments, Worker};
use crate::console;
use crate::exit::{Exit, Fault};
use crate::view::SCHEMA;
use anyhow::Context;
use clap::ValueEnum;
use serde::Serialize;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use wasmstone_attestation::{DeviceKey, Report as Keystone, ReportData, SmHash, eat};
use wasmstone_bundle::atomic;
use wasmstone_happ::backend::Evidence;
use wasmstone_happ::edge_server::Task;

/// Launch a bundle's enclave and print its attestation report, without running its program.
///
/// The report covers the verifier's nonce and the enclave's own public key. The command writes it to standard
/// output, unless -o or --json is given.
#[derive(clap::Args)]
pub struct Report {
    /// Verifier's nonce, 16 to 128 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    nonce: Nonce,
    /// Write the report to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Format of the report.
    #[arg(long, value_enum, default_value_t = Format::Keystone)]
    format: Format,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    enclave: EnclaveArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Keystone's own report of 1352 bytes.
    Keystone,
    /// An Entity Attestation Token (RFC 9711), as CBOR.
    Eat,
}

#[derive(Serialize)]
struct Json {
    schema: u32,
    report: String,
    #[serde(flatten)]
    view: ReportView,
}

impl Report {
    pub fn run(self) -> anyhow::Result<Exit> {
        let printed = self.output.is_none() && !self.json;
        if printed && stdout().is_terminal() {
            let message = "a report is binary and not fit for a terminal: write it to a file with -o FILE, or print it with --json";
            return Err(Fault::new(Exit::Usage, message).into());
        }
        let nonce = self.nonce.0;
        let worker = Worker::find(&self.enclave)?;
        // The only form that there is; this does not compile any more when there is another one.
        let Evidence::KeystoneReport = worker.evidence();
        let server = worker.perform(Task::Report { nonce: nonce.clone() }, Vec::new())?;
        let bytes = server.attested().ok_or_else(|| unexpected_answer("returned no report"))?;
        let report = Keystone::parse(bytes).map_err(|_| unexpected_answer("returned an invalid report"))?;
        match report.contents() {
            Some(ReportData::Exchange { nonce: found, .. }) if found == nonce => {}
            _ => return Err(unexpected_answer("returned a report that does not cover the nonce").into()),
        }
        warn_of_missing_trust(&report);
        let bytes = match self.format {
            Format::Keystone => report.to_bytes().to_vec(),
            Format::Eat => eat::evidence(&report),
        };
        if let Some(file) = &self.output {
            atomic::write(file, &bytes).with_context(|| crate::commands::unwritable(file))?;
            console::say(format_args!("wrote {}: the verifier that chose the nonce can verify it", file.display()));
        }
        if self.json {
            console::print_json(&Json { schema: SCHEMA, report: hex::encode(&bytes), view: (&report).into() })?;
        }
        if printed {
            console::print_bytes(&bytes)?;
        }
        Ok(Exit::Success)
    }
}

/// Warns about a report that proves nothing. The simulator's banner covers the simulator's reports.
fn warn_of_missing_trust(report: &Keystone) {
    if report.sm_hash() == SmHash([0; 64]) {
        console::warn(
            "the machine's boot ROM did not measure the security monitor, so the report proves nothing: \
             boot the machine with Keystone's boot ROM",
        );
    }
    if report.device_key() == DeviceKey::PUBLIC_TEST {
        console::warn(
            "the machine has Keystone's public test key, so the report proves nothing: use this machine only for tests",
        );
    }
}
