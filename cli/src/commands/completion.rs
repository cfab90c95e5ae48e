//! `wasmstone completion`.

use crate::Wasmstone;
use crate::console;
use crate::exit::Exit;
use clap::{CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

/// Print a shell's completion script.
#[derive(clap::Args)]
pub struct Completion {
    /// Shell to print the script for.
    shell: Name,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    Bash,
    Zsh,
    Fish,
}

impl Completion {
    pub fn run(self) -> anyhow::Result<Exit> {
        let shell = match self.shell {
            Name::Bash => Shell::Bash,
            Name::Zsh => Shell::Zsh,
            Name::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut Wasmstone::command(), "wasmstone", &mut script);
        console::print(String::from_utf8_lossy(&script).trim_end())?;
        Ok(Exit::Success)
    }
}
