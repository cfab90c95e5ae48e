//! From a WebAssembly file to a bundle: which programs are accepted, how they are compiled, what they may use.
//!
//! [`source`] reads the file and recognizes what is not WebAssembly, [`build`] makes a bundle from it, and [`project`]
//! reads `wasmstone.toml`, which can hold what the flags of `wasmstone build` say. The bundle is not signed yet:
//! [`Bundle::sign`](wasmstone_bundle::Bundle::sign) is the next step.
//!
//! ```no_run
//! use wasmstone_builder::{Request, build, source};
//! use wasmstone_bundle::Platform;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = source::read("hello.wasm".as_ref())?;
//! let platform = Platform::sim();
//! let built = build(&Request::new(&wasm, "hello", &platform), |stage| eprintln!("{stage:?}"))?;
//! println!("{} targets", built.programs.len());
//! # Ok(())
//! # }
//! ```
//!
//! To read the code, begin with `pipeline.rs`: its four stages use all the other files. These import only files that
//! are named before them here, and a test checks that:
//!
//! - `wasm_error`, `source`, `memory`, `cpu`: errors about programs, their files, memory caps, CPU features
//! - `outline`, `operators`, `proposals`: what is in a program
//! - `rewrite`, `lengths`, `fold`: programs are changed
//! - `interfaces`, `float`, `engine`, `eapp`, `instances`: decisions
//! - `compile`: the compiler
//! - `error`, `request`, `pipeline`: errors, input and output of a build, and its stages
//! - `project`: the project file

#![deny(unsafe_code)]

mod compile;
mod cpu;
mod eapp;
pub mod engine;
mod error;
pub mod float;
pub mod fold;
mod instances;
mod interfaces;
mod lengths;
pub mod memory;
pub mod operators;
mod outline;
mod pipeline;
pub mod project;
mod proposals;
mod request;
mod rewrite;
pub mod source;
mod wasm_error;

pub use compile::{CompileError, Settings, config};
pub use cpu::UnknownFeature;
pub use eapp::EappError;
pub use engine::{Engine, EngineError};
pub use error::BuildError;
pub use float::{Float, FloatError, FloatsLeft};
pub use instances::InstancesError;
pub use memory::{MemoryError, MemorySize};
pub use pipeline::build;
pub use project::{Project, ProjectError};
pub use request::{Built, Compiled, Lowering, Request, Stage};
pub use source::{SourceError, WasmKind};
pub use wasm_error::{Names, Proposal, WasmError};

#[cfg(test)]
mod tests;
