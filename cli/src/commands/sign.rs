//! `wasmstone sign`.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys::SigningKey;
use anyhow::Context;
use std::path::PathBuf;
use wasmstone_bundle::{
    atomic,
    verify::{Standing, contents, signers},
};

/// Add a signature to a bundle, or renew one's own.
///
/// Whoever signs vouches for the content: it is held against the manifest first. Look at it with
/// "wasmstone inspect" before. Signatures that are there stay, but for invalid ones, which are an error.
#[derive(clap::Args)]
pub struct Sign {
    /// The bundle.
    bundle: PathBuf,
    /// The signing key: a name, or a PEM file [default: default, made at first use].
    #[arg(long, value_name = "FILE|NAME")]
    key: Option<String>,
    /// Where the signed bundle goes [default: in the place of the bundle].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Sign {
    pub fn run(self) -> anyhow::Result<Exit> {
        let home = Home::find()?;
        let key = SigningKey::find(&home, self.key.as_deref())?;
        let mut bundle = super::open(&self.bundle)?;
        contents(&bundle).with_context(|| format!("will not sign {}", self.bundle.display()))?;
        let (name, key) = key.make(&home)?;
        let id = bundle.sign(&key).map_err(|full| Fault::new(Exit::Signature, full.to_string()))?;
        let others = signers(&bundle, &home.keys().trust_policy()?);
        if let Some(invalid) = others.iter().find(|signer| signer.standing == Standing::Invalid) {
            let message = format!(
                "will not sign {}: it has an invalid signature by the key {}, and would never be accepted; \
                 build it anew",
                self.bundle.display(),
                invalid.key.short()
            );
            return Err(Fault::new(Exit::Signature, message).into());
        }
        let output = self.output.as_ref().unwrap_or(&self.bundle);
        atomic::write(output, &bundle.to_bytes()).with_context(|| super::unwritable(output))?;
        console::say(format_args!("signed {} with the key {name} ({})", output.display(), id.short()));
        Ok(Exit::Success)
    }
}
