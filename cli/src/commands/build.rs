//! `wasmstone build`.

mod progress;
mod summary;

use crate::console;
use crate::engine::EngineName;
use crate::exit::{Exit, Fault};
use crate::home::Home;
use crate::keys::{self, SigningKey};
use anyhow::Context;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::{Path, PathBuf};
use summary::Summary;
use wasmstone_builder::{Engine, Float, MemorySize, Project, Request, project::FILE_NAME, source};
use wasmstone_bundle::{Platform, atomic, platform::SIM};
use wasmstone_policy::{Entry, Policy, Target};

/// Build a signed bundle from a WebAssembly program.
///
/// The program is a component, or a core module for WASI 0.1. It is either a command, for "wasmstone run", or
/// a component that answers HTTP requests, for "wasmstone serve". A wasmstone.toml beside the program can set
/// these options and the policy; options on the command line override the file.
#[derive(clap::Args)]
pub struct Build {
    /// WebAssembly program to build from [default: the one that ./wasmstone.toml names].
    wasm: Option<PathBuf>,
    /// Write the bundle to this file [default: the program's name with .wsb, in the current directory].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Entry point: `command` or `http` [default: command, if the program exports it].
    #[arg(long, value_name = "ENTRY")]
    entry: Option<EntryName>,
    /// Maximum number of HTTP requests that are answered at once, each by its own instance with its own memory
    /// [default: 16, if the memory cap has room for them].
    #[arg(long, value_name = "N")]
    instances: Option<u32>,
    /// Maximum memory of the program, in K, M or G (powers of 1024); an enclave has at most 1024M in total
    /// [default: 256M].
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<String>,
    /// Platform to build for [default: sim].
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// Engine that runs the program [default: auto].
    #[arg(long, value_name = "ENGINE")]
    engine: Option<EngineName>,
    /// Targets to build for, separated by commas, instead of the engine's own.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = target(), conflicts_with = "engine")]
    targets: Vec<Target>,
    /// CPU features that native code may use, such as zba,zbb [default: the platform's].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    cpu_features: Option<Vec<String>>,
    /// How to compute floats [default: hardware if the platform protects floating-point registers; otherwise
    /// lowered, or interpreted if lowering is impossible].
    #[arg(long, value_name = "FLOAT")]
    float: Option<FloatName>,
    /// Insecure: use floating-point registers although the platform does not protect them.
    #[arg(long)]
    insecure_float: bool,
    /// Signing key: a name, or a PEM file [default: the key `default`, created at first use].
    #[arg(long, value_name = "FILE|NAME")]
    key: Option<String>,
    /// Program name, which the program sees as its argument zero [default: the program's file name].
    #[arg(long)]
    name: Option<String>,
    /// Project file [default: wasmstone.toml beside the program].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
    /// Print neither progress nor a summary.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EntryName {
    /// Export wasi:cli/run, for "wasmstone run".
    Command,
    /// Export wasi:http/incoming-handler, for "wasmstone serve".
    Http,
}

