//! What was built, for people and as JSON.

use crate::console::{self, size};
use crate::view::{PolicyView, SCHEMA};
use serde::Serialize;
use std::path::Path;
use wasmstone_builder::{Built, Interface, MemorySize, Project};
use wasmstone_bundle::KeyId;

/// What was built, and of what.
pub struct Summary<'a> {
    pub built: &'a Built,
    pub wasm: &'a Path,
    pub wasm_size: u64,
    pub output: &'a Path,
    pub bundle_size: u64,
    pub max_memory: MemorySize,
    pub project: Option<&'a Project>,
    pub key: (&'a str, KeyId),
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    bundle: String,
    bundle_size: u64,
    name: &'a str,
    wasm_kind: &'static str,
    wasm_size: u64,
    target: &'static str,
    program_size: u64,
    program_sha256: String,
    max_memory: u64,
    heap: Option<u64>,
    policy: PolicyView<'a>,
    interfaces: Vec<&'a str>,
    refused_interfaces: Vec<&'a str>,
    platform: &'a str,
    key_id: String,
    measurement: String,
}

impl Summary<'_> {
    fn interfaces(&self, served: bool) -> Vec<&str> {
        let imported = self.built.interfaces.iter();
        imported.filter(|interface| interface.served == served).map(|Interface { name, .. }| name.as_str()).collect()
    }

    /// Tells a person.
    pub fn say(&self) {
        let line = |name: &str, text: String| console::say(format_args!("  {name:<12} {text}"));
        let Self { built, .. } = self;
        console::say(format_args!("built {} from {}", self.output.display(), self.wasm.display()));
        line("program", format!("{}, {}", built.kind.name(), size(self.wasm_size)));
        let program = &built.launch.program;
        line("compiled", format!("{}, {}", program.target.name(), size(program.size)));
        line("bundle", size(self.bundle_size));
        let heap = built.launch.memory.heap().map(|heap| format!(" (enclave heap {})", size(heap)));
        line("memory cap", format!("{}{}", self.max_memory, heap.unwrap_or_default()));
        match self.project {
            Some(project) => line("policy", format!("from {}", project.path.display())),
            None => line("policy", "open: there is no wasmstone.toml beside the program".to_owned()),
        }
        for (name, text) in PolicyView::new(&built.launch.policy).lines() {
            line("", format!("{name}: {text}"));
        }
        let shown =
            |interfaces: Vec<&str>| if interfaces.is_empty() { "none".to_owned() } else { interfaces.join(" ") };
        line("imports", shown(self.interfaces(true)));
        if !self.interfaces(false).is_empty() {
            line("refused", format!("{} (calls fail when the program runs)", shown(self.interfaces(false))));
        }
        line("platform", built.bundle.manifest().platform.name.clone());
        line("signed by", format!("{} ({})", self.key.0, self.key.1.short()));
        line("measurement", built.measurement.to_string());
    }

    /// Tells a script.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub fn print_json(&self) -> anyhow::Result<()> {
        let launch = &self.built.launch;
        console::print_json(&Json {
            schema: SCHEMA,
            bundle: self.output.display().to_string(),
            bundle_size: self.bundle_size,
            name: &launch.name,
            wasm_kind: self.built.kind.name(),
            wasm_size: self.wasm_size,
            target: launch.program.target.name(),
            program_size: launch.program.size,
            program_sha256: wasmstone_bundle::Sha256Digest(launch.program.sha256).to_string(),
            max_memory: launch.memory.linear,
            heap: launch.memory.heap(),
            policy: PolicyView::new(&launch.policy),
            interfaces: self.interfaces(true),
            refused_interfaces: self.interfaces(false),
            platform: &self.built.bundle.manifest().platform.name,
            key_id: self.key.1.to_string(),
            measurement: self.built.measurement.to_string(),
        })
    }
}
