//! `wasmstone seal provision`.

use crate::commands::attest::evidence::{self, Nonce, Trusted};
use crate::console;
use crate::exit::{Exit, Fault};
use crate::keys;
use anyhow::Context;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use wasmstone_attestation::Expected;
use wasmstone_bundle::{atomic, sealing::TransferKey};
use zeroize::Zeroizing;

/// Verify an enclave's report and wrap a transfer key for that enclave.
///
/// Run this twice with the same transfer key: for the enclave that exports, and for the enclave that imports.
#[derive(clap::Args)]
pub struct Provision {
    /// Report of the enclave, from "wasmstone attest report"; - is standard input.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// Nonce that the report was requested with.
    #[arg(long, value_name = "HEX")]
    nonce: Nonce,
    #[command(flatten)]
    trusted: Trusted,
    /// Owner's key, from "wasmstone seal key": a name, or a PEM file.
    #[arg(long, value_name = "FILE|NAME")]
    owner: String,
    /// Transfer key, 32 secret bytes; the command creates the file if it does not exist.
    #[arg(long, value_name = "FILE")]
    transfer_key: PathBuf,
    /// Write the wrapped key to this file; it is not secret.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Provision {
    pub fn run(self) -> anyhow::Result<Exit> {
        let owner = keys::owner(&self.owner)?;
        let pins = self.trusted.pins()?;
        let verified = self.trusted.verify(&pins, &self.report, Expected::Exchange(&self.nonce.0))?;
        let enclave = verified.key().ok_or_else(|| evidence::unexpected_answer("has no key in its report"))?;
        let key = transfer_key(&self.transfer_key)?;
        let wrapped = owner.wrap(&key, &enclave)?;
        atomic::write(&self.output, &wrapped).with_context(|| crate::commands::unwritable(&self.output))?;
        console::say(format_args!("wrote {}: only that enclave can unwrap this transfer key", self.output.display()));
        Ok(Exit::Success)
    }
}

/// The transfer key in a file, created if the file does not exist.
fn transfer_key(path: &Path) -> anyhow::Result<TransferKey> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = TransferKey::generate().context("cannot create a transfer key")?;
    match atomic::create(path, key.as_bytes(), 0o600) {
        Ok(()) => {
            console::say(format_args!(
                "created the transfer key {}: anybody who has it can read what is exported with it, so remove it afterwards",
                path.display()
            ));
            Ok(key)
        }
        // Another process made it meanwhile.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.with_context(|| format!("cannot read the transfer key {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| crate::commands::unwritable(path)),
    }
}

fn read(path: &Path) -> anyhow::Result<Option<TransferKey>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(TransferKey::SIZE + 2));
    let opened = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.and_then(|file| {
            let mode = file.metadata()?.permissions().mode();
            file.take(TransferKey::SIZE as u64 + 1).read_to_end(&mut bytes)?;
            Ok(mode)
        }),
    };
    let shown = path.display();
    let mode = opened.with_context(|| format!("cannot read the transfer key {shown}"))?;
    if mode & 0o077 != 0 {
        console::warn(format_args!("others can read the transfer key {shown}: run \"chmod 600 {shown}\""));
    }
    let key = TransferKey::from_bytes(&bytes).ok_or_else(|| {
        let message = format!(
            "{shown} is not a transfer key, since it does not have {} bytes: name a file that does not exist to create one",
            TransferKey::SIZE
        );
        Fault::new(Exit::Configuration, message)
    })?;
    Ok(Some(key))
}
