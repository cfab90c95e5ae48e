//! The summary of a build, for people and as JSON.

use crate::console::{self, size, visible};
use crate::view::{PolicyView, ProgramView, SCHEMA};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use wasmstone_builder::{Built, Compiled, Float, MemorySize, Project};
use wasmstone_bundle::{
    KeyId, Platform,
    platform::{HashRate, SIM},
};

/// A finished build and its inputs.
pub struct Summary<'a> {
    pub built: &'a Built,
    pub wasm: &'a Path,
    pub wasm_size: u64,
    pub output: &'a Path,
    pub bundle_size: u64,
    pub max_memory: MemorySize,
    pub platform: &'a Platform,
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
    programs: Vec<ProgramJson<'a>>,
    float_functions: FunctionsJson<'a>,
    lowered: LoweredJson,
    hash_rate: Option<u64>,
    hash_rate_known: bool,
    interpreted_because: Option<&'a str>,
    policy: Option<PolicyView<'a>>,
    interfaces: &'a [String],
    platform: &'a str,
    key_id: String,
}

/// Warns, before any data is sealed, that only this bundle can read it.
fn warn_of_sealing(policy: &PolicyView<'_>, programs: usize) {
    let sealed = visible(&policy.sealed().join(", "));
    if sealed.is_empty() {
        return;
    }
    let remedy = if policy.has_seal_owner() {
        "keep this bundle when you build the next release: \"wasmstone seal export\" and \"wasmstone seal import\" \
         move its data"
    } else {
        "the policy names no seal-owner, so the data cannot be moved to another release: create a key with \
         \"wasmstone seal key NAME\", and add seal-owner = \"NAME\" to wasmstone.toml, now"
    };
    console::warn(format_args!(
        "only a bundle with exactly this measurement, on the same machine, can read what is written to {sealed}; {remedy}"
    ));
    if programs > 1 {
        console::warn(
            "each of the bundle's programs has its own measurement and cannot read what another one has sealed: \
             build for one target, or always run the bundle with the same --engine",
        );
    }
}

/// Interfaces, which are in order, each package once: `wasi:cli@0.2.3 (environment, exit), wasi:random@0.2.3 (random)`.
fn by_package(interfaces: &[String]) -> String {
    let mut packages: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in interfaces {
        let (path, version) = name.split_once('@').map_or((name.as_str(), ""), |(path, _)| (path, &name[path.len()..]));
        let (package, interface) = path.split_once('/').unwrap_or((path, ""));
        packages.entry(format!("{package}{version}")).or_default().push(interface);
    }
    let described = packages.into_iter().map(|(package, interfaces)| match interfaces.join(", ") {
        none if none.is_empty() => package,
        interfaces => format!("{package} ({interfaces})"),
    });
    let all = described.collect::<Vec<_>>().join(", ");
    if all.is_empty() { "none".to_owned() } else { all }
}

/// A count and its noun, in the singular or the plural.
fn counted(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[derive(Serialize)]
struct ProgramJson<'a> {
    #[serde(flatten)]
    program: ProgramView<'a>,
    float: Option<&'static str>,
    image_size: u64,
    hashed_size: u64,
    hash_seconds: Option<f64>,
}

#[derive(Default, Serialize)]
struct LoweredJson {
    operators: u64,
    functions: u64,
}

#[derive(Serialize)]
struct FunctionsJson<'a> {
    count: usize,
    first: &'a [String],
}

