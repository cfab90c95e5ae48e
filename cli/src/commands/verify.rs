//! `wasmstone verify`.

use crate::console;
use crate::exit::Exit;
use crate::home::Home;
use crate::keys;
use crate::view::{MeasurementView, SCHEMA, SignerView};
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;
use wasmstone_bundle::{TrustPolicy, verify};

/// Check a bundle's members, signatures and measurement.
#[derive(clap::Args)]
pub struct Verify {
    /// Bundle to check.
    bundle: PathBuf,
    /// Trust only this key: a name, or a PEM file; can be given more than once [default: all stored keys].
    #[arg(long, value_name = "FILE|NAME")]
    key: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    name: &'a str,
    signatures: Vec<SignerView>,
    measurements: Vec<MeasurementView>,
}

impl Verify {
    pub fn run(self) -> anyhow::Result<Exit> {
        let trust = self.trust()?;
        let bundle = super::open(&self.bundle)?;
        let verified = verify(&bundle, &trust).with_context(|| format!("do not run {}", self.bundle.display()))?;
        let signatures: Vec<_> = verified.signers().iter().map(SignerView::from).collect();
        let programs = &verified.contents().programs;
        if self.json {
            let measurements =
                programs.iter().map(|program| MeasurementView::new(program.target, &program.measurement)).collect();
            console::print_json(&Json { schema: SCHEMA, name: &verified.manifest().name, signatures, measurements })?;
            return Ok(Exit::Success);
        }
        let line = |name: &str, text: String| console::print(format_args!("{name:<12} {text}"));
        line("bundle", format!("{} is whole", self.bundle.display()))?;
        line("members", format!("{} match their digests in the manifest", verified.manifest().members.len()))?;
        for signature in signatures {
            line("signed by", signature.to_string())?;
        }
        for program in programs {
            line("measurement", format!("{} ({}, recomputed)", program.measurement, program.target.name()))?;
        }
        Ok(Exit::Success)
    }

    fn trust(&self) -> anyhow::Result<TrustPolicy> {
        if self.key.is_empty() {
            return Ok(keys::trusted(&Home::find()?)?);
        }
        let mut trust = TrustPolicy::default();
        for named in &self.key {
            trust.trust(named, &keys::public(named)?);
        }
        Ok(trust)
    }
}
