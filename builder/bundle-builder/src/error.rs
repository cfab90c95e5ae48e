//! Why no bundle was built, and the one place that turns the errors of the stages into diagnoses for the user.

use crate::compile::CompileError;
use crate::cpu::UnknownFeature;
use crate::eapp::EappError;
use crate::engine::EngineError;
use crate::float::{FloatError, FloatsLeft};
use crate::instances::InstancesError;
use crate::memory::MemoryError;
use crate::proposals;
use crate::source::SourceError;
use crate::wasm_error::WasmError;
use wasmstone_bundle::bundle::BuildError as PackError;

/// Why no bundle was built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The file is not WebAssembly.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The program cannot run in an enclave.
    #[error(transparent)]
    Wasm(#[from] WasmError),
    /// The program cannot be compiled to machine code.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Floats cannot be computed as they were asked to be.
    #[error(transparent)]
    Float(#[from] FloatError),
    /// The enclave app that the bundle needs is not in this build.
    #[error(transparent)]
    Eapp(#[from] EappError),
    /// The program was lowered, and floats are left.
    #[error(transparent)]
    FloatsLeft(#[from] FloatsLeft),
    /// No target of the bundle has a CPU feature that was asked for.
    #[error(transparent)]
    Cpu(#[from] UnknownFeature),
    /// The compiler failed on a program that is valid.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The memory cap does not fit.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The number of instances is not possible.
    #[error(transparent)]
    Instances(#[from] InstancesError),
    /// The parts do not make a bundle.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl BuildError {
    /// Whether this can be the consequence of a program that is not valid: only the program as it was given
    /// is validated before it is used.
    fn may_come_from_an_invalid_program(&self) -> bool {
        match self {
            Self::Wasm(error) => matches!(error, WasmError::Malformed(_)),
            Self::FloatsLeft(_) | Self::Compile(_) => true,
            _ => false,
        }
    }
}

/// The error to report. If one of `files` is not valid, the first of these is the cause: the validator
/// knows better what is wrong with it than the stage that failed.
pub fn diagnosed(error: BuildError, files: &[&[u8]]) -> BuildError {
    if !error.may_come_from_an_invalid_program() {
        return error;
    }
    match files.iter().find_map(|wasm| proposals::validate(wasm).err()) {
        Some(invalid) => invalid.into(),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::{BuildError, CompileError, WasmError, diagnosed};

    #[test]
    fn an_invalid_program_is_the_cause_of_what_fails_later() {
        let valid = wat::parse_str("(module)").unwrap();
        let threads = wat::parse_str("(module (memory 1 1 shared))").unwrap();
        let odd = || BuildError::Compile(CompileError::Compiler("it is odd".to_owned()));
        assert!(matches!(diagnosed(odd(), &[&valid]), BuildError::Compile(_)));
        let reported = diagnosed(odd(), &[&valid, &threads]);
        assert!(matches!(reported, BuildError::Wasm(WasmError::Unsupported { .. })), "{reported}");
    }

    #[test]
    fn other_errors_do_not_depend_on_validity() {
        let threads = wat::parse_str("(module (memory 1 1 shared))").unwrap();
        let reported = diagnosed(BuildError::Wasm(WasmError::NoStart), &[&threads]);
        assert!(matches!(reported, BuildError::Wasm(WasmError::NoStart)), "{reported}");
    }
}
