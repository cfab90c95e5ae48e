//! What was built, for people and as JSON.

use crate::console::{self, size, visible};
use crate::view::{PolicyView, ProgramView, SCHEMA};
use serde::Serialize;
use std::path::Path;
use wasmstone_builder::{Built, MemorySize, Project};
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
    programs: Vec<ProgramView<'a>>,
    float_functions: FunctionsJson<'a>,
    interpreted_because: Option<&'a str>,
    policy: Option<PolicyView<'a>>,
    interfaces: &'a [String],
    platform: &'a str,
    key_id: String,
}

/// Says before it hurts that sealed data stay with this bundle.
fn warn_of_sealing(policy: &PolicyView<'_>, programs: usize) {
    let sealed = visible(&policy.sealed().join(", "));
    if sealed.is_empty() {
        return;
    }
    let remedy = if policy.has_seal_owner() {
        "before you build another release, keep this one: its data are moved with \"wasmstone seal export\" and \
         \"wasmstone seal import\""
    } else {
        "and no seal-owner is named, so that they cannot be moved to another release: make a key with \
         \"wasmstone seal key NAME\", and write seal-owner = \"NAME\" into wasmstone.toml, now"
    };
    console::warn(format_args!(
        "what is written to {sealed} can be read by a bundle with this very measurement alone, on the same machine; {remedy}"
    ));
    if programs > 1 {
        console::warn(
            "each of the bundle's programs has its own measurement, and cannot read what another one has sealed: \
             build for one target, or run it always with the same --engine",
        );
    }
}

#[derive(Serialize)]
struct FunctionsJson<'a> {
    count: usize,
    first: &'a [String],
}

impl Summary<'_> {
    fn programs(&self) -> Vec<ProgramView<'_>> {
        let entries = &self.built.bundle.manifest().programs;
        let programs = self.built.launches.iter().zip(entries);
        programs.map(|(launch, entry)| ProgramView::new(launch, &entry.measurement)).collect()
    }

    fn policy(&self) -> Option<PolicyView<'_>> {
        self.built.launches.first().map(|launch| PolicyView::new(&launch.policy))
    }

    /// Tells a person.
    pub fn say(&self) {
        let line = |name: &str, text: String| console::say(format_args!("  {name:<12} {text}"));
        let Self { built, .. } = self;
        console::say(format_args!("built {} from {}", self.output.display(), self.wasm.display()));
        line("program", format!("{}, {}", built.kind.name(), size(self.wasm_size)));
        let programs = self.programs();
        if let Some(program) = programs.first() {
            line("entry", program.entry());
        }
        for program in &programs {
            line("compiled", program.engine());
        }
        if let Some(why) = &built.why {
            line("", format!("interpreted, since {why}"));
        }
        line("floats", if built.floats.is_empty() { "none".to_owned() } else { built.floats.to_string() });
        line("bundle", size(self.bundle_size));
        let heap = programs.first().and_then(|program| program.heap());
        let heap = heap.map(|heap| format!(" (enclave heap {})", size(heap)));
        line("memory cap", format!("{}{}", self.max_memory, heap.unwrap_or_default()));
        match self.project {
            Some(project) => line("policy", format!("from {}", project.path.display())),
            None => line("policy", "open: there is no wasmstone.toml beside the program".to_owned()),
        }
        let policy = self.policy();
        for (name, text) in policy.iter().flat_map(PolicyView::lines) {
            line("", format!("{name}: {text}"));
        }
        line("imports", if built.interfaces.is_empty() { "none".to_owned() } else { built.interfaces.join(" ") });
        let insecure = built.launches.iter().any(|launch| launch.program.hardware_float);
        if insecure && !built.bundle.manifest().platform.fp_safe {
            console::warn("--insecure-float: the host can read and change what the program computes with floats");
        }
        line("platform", built.bundle.manifest().platform.name.clone());
        line("signed by", format!("{} ({})", self.key.0, self.key.1.short()));
        match programs.as_slice() {
            [program] => line("measurement", program.measurement().to_owned()),
            programs => programs.iter().for_each(|program| line("measurement", program.measures())),
        }
        if let Some(policy) = &policy {
            warn_of_sealing(policy, programs.len());
        }
    }

    /// Tells a script.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub fn print_json(&self) -> anyhow::Result<()> {
        console::print_json(&Json {
            schema: SCHEMA,
            bundle: self.output.display().to_string(),
            bundle_size: self.bundle_size,
            name: &self.built.bundle.manifest().name,
            wasm_kind: self.built.kind.name(),
            wasm_size: self.wasm_size,
            programs: self.programs(),
            float_functions: FunctionsJson { count: self.built.floats.count, first: &self.built.floats.first },
            interpreted_because: self.built.why.as_deref(),
            policy: self.policy(),
            interfaces: &self.built.interfaces,
            platform: &self.built.bundle.manifest().platform.name,
            key_id: self.key.1.to_string(),
        })
    }
}