impl Summary<'_> {
    fn programs(&self) -> Vec<ProgramView<'_>> {
        let entries = &self.built.bundle.manifest().programs;
        let programs = self.built.programs.iter().zip(entries);
        programs.map(|(program, entry)| ProgramView::new(&program.launch, &entry.measurement)).collect()
    }

    /// How fast the platform hashes an enclave at launch; `None` for the simulator, which does not hash.
    fn hash_rate(&self) -> Option<HashRate> {
        (self.platform.name != SIM).then(|| self.platform.hash_rate.unwrap_or(HashRate::ASSUMED))
    }

    /// One line for each program that has floats: how it computes them.
    fn floats(&self) -> Vec<String> {
        let Built { programs, lowering, .. } = self.built;
        let describe = |program: &Compiled| {
            let how = match (program.float?, lowering) {
                (Float::Lowered, Some(lowering)) => format!(
                    "lowered to integer code: {} in {}",
                    counted(lowering.operators, "operator"),
                    counted(lowering.functions, "function")
                ),
                (Float::Lowered, None) => "lowered to integer code".to_owned(),
                (Float::Hardware, _) => "computed in floating-point registers".to_owned(),
                (Float::Interpreted, _) => "interpreted, using integers".to_owned(),
            };
            let target = program.launch.program.target.name();
            Some(if programs.len() > 1 { format!("{target}: {how}") } else { how })
        };
        programs.iter().filter_map(describe).collect()
    }

    /// One line for each program: how long Keystone hashes its image before it starts.
    fn hashing(&self) -> Vec<String> {
        let Some(rate) = self.hash_rate() else { return Vec::new() };
        let unsure = if self.platform.hash_rate.is_some() {
            ""
        } else {
            ", QEMU's rate; set the platform's with platform add --hash-rate"
        };
        let describe = |program: &Compiled| {
            let time = format!(
                "{} in about {:.1} s, at {rate}{unsure}",
                size(program.measured),
                rate.seconds(program.measured)
            );
            let target = program.launch.program.target.name();
            if self.built.programs.len() > 1 { format!("{target}: {time}") } else { time }
        };
        self.built.programs.iter().map(describe).collect()
    }

    fn policy(&self) -> Option<PolicyView<'_>> {
        self.built.programs.first().map(|program| PolicyView::new(&program.launch.policy))
    }

    /// Prints the summary for people to standard error.
    pub fn print_text(&self) {
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
        if let Some(why) = &built.interpreted_because {
            line("", format!("interpreted, because {why}"));
        }
        line("floats", if built.floats.is_empty() { "none".to_owned() } else { built.floats.to_string() });
        for how in self.floats() {
            line("", how);
        }
        if programs.first().is_some_and(ProgramView::exceptions) {
            line("exceptions", ProgramView::EXCEPTIONS.to_owned());
        }
        line("bundle", size(self.bundle_size));
        for (at, hashing) in self.hashing().into_iter().enumerate() {
            line(if at == 0 { "hashing" } else { "" }, hashing);
        }
        let heap = programs.first().and_then(|program| program.heap());
        let heap = heap.map(|heap| format!(" (enclave heap {})", size(heap)));
        line("memory cap", format!("{}{}", self.max_memory, heap.unwrap_or_default()));
        match self.project {
            Some(project) => line("policy", format!("from {}", project.path.display())),
            None => line("policy", "open, because there is no wasmstone.toml beside the program".to_owned()),
        }
        let policy = self.policy();
        for (name, text) in policy.iter().flat_map(PolicyView::lines) {
            line("", format!("{name}: {text}"));
        }
        line("imports", by_package(&built.interfaces));
        let insecure = built.programs.iter().any(|program| program.launch.program.hardware_float);
        if insecure && !built.bundle.manifest().platform.fp_safe {
            console::warn("--insecure-float: the host can read and change the program's floating-point values");
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

    fn programs_json(&self) -> Vec<ProgramJson<'_>> {
        let views = self.programs().into_iter().zip(&self.built.programs);
        views
            .map(|(program, compiled)| ProgramJson {
                program,
                float: compiled.float.map(Float::name),
                image_size: compiled.image,
                hashed_size: compiled.measured,
                hash_seconds: self.hash_rate().map(|rate| rate.seconds(compiled.measured)),
            })
            .collect()
    }

    /// Prints the summary as JSON to standard output.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn print_json(&self) -> anyhow::Result<()> {
        let lowered = self.built.lowering;
        console::print_json(&Json {
            schema: SCHEMA,
            bundle: self.output.display().to_string(),
            bundle_size: self.bundle_size,
            name: &self.built.bundle.manifest().name,
            wasm_kind: self.built.kind.name(),
            wasm_size: self.wasm_size,
            programs: self.programs_json(),
            float_functions: FunctionsJson { count: self.built.floats.count, first: &self.built.floats.first },
            lowered: lowered
                .map(|made| LoweredJson { operators: made.operators, functions: made.functions })
                .unwrap_or_default(),
            hash_rate: self.hash_rate().map(HashRate::bytes_per_second),
            hash_rate_known: self.platform.hash_rate.is_some(),
            interpreted_because: self.built.interpreted_because.as_deref(),
            policy: self.policy(),
            interfaces: &self.built.interfaces,
            platform: &self.built.bundle.manifest().platform.name,
            key_id: self.key.1.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::by_package;

    #[test]
    fn each_package_is_named_once() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(by_package(&[]), "none");
        assert_eq!(by_package(&names(&["wasi_snapshot_preview1"])), "wasi_snapshot_preview1");
        let all = ["wasi:cli/exit@0.2.3", "wasi:cli/stdin@0.2.3", "wasi:cli/stdout@0.2.0", "wasi:io/poll@0.2.3"];
        assert_eq!(
            by_package(&names(&all)),
            "wasi:cli@0.2.0 (stdout), wasi:cli@0.2.3 (exit, stdin), wasi:io@0.2.3 (poll)"
        );
    }
}
