//! `wasmstone inspect`.

use crate::console::{self, size};
use crate::exit::Exit;
use crate::home::Home;
use crate::keys;
use crate::view::{PolicyView, SCHEMA, SignerView};
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;
use wasmstone_bundle::{
    Sha256Digest, TrustPolicy,
    verify::{Program, contents, signers},
};

/// Show what is in a bundle, without running anything.
///
/// The members are held against the manifest, and measured; whose signatures they are does not matter.
#[derive(clap::Args)]
pub struct Inspect {
    /// The bundle.
    bundle: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    name: &'a str,
    format: u32,
    created_by: &'a str,
    platform: PlatformJson<'a>,
    loader: FileJson,
    runtime: FileJson,
    eapp: FileJson,
    programs: Vec<ProgramJson<'a>>,
    signatures: Vec<SignerView>,
}

#[derive(Serialize)]
struct PlatformJson<'a> {
    name: &'a str,
    sm_hash: Option<String>,
    fp_safe: bool,
}

#[derive(Serialize)]
struct FileJson {
    size: u64,
    sha256: String,
}

#[derive(Serialize)]
struct ProgramJson<'a> {
    target: &'static str,
    #[serde(flatten)]
    file: FileJson,
    image_size: u64,
    measurement: String,
    max_memory: u64,
    heap: Option<u64>,
    policy: PolicyView<'a>,
}

impl FileJson {
    fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, sha256: Sha256Digest::of(bytes).to_string() }
    }
}

impl<'a> ProgramJson<'a> {
    fn of(program: &'a Program) -> Self {
        Self {
            target: program.target.name(),
            file: FileJson {
                size: program.launch.program.size,
                sha256: Sha256Digest(program.launch.program.sha256).to_string(),
            },
            image_size: program.image.len() as u64,
            measurement: program.measurement.to_string(),
            max_memory: program.launch.memory.linear,
            heap: program.launch.memory.heap(),
            policy: PolicyView::new(&program.launch.policy),
        }
    }
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<Exit> {
        let bundle = super::open(&self.bundle)?;
        let contents = contents(&bundle).with_context(|| format!("cannot use {}", self.bundle.display()))?;
        // Without a configuration directory no key is trusted, and there is still something to show.
        let trust = Home::find().map_or_else(|_| Ok(TrustPolicy::default()), |home| keys::trusted(&home))?;
        let manifest = bundle.manifest();
        let shown = Json {
            schema: SCHEMA,
            name: &manifest.name,
            format: manifest.format,
            created_by: &manifest.created_by,
            platform: PlatformJson {
                name: &manifest.platform.name,
                sm_hash: manifest.platform.sm_hash.map(|hash| hash.to_string()),
                fp_safe: manifest.platform.fp_safe,
            },
            loader: FileJson::of(&contents.loader),
            runtime: FileJson::of(&contents.runtime),
            eapp: FileJson::of(&contents.eapp),
            programs: contents.programs.iter().map(ProgramJson::of).collect(),
            signatures: signers(&bundle, &trust).iter().map(SignerView::from).collect(),
        };
        if self.json {
            console::print_json(&shown)?
        } else {
            print(&shown)?
        }
        Ok(Exit::Success)
    }
}

fn print(shown: &Json<'_>) -> anyhow::Result<()> {
    let line = |name: &str, text: String| console::print(format_args!("{name:<12} {text}"));
    let file = |file: &FileJson| format!("{}, sha256 {}", size(file.size), file.sha256);
    line("name", shown.name.to_owned())?;
    line("format", format!("{}, by {}", shown.format, shown.created_by))?;
    line("platform", shown.platform.name.to_owned())?;
    line("  sm hash", shown.platform.sm_hash.clone().unwrap_or_else(|| "not known".to_owned()))?;
    line("  fp", if shown.platform.fp_safe { "protected" } else { "neither saved nor protected" }.to_owned())?;
    line("  loader", file(&shown.loader))?;
    line("  runtime", file(&shown.runtime))?;
    line("enclave app", file(&shown.eapp))?;
    for program in &shown.programs {
        line("program", format!("{}, {}", program.target, file(&program.file)))?;
        line("  memory cap", size(program.max_memory))?;
        line("  heap", program.heap.map_or("too large".to_owned(), size))?;
        line("  image", size(program.image_size))?;
        line("  measures", program.measurement.clone())?;
        for (name, text) in program.policy.lines() {
            line(&format!("  {name}"), text)?;
        }
    }
    if shown.signatures.is_empty() {
        line("signatures", "none".to_owned())?;
    }
    for signature in &shown.signatures {
        line("signed by", signature.to_string())?;
    }
    Ok(())
}
