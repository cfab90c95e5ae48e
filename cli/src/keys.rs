//! Keys on the command line: the name of a stored key, or a PEM file.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use anyhow::Context;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use wasmstone_bundle::sealing::{OwnerSecret, SealOwner};
use wasmstone_bundle::{PublicKey, SecretKey, TrustPolicy, keys::KeyError, platform::DeviceKey};

/// The key that signs if no other key is named. It is created at first use.
const DEFAULT: &str = "default";

/// The most bytes that are read of a key file.
const MAX_PEM_BYTES: u64 = 16 << 10;

/// A key to sign with.
pub struct SigningKey {
    name: String,
    state: State,
}

enum State {
    Found(SecretKey),
    /// The default key, which does not exist yet and will be stored here.
    NotCreated(Home),
}

impl SigningKey {
    /// The key that `--key` or the project file names, otherwise the default key.
    ///
    /// # Errors
    /// If the key does not exist or cannot be used.
    pub fn find(named: Option<&str>) -> anyhow::Result<Self> {
        let name = named.unwrap_or(DEFAULT);
        if is_file(name) {
            return Ok(Self { name: name.to_owned(), state: State::Found(secret_in(name)?) });
        }
        Self::stored(Home::find()?, name)
    }

    fn stored(home: Home, name: &str) -> anyhow::Result<Self> {
        let state = match home.keys().secret(name) {
            Err(KeyError::Unknown { .. }) if name == DEFAULT => State::NotCreated(home),
            found => State::Found(found?),
        };
        Ok(Self { name: name.to_owned(), state })
    }

    /// The key and its name; the default key is created if it does not exist.
    ///
    /// # Errors
    /// If the new key cannot be stored.
    pub fn make(self) -> anyhow::Result<(String, SecretKey)> {
        let Self { name, state } = self;
        let home = match state {
            State::Found(key) => return Ok((name, key)),
            State::NotCreated(home) => home,
        };
        let key = match home.keys().generate(&name) {
            // Another process created the key meanwhile, or a trusted key has this name.
            Err(taken @ KeyError::Taken { .. }) => {
                let key = home.keys().secret(&name).map_err(|_| taken)?;
                return Ok((name, key));
            }
            made => made?,
        };
        console::say(format_args!(
            "created the signing key \"{name}\" ({}) in {}; others need its public key: \"wasmstone key show {name}\"",
            key.public().id().short(),
            home.path().display()
        ));
        Ok((name, key))
    }
}

/// The public key that `named` stands for.
///
/// # Errors
/// If there is no such key.
pub fn public(named: &str) -> anyhow::Result<PublicKey> {
    if is_file(named) {
        return public_in(named);
    }
    match Home::find()?.keys().get(named) {
        Err(KeyError::Unknown { .. }) => {
            let message = format!(
                "there is no key \"{named}\": see \"wasmstone key list\"; \
                 to add somebody else's public key, run \"wasmstone key trust FILE\""
            );
            Err(Fault::new(Exit::Configuration, message).into())
        }
        found => Ok(found?.public),
    }
}

/// All stored keys that can be used. Each unusable key gets a warning and not an error, because it does not keep
/// the other keys from checking signatures.
///
/// # Errors
/// If the configuration directory cannot be read.
pub fn trusted(home: &Home) -> Result<TrustPolicy, KeyError> {
    home.keys().trust_policy(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        console::warn(console::visible(&format!("not trusted: {error}{cause}")));
    })
}

/// The public key in a PEM file.
///
/// # Errors
/// If the file holds no public key.
pub fn public_in(file: &str) -> anyhow::Result<PublicKey> {
    PublicKey::from_pem(&read(file)?.0).with_context(|| unusable(file))
}

fn secret_in(file: &str) -> anyhow::Result<SecretKey> {
    SecretKey::from_pem(&read_secret(file)?).with_context(|| unusable(file))
}

