//! `wasmstone attest`.

pub mod evidence;
mod report;
mod verify;

use crate::exit::Exit;

/// Ask an enclave for an attestation report, and verify reports.
#[derive(clap::Args)]
pub struct Attest {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Report(Box<report::Report>),
    Verify(Box<verify::Verify>),
}

impl Attest {
    pub fn run(self) -> anyhow::Result<Exit> {
        match self.verb {
            Verb::Report(command) => command.run(),
            Verb::Verify(command) => command.run(),
        }
    }
}
