//! `wasmstone build`.

mod progress;
mod summary;

use crate::console;
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
/// Takes a component, or a core module for WASI 0.1: a command, which is run, or a component that answers
/// HTTP requests, which is served. A wasmstone.toml beside the program says the same
/// as these options and the policy in a file; options win over it.
#[derive(clap::Args)]
pub struct Build {
    /// The program; without it, ./wasmstone.toml names it.
    wasm: Option<PathBuf>,
    /// The bundle to write [default: the program's name with .wsb, in the current directory].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What of the program is called [default: command, where it is one].
    #[arg(long, value_name = "ENTRY")]
    entry: Option<EntryName>,
    /// How many HTTP requests are answered at once, each by an instance of its own with its own memory
    /// [default: 16, where the memory cap has room for them].
    #[arg(long, value_name = "N")]
    instances: Option<u32>,
    /// The most memory that the program may have, in K, M or G (powers of 1024); an enclave has 1024M in
    /// all [default: 256M].
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<String>,
    /// The platform to build for [default: sim].
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// How the program is run: as machine code, interpreted, or as machine code where that is safe, which
    /// is the default.
    #[arg(long, value_name = "ENGINE")]
    engine: Option<EngineName>,
    /// The targets to build for, instead of an engine's own, separated by commas.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = target(), conflicts_with = "engine")]
    targets: Vec<Target>,
    /// CPU features that machine code may use, such as zba,zbb [default: those of the platform].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    cpu_features: Option<Vec<String>>,
    /// How floats are computed [default: hardware on a platform that protects floating-point registers,
    /// else lowered, and interpreted where that is impossible].
    #[arg(long, value_name = "FLOAT")]
    float: Option<FloatName>,
    /// Insecure: compute with floating-point registers although the platform does not protect them.
    #[arg(long)]
    insecure_float: bool,
    /// The signing key: a name, or a PEM file [default: default, made at first use].
    #[arg(long, value_name = "FILE|NAME")]
    key: Option<String>,
    /// The program's name, its argument zero [default: the file name of the program].
    #[arg(long)]
    name: Option<String>,
    /// The project file [default: wasmstone.toml beside the program].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
    /// Print no progress and no summary.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EntryName {
    /// wasi:cli/run, for "wasmstone run".
    Command,
    /// wasi:http/incoming-handler, for "wasmstone serve".
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineName {
    /// Machine code where it is safe, else Pulley.
    Auto,
    /// Portable bytecode, interpreted.
    Pulley,
    /// Machine code.
    Native,
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
    /// By integer code in their place, on every platform and in every target's program.
    Lowered,
    /// In floating-point registers; where the platform does not protect them, only with --insecure-float.
    Hardware,
    /// By the interpreter, which computes with integers: no machine code for a program with floats.
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

/// One of the targets, by name.
fn target() -> impl TypedValueParser<Value = Target> {
    let names = Target::ALL.iter().map(|target| target.name());
    PossibleValuesParser::new(names).try_map(|name| {
        let found = Target::ALL.iter().find(|target| target.name() == name);
        found.copied().ok_or("there is no such target")
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

        // What the command line says of engine or targets wins over whatever the file says of either.
        let (engine, targets) = match (self.engine, self.targets) {
            (None, targets) if targets.is_empty() => (
                from_file.and_then(|project| project.engine).unwrap_or_default(),
                from_file.and_then(|project| project.targets.clone()).unwrap_or_default(),
            ),
            (engine, targets) => (engine.map(Engine::from).unwrap_or_default(), targets),
        };
        let cpu_features = self.cpu_features.or_else(|| from_file?.cpu_features.clone());
        // The same for floats.
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
            summary.say();
        }
        if self.json {
            summary.print_json()?;
        }
        Ok(Exit::Success)
    }

    /// The project file that applies.
    fn project(&self) -> anyhow::Result<Option<Project>> {
        if let Some(file) = &self.config {
            return Ok(Some(Project::read(file)?));
        }
        let Some(wasm) = &self.wasm else { return Ok(Project::find(Path::new(""))?) };
        let beside = wasm.parent().unwrap_or(Path::new(""));
        let found = Project::find(beside)?;
        if found.is_none() && Path::new(FILE_NAME).exists() {
            console::warn(format_args!(
                "./{FILE_NAME} is not used, since it is not beside {}: say --config {FILE_NAME} to use it",
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
            format!("no program was given, and there is no {FILE_NAME} here: run \"wasmstone build app.wasm\""),
        ),
        Some(project) => Fault::new(
            Exit::Configuration,
            format!(
                "no program was given, and {} names none: add a line such as wasm = \"app.wasm\"",
                project.path.display()
            ),
        ),
    }
}

fn file_name(wasm: &Path) -> Result<String, Fault> {
    let name = wasm.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Fault::new(Exit::Configuration, format!("{} has no name in UTF-8: choose one with --name", wasm.display()))
    })
}

/// Writing the bundle over the program would lose it.
fn not_the_input(wasm: &Path, output: &Path) -> Result<(), Fault> {
    match (wasm.canonicalize(), output.canonicalize()) {
        (Ok(wasm), Ok(output)) if wasm == output => {
            Err(Fault::new(Exit::Configuration, "the bundle would overwrite the program: choose another file with -o"))
        }
        _ => Ok(()),
    }
}
