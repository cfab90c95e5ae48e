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
    /// What of the program is called; `None`: `wasi:cli/run` where it has that, else
    /// `wasi:http/incoming-handler`.
    pub entry: Option<Entry>,
    /// How many instances of a program that serves run at once; `None`: 16, or as many as begin with less
    /// memory than there may be.
    pub instances: Option<u32>,
    /// The most memory that the guest's linear memories may have, together.
    pub max_memory: MemorySize,
    /// What the guest may have.
    pub policy: Policy,
    /// What to build for.
    pub platform: &'a Platform,
    /// The engine.
    pub engine: Engine,
    /// The targets to build for; empty: those of the engine.
    pub targets: Vec<Target>,
    /// The CPU features that machine code may use beyond its target's base; `None`: the platform's.
    pub cpu_features: Option<Vec<String>>,
    /// How floats are computed; `None`: in registers where the platform protects them, else lowered.
    pub float: Option<Float>,
    /// Whether floating-point registers are used although the platform does not protect them.
    pub insecure_float: bool,
}

impl<'a> Request<'a> {
    /// A request for what `build` does when nothing else is asked for.
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

/// A step of [`build`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking at what the program imports and exports.
    Checking,
    /// Making a component of a core module.
    Adapting,
    /// Putting integer code in the place of floats.
    Lowering,
    /// Compiling; by far the longest.
    Compiling,
    /// Composing, measuring and compressing.
    Packing,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The bundle, not signed yet.
    pub bundle: Bundle,
    /// What the program's file was.
    pub kind: WasmKind,
    /// The interfaces that the program imports, with their versions, such as `wasi:cli/stdout@0.2.3`; in order.
    pub interfaces: Vec<String>,
    /// The programs that were compiled, one for each target, ascending.
    pub programs: Vec<Compiled>,
    /// Functions that compute with floats.
    pub floats: Functions,
    /// What was lowered, where a program is that.
    pub lowering: Option<Lowering>,
    /// Why the program is not machine code, if the engine was left open and Pulley was chosen.
    pub interpreted_because: Option<String>,
}

/// A program for one target.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the enclave app will be told.
    pub launch: Launch,
    /// How it computes floats; `None` where it has none.
    pub float: Option<Float>,
    /// Bytes of the image, which is measured.
    pub image: u64,
    /// Bytes that the security monitor hashes before the enclave's first instruction.
    pub measured: u64,
}

/// What became of a program's floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// Operators that integer code has taken the place of.
    pub operators: u64,
    /// The functions that they are in.
    pub functions: u64,
}
