//! `wasmstone inspect`.

use crate::console::{self, size};
use crate::exit::Exit;
use crate::home::Home;
use crate::keys;
use crate::view::{PolicyView, ProgramView, SCHEMA, SignerView};
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;
use wasmstone_bundle::{
    Sha256Digest, TrustPolicy, image,
    verify::{Program, contents, signers},
};

/// Show the contents of a bundle, without running it.
///
/// The command checks the members against the manifest and measures them. It shows signatures by any key.
#[derive(clap::Args)]
pub struct Inspect {
    /// Bundle to show.
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
    eapp: EappJson,
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
struct EappJson {
    #[serde(flatten)]
    file: FileJson,
    hardware_float: bool,
}

#[derive(Serialize)]
struct ProgramJson<'a> {
    #[serde(flatten)]
    program: ProgramView<'a>,
    image_size: u64,
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
            program: ProgramView::new(&program.launch, &program.measurement),
            image_size: program.image.len() as u64,
            policy: PolicyView::new(&program.launch.policy),
        }
    }
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<Exit> {
        let bundle = super::open(&self.bundle)?;
        let contents = contents(&bundle).with_context(|| format!("cannot use {}", self.bundle.display()))?;
        // Without a configuration directory no key is trusted, but the contents can still be shown.
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
            eapp: EappJson {
                file: FileJson::of(&contents.eapp),
                hardware_float: image::uses_hardware_float(&contents.eapp)?,
            },
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
    line("  sm hash", shown.platform.sm_hash.clone().unwrap_or_else(|| "unknown".to_owned()))?;
    line("  fp", if shown.platform.fp_safe { "protected" } else { "neither saved nor protected" }.to_owned())?;
    line("  loader", file(&shown.loader))?;
    line("  runtime", file(&shown.runtime))?;
    let float = if shown.eapp.hardware_float { "hard, uses" } else { "soft, does not use" };
    line("enclave app", file(&shown.eapp.file))?;
    line("  float", format!("{float} floating-point registers"))?;
    for program in &shown.programs {
        let ProgramJson { program: compiled, image_size, policy } = program;
        line("program", compiled.engine())?;
        line("  entry", compiled.entry())?;
        line("  sha256", compiled.sha256().to_owned())?;
        line("  cpu", compiled.cpu_features())?;
        line("  float", compiled.hardware_float().to_owned())?;
        if compiled.exceptions() {
            line("  exceptions", ProgramView::EXCEPTIONS.to_owned())?;
        }
        line("  memory cap", size(compiled.max_memory()))?;
        line("  heap", compiled.heap().map_or("too large".to_owned(), size))?;
        line("  image", size(*image_size))?;
        line("  measures", compiled.measurement().to_owned())?;
        for (name, text) in policy.lines() {
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
