//! `wasmstone key`.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use crate::view::SCHEMA;
use anyhow::Context;
use serde::Serialize;
use std::path::Path;
use wasmstone_bundle::keys::{KeyKind, StoredKey};

/// Create, trust and show the keys that sign bundles.
#[derive(clap::Args)]
pub struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Create a signing key.
    New {
        /// Name of the key.
        name: String,
    },
    /// List your own keys and the trusted keys of others.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Trust somebody else's key from now on.
    Trust {
        /// PEM file of the public key.
        file: String,
        /// Name to store the key under [default: the file's name without .pem].
        #[arg(long)]
        name: Option<String>,
    },
    /// Print a public key, to give to others.
    Show {
        /// Key to print: a name, or a PEM file.
        #[arg(value_name = "NAME|FILE")]
        key: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct KeyJson {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    key_id: String,
    public_key: String,
}

#[derive(Serialize)]
struct Json<T> {
    schema: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
struct List {
    keys: Vec<KeyJson>,
}

impl Key {
    pub fn run(self) -> anyhow::Result<Exit> {
        match self.verb {
            Verb::New { name } => {
                let key = Home::find()?.keys().generate(&name)?;
                console::print(key.public().id())?;
                console::say(format_args!(
                    "created the key \"{name}\"; others need its public key: \"wasmstone key show {name}\""
                ));
            }
            Verb::List { json } => list(&Home::find()?.keys().list()?, json)?,
            Verb::Trust { file, name } => {
                let name = name.map_or_else(|| stem(&file), Ok)?;
                let key = keys::public_in(&file)?;
                let id = Home::find()?.keys().trust(&name, &key.to_pem()?)?;
                console::print(id)?;
                console::say(format_args!("bundles signed by \"{name}\" are trusted from now on"));
            }
            Verb::Show { key, json } => {
                let public = keys::public(&key)?;
                let (key_id, public_key) = (public.id().to_string(), public.to_pem()?);
                if json {
                    let content = KeyJson { name: key, kind: None, key_id, public_key };
                    console::print_json(&Json { schema: SCHEMA, content })?;
                } else {
                    console::print(public_key.trim_end())?;
                    console::say(format_args!("key id {key_id}"));
                }
            }
        }
        Ok(Exit::Success)
    }
}

fn list(keys: &[StoredKey], json: bool) -> anyhow::Result<()> {
    if json {
        let keys = keys.iter().map(|key| {
            let public_key = key.public.to_pem()?;
            let key_id = key.public.id().to_string();
            Ok(KeyJson { name: key.name.clone(), kind: Some(kind(key.kind)), key_id, public_key })
        });
        let content = List { keys: keys.collect::<anyhow::Result<_>>()? };
        return console::print_json(&Json { schema: SCHEMA, content });
    }
    if keys.is_empty() {
        console::say("there are no keys yet: create one with \"wasmstone key new NAME\"");
    }
    for key in keys {
        console::print(format_args!("{:<7} {:<20} {}", kind(key.kind), key.name, key.public.id()))?;
    }
    Ok(())
}

const fn kind(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Own => "own",
        KeyKind::Trusted => "trusted",
    }
}

fn stem(file: &str) -> anyhow::Result<String> {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    let name = name.map(|name| name.strip_suffix(".pem").unwrap_or(name));
    let name = name.map(|name| name.strip_suffix(".pub").unwrap_or(name).to_owned());
    name.with_context(|| {
        Fault::new(Exit::Configuration, format!("no name can be derived from {file}: choose one with --name"))
    })
}
