//! `wasmstone platform`.

mod add;

use crate::console::{self, size};
use crate::exit::Exit;
use crate::home::Home;
use crate::view::SCHEMA;
use serde::Serialize;
use wasmstone_bundle::{
    Platform as Description, Sha256Digest,
    platform::{DeviceKey, HashRate},
};

/// Manage platforms: the Keystone builds that bundles are made for.
#[derive(clap::Args)]
pub struct Platform {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Add(Box<add::Add>),
    /// List all platforms.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a platform.
    Show {
        /// Name of the platform.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct ListJson {
    schema: u32,
    platforms: Vec<String>,
}

#[derive(Serialize)]
struct Json {
    schema: u32,
    name: String,
    loader: FileJson,
    runtime: FileJson,
    sm_hash: Option<String>,
    device_keys: Vec<String>,
    fp_safe: bool,
    cpu_features: Vec<String>,
    hash_rate: Option<u64>,
}

#[derive(Serialize)]
struct FileJson {
    size: usize,
    sha256: String,
}

impl FileJson {
    fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len(), sha256: Sha256Digest::of(bytes).to_string() }
    }
}

impl Platform {
    pub fn run(self) -> anyhow::Result<Exit> {
        let platforms = Home::find()?.platforms();
        match self.verb {
            Verb::Add(add) => add.run(&platforms)?,
            Verb::List { json: true } => {
                console::print_json(&ListJson { schema: SCHEMA, platforms: platforms.list()? })?;
            }
            Verb::List { json: false } => {
                for name in platforms.list()? {
                    console::print(name)?;
                }
            }
            Verb::Show { name, json } => show(&platforms.load(&name)?, json)?,
        }
        Ok(Exit::Success)
    }
}

fn show(platform: &Description, json: bool) -> anyhow::Result<()> {
    let shown = Json {
        schema: SCHEMA,
        name: platform.name.clone(),
        loader: FileJson::of(&platform.loader),
        runtime: FileJson::of(&platform.runtime),
        sm_hash: platform.sm_hash.map(|hash| hash.to_string()),
        device_keys: platform.device_keys.iter().map(ToString::to_string).collect(),
        fp_safe: platform.fp_safe,
        cpu_features: platform.cpu_features.clone(),
        hash_rate: platform.hash_rate.map(HashRate::bytes_per_second),
    };
    if json {
        return console::print_json(&shown);
    }
    let line = |name: &str, text: String| console::print(format_args!("{name:<12} {text}"));
    line("name", shown.name)?;
    for (name, file) in [("loader", shown.loader), ("runtime", shown.runtime)] {
        line(name, format!("{}, sha256 {}", size(file.size as u64), file.sha256))?;
    }
    line("sm hash", shown.sm_hash.unwrap_or_else(|| "unknown".to_owned()))?;
    for key in &platform.device_keys {
        let test = if *key == DeviceKey::PUBLIC_TEST {
            " (Keystone's public test key: reports under it prove nothing)"
        } else {
            ""
        };
        line("device key", format!("{key}{test}"))?;
    }
    line("fp", if shown.fp_safe { "protected" } else { "neither saved nor protected" }.to_owned())?;
    line("cpu features", if shown.cpu_features.is_empty() { "none".to_owned() } else { shown.cpu_features.join(" ") })?;
    line("hashing", hash_rate(platform))?;
    Ok(())
}

/// How fast the platform hashes; the text says whether the rate is the platform's own or assumed.
pub fn hash_rate(platform: &Description) -> String {
    match platform.hash_rate {
        Some(rate) => rate.to_string(),
        None => format!("unknown; assuming {}, the rate measured on QEMU", HashRate::ASSUMED),
    }
}
