//! `wasmstone sign`.

use crate::console;
use crate::exit::{Exit, Fault};
use crate::keys::SigningKey;
use anyhow::Context;
use std::path::PathBuf;
use wasmstone_bundle::{
    TrustPolicy, VerifyError, atomic,
    verify::{SignatureError, Standing, contents, signers},
};

/// Add a signature to a bundle.
///
/// A signature vouches for the content, so look at the bundle with "wasmstone inspect" first. The command checks the
/// content against the manifest, keeps existing signatures, and refuses a bundle with an invalid one.
#[derive(clap::Args)]
pub struct Sign {
    /// Bundle to sign.
    bundle: PathBuf,
    /// Signing key: a name, or a PEM file [default: the key `default`, created at first use].
    #[arg(long, value_name = "FILE|NAME")]
    key: Option<String>,
    /// Write the signed bundle to this file [default: replace the bundle].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Sign {
    pub fn run(self) -> anyhow::Result<Exit> {
        let key = SigningKey::find(self.key.as_deref())?;
        let mut bundle = super::open(&self.bundle)?;
        let refused = || format!("will not sign {}", self.bundle.display());
        // It does not matter who signed, only that every signature still fits the bundle.
        let signers = signers(&bundle, &TrustPolicy::default());
        if let Some(invalid) = signers.iter().find(|signer| signer.standing == Standing::Invalid) {
            return Err(VerifyError::from(SignatureError::Invalid { key: invalid.key })).with_context(refused);
        }
        contents(&bundle).with_context(refused)?;
        let (name, key) = key.make()?;
        let id = bundle.sign(&key).map_err(|full| Fault::new(Exit::Signature, full.to_string()))?;
        let output = self.output.as_ref().unwrap_or(&self.bundle);
        atomic::write(output, &bundle.to_bytes()).with_context(|| super::unwritable(output))?;
        console::say(format_args!("signed {} with the key {name} ({})", output.display(), id.short()));
        Ok(Exit::Success)
    }
}
