//! `wasmstone run`.

use super::launch::{LaunchArguments, Purpose};
use crate::exit::Exit;

/// Run a bundle: verify it, launch its enclave, and answer the enclave's calls.
///
/// Standard input, output and error belong to the program, and its exit code is the command's. The program has
/// access only to what these options grant, within the bundle's policy.
#[derive(clap::Args)]
pub struct Run {
    #[command(flatten)]
    launch: LaunchArguments,
    /// Arguments of the program.
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Run {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.launch.launch(Purpose::Command { arguments: self.arguments })
    }
}