/// The secret seal key that `named` stands for.
///
/// # Errors
/// If there is no such key.
pub fn owner(named: &str) -> anyhow::Result<OwnerSecret> {
    if is_file(named) {
        return OwnerSecret::from_pem(&read_secret(named)?).with_context(|| unusable(named));
    }
    Ok(Home::find()?.owners().secret(named)?)
}

/// The public seal key that `named` stands for: that of one's own, or in a file.
///
/// # Errors
/// If there is no such key.
pub fn public_owner(named: &str) -> anyhow::Result<SealOwner> {
    if is_file(named) {
        return SealOwner::from_pem(&read(named)?.0).with_context(|| unusable(named));
    }
    Ok(Home::find()?.owners().secret(named)?.public())
}

/// Reads the file of a secret key, and warns if other users can read the file.
fn read_secret(file: &str) -> anyhow::Result<String> {
    let (pem, mode) = read(file)?;
    if mode & 0o077 != 0 {
        console::warn(format_args!("others can read the secret key {file}: run \"chmod 600 {file}\""));
    }
    Ok(pem)
}

/// The public keys of devices, without duplicates; each is named by 64 hexadecimal digits or a PEM file.
///
/// # Errors
/// If a name is neither.
pub fn devices(named: &[String]) -> anyhow::Result<Vec<DeviceKey>> {
    let mut keys = Vec::new();
    for text in named {
        let key = device(text)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn device(text: &str) -> anyhow::Result<DeviceKey> {
    match text.parse() {
        Ok(key) => Ok(key),
        Err(_) if Path::new(text).exists() => Ok(DeviceKey(public_in(text)?.to_bytes())),
        Err(error) => Err(error).with_context(|| {
            Fault::new(
                Exit::Configuration,
                format!("\"{text}\" is neither a device key nor a file: pass 64 hexadecimal digits or a PEM file"),
            )
        }),
    }
}

/// Whether `named` is a file: names of stored keys contain no slash and do not end in `.pem`.
pub fn is_file(named: &str) -> bool {
    named.contains('/') || named.ends_with(".pem")
}

fn read(file: &str) -> anyhow::Result<(String, u32)> {
    let mut pem = Vec::new();
    let opened = File::open(file).and_then(|opened| {
        let mode = opened.metadata()?.permissions().mode();
        opened.take(MAX_PEM_BYTES).read_to_end(&mut pem)?;
        Ok(mode)
    });
    let mode = opened.with_context(|| {
        Fault::new(
            Exit::Other,
            format!("cannot read the key {file}: pass the path of a PEM file, or the name of a key"),
        )
    })?;
    // Bytes that are not UTF-8 are not a key either; the parser refuses the replacement characters.
    Ok((String::from_utf8_lossy(&pem).into_owned(), mode))
}

fn unusable(file: &str) -> Fault {
    Fault::new(Exit::Configuration, format!("cannot use the key {file}"))
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, SigningKey};
    use crate::home::Home;
    use wasmstone_bundle::keys::KeyError;

    #[test]
    fn all_who_make_the_default_key_at_once_sign_with_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let find = || SigningKey::stored(home.clone(), DEFAULT).unwrap();
        // Each finds none before any of them makes one.
        let found: Vec<_> = (0..3).map(|_| find()).collect();
        let made: Vec<_> = found.into_iter().map(|key| key.make().unwrap().1.public()).collect();
        assert!(made.iter().all(|key| *key == made[0]), "{made:?}");
        assert_eq!(find().make().unwrap().1.public(), made[0]);
    }

    #[test]
    fn a_key_of_somebody_else_is_not_signed_with() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let somebody = wasmstone_bundle::SecretKey::generate().unwrap().public().to_pem().unwrap();
        home.keys().trust(DEFAULT, &somebody).unwrap();
        let error = SigningKey::stored(home, DEFAULT).unwrap().make().unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(KeyError::Taken { .. })), "{error:?}");
    }
}
