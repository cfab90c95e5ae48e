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

/// Add a platform from the files of a Keystone build.
///
/// --from searches a build directory for the files; the other options override what it finds.
#[derive(clap::Args)]
pub struct Add {
    /// Name of the platform.
    name: String,
    /// Search this Keystone build directory, such as build-generic64, for loader, runtime and firmware.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Keystone's loader (loader.bin).
    #[arg(long, value_name = "FILE", required_unless_present = "from", requires = "runtime")]
    loader: Option<PathBuf>,
    /// Keystone's runtime (eyrie-rt).
    #[arg(long, value_name = "FILE", required_unless_present = "from", requires = "loader")]
    runtime: Option<PathBuf>,
    /// Hash the security monitor in this raw firmware image (fw_jump.bin).
    #[arg(long, value_name = "FILE", conflicts_with = "sm_hash")]
    sm: Option<PathBuf>,
    /// Hash of the security monitor, 128 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    sm_hash: Option<SmHash>,
    /// Public key of a device, 64 hexadecimal digits or a PEM file; can be given more than once.
    #[arg(long, value_name = "HEX|FILE")]
    device_key: Vec<String>,
    /// The platform saves and protects floating-point registers. Stock Keystone does not.
    #[arg(long)]
    fp_safe: bool,
    /// CPU features of the platform's processors beyond rv64gc, such as zba,zbb.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    cpu_features: Vec<String>,
    /// Bytes that the security monitor hashes in a second, such as 5.9M; "build" uses it to estimate how long
    /// a launch takes.
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
        warn_of_missing_trust(&platform);
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
                let message = "no files were given: pass --loader FILE and --runtime FILE, or --from DIR";
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

/// Prints which file of a build tree is used.
fn taken_from(path: &Path, what: &str) -> PathBuf {
    console::say(format_args!("{what:<12} {}", path.display()));
    path.to_owned()
}

/// Warns about checks that reports of this platform cannot pass, and how to make them possible.
fn warn_of_missing_trust(platform: &Platform) {
    if platform.sm_hash.is_none() {
        console::warn(
            "the hash of the platform's security monitor is unknown, so no report can show which security monitor \
             is running: pass the firmware with --sm",
        );
    }
    if platform.device_keys.contains(&DeviceKey::PUBLIC_TEST) {
        console::warn(
            "this device key is Keystone's public test key, and its secret key is public too: \
             reports under it prove nothing, so use this platform only for tests",
        );
    }
}

fn taken(name: &str) -> Fault {
    let message = format!("a platform \"{name}\" exists already: choose another name, or pass --replace");
    Fault::new(Exit::Configuration, message)
}

/// The most bytes that are read of a platform's file. The store refuses files this large, so a longer file is
/// refused as well.
const MAX_BYTES: u64 = 65 << 20;

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
