//! `wasmstone run`.

use super::launch::{LaunchArguments, Task};
use crate::exit::Exit;

/// Run a bundle: verify it, then launch its enclave and serve it.
///
/// Standard input, output and error are the program's, and so is the exit code. What the program may have
/// is what these options grant, within the bundle's policy.
#[derive(clap::Args)]
pub struct Run {
    #[command(flatten)]
    launch: LaunchArguments,
    /// The program's arguments.
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Run {
    pub fn run(self) -> anyhow::Result<Exit> {
        self.launch.launch(Task::Command { arguments: self.arguments })
    }
}
