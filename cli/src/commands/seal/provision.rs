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

/// Wrap a transfer key for an enclave, once its report is verified.
///
/// Done twice with one transfer key: for the enclave that exports, and for the one that imports.
#[derive(clap::Args)]
pub struct Provision {
    /// The report of the enclave, from "wasmstone attest report"; - is standard input.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// The nonce that the report was asked for with.
    #[arg(long, value_name = "HEX")]
    nonce: Nonce,
    #[command(flatten)]
    trusted: Trusted,
    /// The owner's key, from "wasmstone seal key": a name, or a PEM file.
    #[arg(long, value_name = "FILE|NAME")]
    owner: String,
    /// The transfer key, 32 bytes that nobody else may have; made where it is not there.
    #[arg(long, value_name = "FILE")]
    transfer_key: PathBuf,
    /// Where the wrapped key goes, which is nothing secret.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Provision {
    pub fn run(self) -> anyhow::Result<Exit> {
        let owner = keys::owner(&self.owner)?;
        let pins = self.trusted.pins()?;
        let verified = self.trusted.verify(&pins, &self.report, Expected::Exchange(&self.nonce.0))?;
        let enclave = verified.key().ok_or_else(|| evidence::strange("has no key"))?;
        let key = transfer_key(&self.transfer_key)?;
        let wrapped = owner.wrap(&key, &enclave)?;
        atomic::write(&self.output, &wrapped).with_context(|| crate::commands::unwritable(&self.output))?;
        console::say(format_args!("wrote {}: the transfer key, for that enclave alone", self.output.display()));
        Ok(Exit::Success)
    }
}

/// The key in a file, made now if need be.
fn transfer_key(path: &Path) -> anyhow::Result<TransferKey> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    let key = TransferKey::generate().context("cannot make a transfer key")?;
    match atomic::create(path, key.as_bytes(), 0o600) {
        Ok(()) => {
            console::say(format_args!(
                "made the transfer key {}: whoever has it can read what is exported with it, so remove it afterwards",
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
            "{shown} is no transfer key, which has {} bytes: name a file that is not there, to have one made",
            TransferKey::SIZE
        );
        Fault::new(Exit::Configuration, message)
    })?;
    Ok(Some(key))
}
