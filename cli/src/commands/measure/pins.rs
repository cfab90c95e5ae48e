//! `wasmstone measure --pins`: what a remote verifier needs to know about a bundle and its platform.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys;
use crate::view::PolicyView;
use anyhow::Context;
use std::fmt::Write;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use wasmstone_attestation::{DeviceKey, Pins, SignerId, SmHash};
use wasmstone_bundle::verify::{Program, SignatureError, Standing, signers};
use wasmstone_bundle::{
    Bundle, Platform, TrustPolicy, VerifyError, atomic,
    platform::{PlatformError, SIM},
};
use wasmstone_policy::{Policy, Target};

/// Options about pins.
#[derive(clap::Args)]
pub struct PinsArguments {
    /// Write the values that "wasmstone attest verify" accepts to this file: the bundle's measurements and signers,
    /// and the security monitor and the devices of its platform.
    #[arg(long, value_name = "FILE", requires = "bundle", conflicts_with_all = ["loader", "sm"])]
    pub pins: Option<PathBuf>,
    /// Pin this hash of the security monitor, 128 hexadecimal digits; can be given more than once
    /// [default: the platform's].
    #[arg(long, value_name = "HEX", requires = "pins")]
    sm_hash: Vec<SmHash>,
    /// Pin this device's public key, 64 hexadecimal digits or a PEM file; can be given more than once
    /// [default: the platform's].
    #[arg(long, value_name = "HEX|FILE", requires = "pins")]
    device_key: Vec<String>,
    /// Replace the pins file if it exists.
    #[arg(long, requires = "pins")]
    replace: bool,
}

/// Whether a report can show a program for `target`: Keystone runs Pulley bytecode and RISC-V code only.
pub fn is_attested(target: Target, platform: &str) -> bool {
    platform == SIM || matches!(target, Target::Pulley64 | Target::Riscv64)
}

impl PinsArguments {
    /// Writes the pins of `programs` to `file`.
    ///
    /// # Errors
    /// If a value to pin is not known, or if the file exists and `--replace` is not given.
    pub fn write(&self, file: &Path, bundle: &Bundle, programs: &[&Program]) -> anyhow::Result<()> {
        let entry = &bundle.manifest().platform;
        let platform = Known::of(&entry.name)?;
        let sm_hashes = match (&*self.sm_hash, entry.sm_hash.or(platform.sm_hash)) {
            ([], Some(hash)) => vec![hash],
            ([], None) => return Err(no_sm_hash(&entry.name).into()),
            (given, _) => given.to_vec(),
        };
        let device_keys = match (&*self.device_key, platform.device_keys) {
            ([], keys) if keys.is_empty() => return Err(no_device_key(&entry.name).into()),
            ([], keys) => keys,
            (given, _) => keys::devices(given)?,
        };
        if device_keys.contains(&DeviceKey::PUBLIC_TEST) {
            console::warn(
                "a pinned device has Keystone's public test key, and its secret key is public too: \
                 \"wasmstone attest verify\" accepts its reports only with --insecure-allow-test-device",
            );
        }
        let pins = Pins {
            name: Some(bundle.manifest().name.clone()),
            measurements: programs.iter().map(|program| program.measurement).collect(),
            sm_hashes,
            device_keys,
            signers: valid_signers(bundle)?,
        };
        if pins.signers.is_empty() {
            console::warn("the bundle has no signature: the pins identify the program, but not its author");
        }
        let policy = programs.first().map(|program| comments(&program.launch.policy)).unwrap_or_default();
        self.store(file, (policy + &pins.to_toml()).as_bytes())?;
        console::say(format_args!("wrote {}: give this file to the verifiers of reports", file.display()));
        Ok(())
    }

    fn store(&self, file: &Path, text: &[u8]) -> anyhow::Result<()> {
        let written = if self.replace { atomic::write(file, text) } else { atomic::create(file, text, 0o666) };
        match written {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let message = format!("{} exists already: choose another name, or pass --replace", file.display());
                Err(Fault::new(Exit::Configuration, message).into())
            }
            written => written.with_context(|| crate::commands::unwritable(file)),
        }
    }
}

/// What this machine's configuration knows about a platform.
#[derive(Default)]
struct Known {
    sm_hash: Option<SmHash>,
    device_keys: Vec<DeviceKey>,
}

impl Known {
    fn of(name: &str) -> anyhow::Result<Self> {
        if name == SIM {
            return Ok(Self { sm_hash: Some(SmHash::SIMULATOR), device_keys: vec![DeviceKey::SIMULATOR] });
        }
        // Without a configuration directory no platform is known, but the options can still name the values.
        let Ok(home) = Home::find() else { return Ok(Self::default()) };
        match home.platforms().load(name) {
            Ok(Platform { sm_hash, device_keys, .. }) => Ok(Self { sm_hash, device_keys }),
            Err(PlatformError::Unknown { .. }) => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The signers with valid signatures, whether or not this machine trusts them.
fn valid_signers(bundle: &Bundle) -> Result<Vec<SignerId>, VerifyError> {
    let signers = signers(bundle, &TrustPolicy::default());
    match signers.iter().find(|signer| signer.standing == Standing::Invalid) {
        Some(invalid) => Err(SignatureError::Invalid { key: invalid.key }.into()),
        None => Ok(signers.iter().map(|signer| SignerId(signer.key.0)).collect()),
    }
}

/// The policy as TOML comments, for people who review the pins.
fn comments(policy: &Policy) -> String {
    let mut text = "# The bundle's policy, which is part of the measurements:\n".to_owned();
    for (name, line) in PolicyView::new(policy).lines() {
        let _ = writeln!(text, "#   {name}: {line}");
    }
    text + "\n"
}

fn no_sm_hash(platform: &str) -> Fault {
    let message = format!(
        "the hash of the security monitor of the platform \"{platform}\" is not known: pass --sm-hash with the \
         hash that \"wasmstone measure --sm fw_jump.bin\" prints for the firmware, or add the platform with --sm"
    );
    Fault::new(Exit::Configuration, message)
}

fn no_device_key(platform: &str) -> Fault {
    let message = format!(
        "no device of the platform \"{platform}\" is known: pass the public keys that the devices' manufacturer \
         publishes with --device-key, or add the platform with --device-key"
    );
    Fault::new(Exit::Configuration, message)
}
