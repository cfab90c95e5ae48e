//! `wasmstone attest report`.

use super::evidence::{Nonce, ReportView, strange};
use crate::commands::launch::{EnclaveArguments, task::Worker};
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
use wasmstone_happ::edge_server::Task;

/// Launch a bundle's enclave for a report of what it is, without running its program.
///
/// The report is over the nonce of whoever will verify it, and over the enclave's own public key. It goes to
/// standard output, unless -o or --json is given.
#[derive(clap::Args)]
pub struct Report {
    /// The verifier's nonce, 16 to 128 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    nonce: Nonce,
    /// Where the report goes.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The form of the report.
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
    /// The 1352 bytes of Keystone's.
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
            let message =
                "a report is nothing for a terminal: write it to a file with -o FILE, or print it with --json";
            return Err(Fault::new(Exit::Usage, message).into());
        }
        let nonce = self.nonce.0;
        let server = Worker::find(&self.enclave)?.perform(Task::Report { nonce: nonce.clone() }, Vec::new())?;
        let bytes = server.attested().ok_or_else(|| strange("made no report"))?;
        let report = Keystone::parse(bytes).map_err(|_| strange("made a report that is none"))?;
        match report.contents() {
            Some(ReportData::Exchange { nonce: found, .. }) if found == nonce => {}
            _ => return Err(strange("made a report over something else than the nonce").into()),
        }
        say_what_it_lacks(&report);
        let bytes = match self.format {
            Format::Keystone => report.to_bytes().to_vec(),
            Format::Eat => eat::evidence(&report),
        };
        if let Some(file) = &self.output {
            atomic::write(file, &bytes).with_context(|| crate::commands::unwritable(file))?;
            console::say(format_args!("wrote {}: whoever has the nonce can verify it", file.display()));
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

/// Why nobody can rely on a report. That of the simulator needs no further word.
fn say_what_it_lacks(report: &Keystone) {
    if report.sm_hash() == SmHash([0; 64]) {
        console::warn(
            "the machine's boot ROM did not measure the security monitor, so that the report proves nothing: \
             boot it with Keystone's boot ROM",
        );
    }
    if report.device_key() == DeviceKey::PUBLIC_TEST {
        console::warn(
            "the machine has Keystone's public test key, so that the report proves nothing: use it for tests",
        );
    }
}
