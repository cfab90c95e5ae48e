//! What a build is asked for, and what it returns.

use crate::engine::Engine;
use crate::float::Float;
use crate::memory::MemorySize;
use crate::operators::Functions;
use crate::source::WasmKind;
use wasmstone_bundle::{Bundle, Platform};
use wasmstone_policy::{Entry, Launch, Policy, Target};

/// What to build.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// A component, or a core module for WASI 0.1.
    pub wasm: &'a [u8],
    /// The program's name, its argument zero.
    pub name: String,
    /// The entry point; `None`: `wasi:cli/run` if the program exports it, else `wasi:http/incoming-handler`.
    pub entry: Option<Entry>,
    /// How many instances of an HTTP handler run at once; `None`: 16, or fewer if the memory cap has no room for 16.
    pub instances: Option<u32>,
    /// The most memory that the guest's linear memories may have, together.
    pub max_memory: MemorySize,
    /// What the guest may use.
    pub policy: Policy,
    /// The platform to build for.
    pub platform: &'a Platform,
    /// The engine.
    pub engine: Engine,
    /// The targets to build for; if empty, the engine decides.
    pub targets: Vec<Target>,
    /// The CPU features that machine code may use beyond its target's base; `None`: the platform's.
    pub cpu_features: Option<Vec<String>>,
    /// How floats are computed; `None`: in registers if the platform protects them, else lowered.
    pub float: Option<Float>,
    /// Whether floating-point registers are used although the platform does not protect them.
    pub insecure_float: bool,
}

impl<'a> Request<'a> {
    /// A request with the defaults of `wasmstone build`.
    pub fn new(wasm: &'a [u8], name: impl Into<String>, platform: &'a Platform) -> Self {
        Self {
            wasm,
            name: name.into(),
            entry: None,
            instances: None,
            max_memory: MemorySize::default(),
            policy: Policy::open(),
            platform,
            engine: Engine::Auto,
            targets: Vec::new(),
            cpu_features: None,
            float: None,
            insecure_float: false,
        }
    }
}

/// A stage of a build, for showing progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking at what the program imports and exports.
    Checking,
    /// Replacing float operators by integer code.
    Lowering,
    /// Compiling, by far the longest stage.
    Compiling,
    /// Composing, measuring and compressing.
    Packing,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The bundle, not signed yet.
    pub bundle: Bundle,
    /// The kind of the program's file.
    pub kind: WasmKind,
    /// The interfaces that the program imports: with their versions, such as `wasi:cli/stdout@0.2.3`, or
    /// `wasi_snapshot_preview1`; in order.
    pub interfaces: Vec<String>,
    /// The programs that were compiled, one for each target, ascending.
    pub programs: Vec<Compiled>,
    /// Functions that compute with floats.
    pub floats: Functions,
    /// What was lowered; `None` if no program of the bundle was.
    pub lowering: Option<Lowering>,
    /// Why the program is not machine code, if the engine was left open and Pulley was chosen.
    pub interpreted_because: Option<String>,
}

/// A program for one target.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The launch, which describes the program to the enclave app.
    pub launch: Launch,
    /// How it computes floats; `None` if it has none.
    pub float: Option<Float>,
    /// Bytes of the image, which is measured.
    pub image: u64,
    /// Bytes that the security monitor hashes before the enclave's first instruction.
    pub measured: u64,
}

/// What was lowered in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// Float operators that were replaced by integer code.
    pub operators: u64,
    /// The functions that they are in.
    pub functions: u64,
}
