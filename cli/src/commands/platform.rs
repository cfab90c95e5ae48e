//! `wasmstone platform`.

use crate::console::{self, size};
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use crate::view::SCHEMA;
use anyhow::Context;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use wasmstone_bundle::{
    Platform as Description, Sha256Digest, SmHash,
    measurement::sm_hash,
    platform::{DeviceKey, PlatformError, Replace},
};

/// Manage platforms: the Keystone builds that bundles are made for.
#[derive(clap::Args)]
pub struct Platform {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Add(Box<Add>),
    /// List all platforms.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a platform.
    Show {
        /// Its name.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Add a platform, from the files of a Keystone build.
#[derive(clap::Args)]
struct Add {
    /// Its name.
    name: String,
    /// Keystone's loader (loader.bin).
    #[arg(long, value_name = "FILE")]
    loader: PathBuf,
    /// The runtime (eyrie-rt).
    #[arg(long, value_name = "FILE")]
    runtime: PathBuf,
    /// The raw firmware image that holds the security monitor, which is hashed.
    #[arg(long, value_name = "FILE", conflicts_with = "sm_hash")]
    sm: Option<PathBuf>,
    /// The hash of the security monitor, 128 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    sm_hash: Option<SmHash>,
    /// The public key of a device, 64 hexadecimal digits or a PEM file; can be given more than once.
    #[arg(long, value_name = "HEX|FILE")]
    device_key: Vec<String>,
    /// The platform saves and protects floating-point registers. Stock Keystone does not.
    #[arg(long)]
    fp_safe: bool,
    /// Replace a platform of the same name.
    #[arg(long)]
    replace: bool,
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
            Verb::Add(add) => {
                let replace = if add.replace { Replace::Yes } else { Replace::No };
                let platform = add.description()?;
                platforms.add(&platform, replace).map_err(|error| match error {
                    PlatformError::Taken { name } => anyhow::Error::from(taken(&name)),
                    error => error.into(),
                })?;
                console::say(format_args!("added the platform \"{}\"", platform.name));
            }
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

impl Add {
    fn description(self) -> anyhow::Result<Description> {
        let sm_hash = match &self.sm {
            Some(firmware) => {
                let hash = sm_hash(&read(firmware)?);
                Some(hash.with_context(|| format!("cannot hash {}", firmware.display()))?)
            }
            None => self.sm_hash,
        };
        Ok(Description {
            name: self.name,
            loader: read(&self.loader)?,
            runtime: read(&self.runtime)?,
            sm_hash,
            device_keys: self.device_key.iter().map(|key| device_key(key)).collect::<anyhow::Result<_>>()?,
            fp_safe: self.fp_safe,
        })
    }
}

fn taken(name: &str) -> Fault {
    let message = format!("there is a platform \"{name}\" already: choose another name, or replace it with --replace");
    Fault::new(Exit::Configuration, message)
}

fn device_key(text: &str) -> anyhow::Result<DeviceKey> {
    match text.parse() {
        Ok(key) => Ok(key),
        Err(_) if Path::new(text).exists() => Ok(DeviceKey(keys::public_in(text)?.to_bytes())),
        Err(error) => Err(error).with_context(|| {
            Fault::new(
                Exit::Configuration,
                format!("\"{text}\" is neither a device key nor a file: give 64 digits or a PEM file"),
            )
        }),
    }
}

/// More than any file of a platform has; what is longer is refused when it is added.
const MAX_BYTES: u64 = 65 << 20;

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
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
    };
    if json {
        return console::print_json(&shown);
    }
    let line = |name: &str, text: String| console::print(format_args!("{name:<12} {text}"));
    line("name", shown.name)?;
    for (name, file) in [("loader", shown.loader), ("runtime", shown.runtime)] {
        line(name, format!("{}, sha256 {}", size(file.size as u64), file.sha256))?;
    }
    line("sm hash", shown.sm_hash.unwrap_or_else(|| "not known".to_owned()))?;
    for key in shown.device_keys {
        line("device key", key)?;
    }
    line("fp", if shown.fp_safe { "protected" } else { "neither saved nor protected" }.to_owned())?;
    Ok(())
}