impl From<EntryName> for Entry {
    fn from(name: EntryName) -> Self {
        match name {
            EntryName::Command => Self::Command,
            EntryName::Http => Self::Http,
        }
    }
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Self::Auto,
            EngineName::Pulley => Self::Pulley,
            EngineName::Native => Self::Native,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FloatName {
    /// As integer code, on every platform and for every target.
    Lowered,
    /// In floating-point registers; if the platform does not protect them, add --insecure-float.
    Hardware,
    /// In the interpreter, which computes with integers; a program with floats gets no native code.
    Interpreted,
}

impl From<FloatName> for Float {
    fn from(name: FloatName) -> Self {
        match name {
            FloatName::Lowered => Self::Lowered,
            FloatName::Hardware => Self::Hardware,
            FloatName::Interpreted => Self::Interpreted,
        }
    }
}

/// Parses a target by its name.
fn target() -> impl TypedValueParser<Value = Target> {
    let names = Target::ALL.iter().map(|target| target.name());
    PossibleValuesParser::new(names).try_map(|name| {
        let found = Target::ALL.iter().find(|target| target.name() == name);
        found.copied().ok_or("this target does not exist")
    })
}

impl Build {
    pub fn run(self) -> anyhow::Result<Exit> {
        let project = self.project()?;
        let from_file = project.as_ref();
        let wasm = match self.wasm.as_ref().or(from_file.and_then(|project| project.wasm.as_ref())) {
            Some(wasm) => wasm.clone(),
            None => return Err(no_program(from_file).into()),
        };
        let bytes = source::read(&wasm)?;
        let name = match self.name.or_else(|| from_file?.name.clone()) {
            Some(name) => name,
            None => file_name(&wasm)?,
        };
        let output = self.output.or_else(|| from_file?.output.clone());
        let output =
            output.unwrap_or_else(|| PathBuf::from(wasm.file_name().unwrap_or_default()).with_extension("wsb"));
        let max_memory = match self.max_memory {
            Some(size) => size.parse().context("cannot use the value of --max-memory")?,
            None => from_file.and_then(|project| project.max_memory).unwrap_or(MemorySize::default()),
        };
        let entry = self.entry.map(Entry::from).or_else(|| from_file?.entry);
        let instances = self.instances.or_else(|| from_file?.instances);
        let platform = match self.platform.or_else(|| from_file?.platform.clone()) {
            Some(name) if name != SIM => Home::find()?.platforms().load(&name)?,
            _ => Platform::sim(),
        };
        let key = self.key.or_else(|| from_file?.key.clone());
        let key = SigningKey::find(key.as_deref())?;
        let mut policy = from_file.map_or_else(Policy::open, |project| project.policy.clone());
        if let Some(owner) = from_file.and_then(|project| project.seal_owner.as_deref()) {
            policy.seal_owner = Some(keys::public_owner(owner)?.0);
        }

        // Engine and targets exclude each other, so either of them on the command line overrides both in the file.
        let (engine, targets) = match (self.engine, self.targets) {
            (None, targets) if targets.is_empty() => (
                from_file.and_then(|project| project.engine).unwrap_or_default(),
                from_file.and_then(|project| project.targets.clone()).unwrap_or_default(),
            ),
            (engine, targets) => (engine.map(Engine::from).unwrap_or_default(), targets),
        };
        let cpu_features = self.cpu_features.or_else(|| from_file?.cpu_features.clone());
        // Likewise, an option about floats on the command line overrides everything that the file sets for floats.
        let (float, insecure_float) = match (self.float, self.insecure_float) {
            (None, false) => from_file.map_or((None, false), |project| (project.float, project.insecure_float)),
            (Some(FloatName::Hardware), insecure) => {
                (Some(Float::Hardware), insecure || from_file.is_some_and(|project| project.insecure_float))
            }
            (float, insecure) => (float.map(Float::from), insecure),
        };

        not_the_input(&wasm, &output)?;
        let request = Request {
            wasm: &bytes,
            name,
            entry,
            instances,
            max_memory,
            policy,
            platform: &platform,
            engine,
            targets,
            cpu_features,
            float,
            insecure_float,
        };
        let progress = progress::Progress::new(self.quiet);
        let built = wasmstone_builder::build(&request, |stage| progress.show(stage));
        progress.clear();
        let mut built = built.with_context(|| format!("cannot build a bundle from {}", wasm.display()))?;

        let (key_name, key) = key.make()?;
        let key_id = built.bundle.sign(&key)?;
        let packed = built.bundle.to_bytes();
        atomic::write(&output, &packed).with_context(|| super::unwritable(&output))?;

        let summary = Summary {
            built: &built,
            wasm: &wasm,
            wasm_size: bytes.len() as u64,
            output: &output,
            bundle_size: packed.len() as u64,
            max_memory,
            platform: &platform,
            project: from_file,
            key: (&key_name, key_id),
        };
        if !self.quiet {
            summary.print_text();
        }
        if self.json {
            summary.print_json()?;
        }
        Ok(Exit::Success)
    }

    /// The project file that applies: the one that `--config` names, or wasmstone.toml beside the program.
    fn project(&self) -> anyhow::Result<Option<Project>> {
        if let Some(file) = &self.config {
            return Ok(Some(Project::read(file)?));
        }
        let Some(wasm) = &self.wasm else { return Ok(Project::find(Path::new(""))?) };
        let beside = wasm.parent().unwrap_or(Path::new(""));
        let found = Project::find(beside)?;
        if found.is_none() && Path::new(FILE_NAME).exists() {
            console::warn(format_args!(
                "ignoring ./{FILE_NAME}, because it is not beside {}: pass --config {FILE_NAME} to use it",
                wasm.display()
            ));
        }
        Ok(found)
    }
}

fn no_program(project: Option<&Project>) -> Fault {
    match project {
        None => Fault::new(
            Exit::Usage,
            format!("no program was given, and this directory has no {FILE_NAME}: run \"wasmstone build app.wasm\""),
        ),
        Some(project) => Fault::new(
            Exit::Configuration,
            format!(
                "no program was given, and {} does not name one: add a line such as wasm = \"app.wasm\"",
                project.path.display()
            ),
        ),
    }
}

fn file_name(wasm: &Path) -> Result<String, Fault> {
    let name = wasm.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Fault::new(
            Exit::Configuration,
            format!("the file name of {} is not UTF-8: choose a program name with --name", wasm.display()),
        )
    })
}

/// Refuses an output that is the input, since writing the bundle would destroy the program.
fn not_the_input(wasm: &Path, output: &Path) -> Result<(), Fault> {
    match (wasm.canonicalize(), output.canonicalize()) {
        (Ok(wasm), Ok(output)) if wasm == output => {
            Err(Fault::new(Exit::Configuration, "the bundle would overwrite the program: choose another file with -o"))
        }
        _ => Ok(()),
    }
}
