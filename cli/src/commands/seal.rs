//! `wasmstone seal`.

mod provision;
mod transfer;

use crate::console;
use crate::exit::Exit;
use crate::home::Home;
use crate::keys;
use crate::view::SCHEMA;
use serde::Serialize;

/// Move the contents of sealed directories to another release.
///
/// Or to another machine. Only the enclave that wrote the contents can read them. Only the owner that the bundle's
/// policy names can have them copied: the old enclave exports them under a transfer key, the new one imports them.
#[derive(clap::Args)]
pub struct Seal {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Create an owner's key, before you build the first bundle with sealed directories.
    Key {
        /// Name of the key.
        name: String,
    },
    /// Print an owner's public key, which project files name as seal-owner.
    Public {
        /// Key to print: a name, or a PEM file.
        #[arg(value_name = "NAME|FILE")]
        key: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    Provision(provision::Provision),
    Export(Box<transfer::Export>),
    Import(Box<transfer::Import>),
}

#[derive(Serialize)]
struct Json {
    schema: u32,
    name: String,
    seal_owner: String,
    public_key: String,
}

impl Seal {
    pub fn run(self) -> anyhow::Result<Exit> {
        match self.verb {
            Verb::Key { name } => {
                let home = Home::find()?;
                console::print(home.owners().generate(&name)?)?;
                console::say(format_args!(
                    "created the seal key \"{name}\" in {}: add seal-owner = \"{name}\" to wasmstone.toml, and keep a copy \
                     of the key, because sealed data cannot be moved without it",
                    home.path().join("seal").display()
                ));
                Ok(Exit::Success)
            }
            Verb::Public { key, json } => {
                let owner = keys::public_owner(&key)?;
                let public_key = owner.to_pem()?;
                if json {
                    let seal_owner = owner.to_string();
                    console::print_json(&Json { schema: SCHEMA, name: key, seal_owner, public_key })?;
                } else {
                    console::print(public_key.trim_end())?;
                    console::say(format_args!("seal owner {owner}"));
                }
                Ok(Exit::Success)
            }
            Verb::Provision(command) => command.run(),
            Verb::Export(command) => command.run(),
            Verb::Import(command) => command.run(),
        }
    }
}
