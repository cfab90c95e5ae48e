//! Keys as they are named on the command line: a name in the configuration directory, or a PEM file.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use wasmstone_bundle::{PublicKey, SecretKey, keys::KeyError};

/// The key that signs where no other is named. It is made at first use.
const DEFAULT: &str = "default";

/// The most bytes that are read of a key file.
const MAX_PEM_BYTES: u64 = 16 << 10;

/// A key to sign with.
pub struct SigningKey {
    name: String,
    /// `None` where it is the default key, and not made yet.
    key: Option<SecretKey>,
}

impl SigningKey {
    /// The key that `--key` or the project file names; the default one where neither does.
    ///
    /// # Errors
    /// Where there is no such key, or it cannot be used.
    pub fn find(home: &Home, named: Option<&str>) -> anyhow::Result<Self> {
        let name = named.unwrap_or(DEFAULT).to_owned();
        if is_file(&name) {
            return Ok(Self { key: Some(secret_in(&name)?), name });
        }
        let key = match home.keys().secret(&name) {
            Err(KeyError::Unknown { .. }) if name == DEFAULT => None,
            found => Some(found?),
        };
        Ok(Self { name, key })
    }

    /// The key and its name, made now if need be.
    ///
    /// # Errors
    /// Where it cannot be stored.
    pub fn make(self, home: &Home) -> anyhow::Result<(String, SecretKey)> {
        let Self { name, key } = self;
        if let Some(key) = key {
            return Ok((name, key));
        }
        let key = home.keys().generate(&name)?;
        console::say(format_args!(
            "made the signing key \"{name}\" ({}) in {}; others need its public key: \"wasmstone key show {name}\"",
            key.public().id().short(),
            home.path().display()
        ));
        Ok((name, key))
    }
}

/// The public key that `named` stands for.
///
/// # Errors
/// Where there is no such key.
pub fn public(home: &Home, named: &str) -> anyhow::Result<PublicKey> {
    if is_file(named) { public_in(named) } else { Ok(home.keys().get(named)?.public) }
}

/// The public key in a PEM file.
///
/// # Errors
/// Where the file does not hold one.
pub fn public_in(file: &str) -> anyhow::Result<PublicKey> {
    PublicKey::from_pem(&read(file)?.0).with_context(|| unusable(file))
}

fn secret_in(file: &str) -> anyhow::Result<SecretKey> {
    let (pem, mode) = read(file)?;
    let key = SecretKey::from_pem(&pem).with_context(|| unusable(file))?;
    if mode & 0o077 != 0 {
        console::warn(format_args!("others can read the secret key {file}: run \"chmod 600 {file}\""));
    }
    Ok(key)
}

/// Names of stored keys have neither slash nor this ending.
fn is_file(named: &str) -> bool {
    named.contains('/') || named.ends_with(".pem")
}

fn read(file: &str) -> anyhow::Result<(String, u32)> {
    let mut pem = String::new();
    let opened = File::open(file).and_then(|opened| {
        let mode = opened.metadata()?.permissions().mode();
        opened.take(MAX_PEM_BYTES).read_to_string(&mut pem)?;
        Ok(mode)
    });
    let mode = opened.with_context(|| unusable(file))?;
    Ok((pem, mode))
}

fn unusable(file: &str) -> Fault {
    Fault::new(Exit::Configuration, format!("cannot use the key {file}"))
}
