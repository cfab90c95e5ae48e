//! `wasmstone platform add`.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::keys;
use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use wasmstone_bundle::{
    Platform, PlatformStore, SmHash,
    measurement::sm_hash,
    platform::{BuildTree, DeviceKey, HashRate, Pair, PlatformError, Replace},
};

/// Add a platform, from the files of a Keystone build.
///
/// With --from they are looked for in its directory; what the other options name wins over that.
#[derive(clap::Args)]
pub struct Add {
    /// Its name.
    name: String,
    /// The directory of a Keystone build, such as build-generic64, to find loader, runtime and firmware in.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Keystone's loader (loader.bin).
    #[arg(long, value_name = "FILE", required_unless_present = "from", requires = "runtime")]
    loader: Option<PathBuf>,
    /// The runtime (eyrie-rt).
    #[arg(long, value_name = "FILE", required_unless_present = "from", requires = "loader")]
    runtime: Option<PathBuf>,
    /// The raw firmware image that holds the security monitor (fw_jump.bin), which is hashed.
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
    /// What its processors have beyond rv64gc, such as zba,zbb.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    cpu_features: Vec<String>,
    /// How many bytes its security monitor hashes in a second, such as 5.9M: "build" says with it how long
    /// launching takes.
    #[arg(long, value_name = "RATE")]
    hash_rate: Option<HashRate>,
    /// Replace a platform of the same name.
    #[arg(long)]
    replace: bool,
}

impl Add {
    pub fn run(self, platforms: &PlatformStore) -> anyhow::Result<()> {
        let replace = if self.replace { Replace::Yes } else { Replace::No };
        let platform = self.description()?;
        platforms.add(&platform, replace).map_err(|error| match error {
            PlatformError::Taken { name } => anyhow::Error::from(taken(&name)),
            error => error.into(),
        })?;
        console::say(format_args!("added the platform \"{}\"", platform.name));
        say_what_it_lacks(&platform);
        Ok(())
    }

    fn description(self) -> anyhow::Result<Platform> {
        let tree = self.from.as_deref().map(BuildTree::find).transpose()?;
        let (loader, runtime) = match (self.loader, self.runtime, &tree) {
            (Some(loader), Some(runtime), _) => (loader, runtime),
            (_, _, Some(tree)) => {
                let Pair { loader, runtime } = tree.pair()?;
                (taken_from(&loader, "loader"), taken_from(&runtime, "runtime"))
            }
            (_, _, None) => {
                let message = "which files? say --loader FILE and --runtime FILE, or --from DIR";
                return Err(Fault::new(Exit::Usage, message).into());
            }
        };
        let firmware = match (self.sm, &tree) {
            (None, Some(tree)) if self.sm_hash.is_none() => tree.firmware()?.map(|path| taken_from(path, "firmware")),
            (given, _) => given,
        };
        let sm_hash = match &firmware {
            Some(firmware) => {
                let hash = sm_hash(&read(firmware)?);
                Some(hash.with_context(|| format!("cannot hash {}", firmware.display()))?)
            }
            None => self.sm_hash,
        };
        let mut cpu_features = self.cpu_features;
        cpu_features.iter_mut().for_each(|feature| feature.make_ascii_lowercase());
        cpu_features.sort();
        cpu_features.dedup();
        Ok(Platform {
            name: self.name,
            loader: read(&loader)?,
            runtime: read(&runtime)?,
            sm_hash,
            device_keys: keys::devices(&self.device_key)?,
            fp_safe: self.fp_safe,
            cpu_features,
            hash_rate: self.hash_rate,
        })
    }
}

/// Says what was chosen in a build tree.
fn taken_from(path: &Path, what: &str) -> PathBuf {
    console::say(format_args!("{what:<12} {}", path.display()));
    path.to_owned()
}

/// What nobody can check about reports of this platform, and how to mend that.
fn say_what_it_lacks(platform: &Platform) {
    if platform.sm_hash.is_none() {
        console::warn(
            "the hash of its security monitor is not known, so nobody can tell from a report which one \
             is running: give the firmware with --sm",
        );
    }
    if platform.device_keys.contains(&DeviceKey::PUBLIC_TEST) {
        console::warn(
            "that device key is Keystone's public test key, whose secret key everybody has: \
             reports under it prove nothing, so use such a platform for tests alone",
        );
    }
}

fn taken(name: &str) -> Fault {
    let message = format!("there is a platform \"{name}\" already: choose another name, or replace it with --replace");
    Fault::new(Exit::Configuration, message)
}

/// More than any file of a platform has; what is longer is refused when it is added.
const MAX_BYTES: u64 = 65 << 20;

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
