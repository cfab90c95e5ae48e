//! Compiling ahead of time: the enclave's own engine configuration, with a compiler.

use crate::requirements::SUPPORTED;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmparser::WasmFeatures;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Result};

/// Compiles a component to what the enclave app loads.
///
/// # Errors
/// [`CompileError`]; the compiler's panics too, since a hostile program may find one.
pub fn precompile(component: &[u8]) -> std::result::Result<Vec<u8>, CompileError> {
    match catch_unwind(AssertUnwindSafe(|| compile(component))) {
        Ok(program) => program,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(CompileError::Compiler(text.unwrap_or_else(|| "it panicked".to_owned())))
        }
    }
}

fn compile(component: &[u8]) -> std::result::Result<Vec<u8>, CompileError> {
    let compiler = |error: wasmtime::Error| CompileError::Compiler(format!("{error:#}"));
    let engine = config().and_then(|config| Engine::new(&config)).map_err(compiler)?;
    let component = Component::new(&engine, component).map_err(compiler)?;
    wasmstone_eapp::check(&component).map_err(|error| CompileError::Link(format!("{error:#}")))?;
    component.serialize().map_err(compiler)
}

/// The configuration that programs are compiled with: the enclave's own, with a compiler.
///
/// # Errors
/// Where this build of Wasmtime lacks Pulley.
pub fn config() -> Result<Config> {
    let mut config = wasmstone_eapp::config()?;
    // Cargo features of the engine decide over some of these, and differ between builds.
    config.wasm_features(WasmFeatures::all().difference(SUPPORTED), false);
    config.wasm_features(SUPPORTED, true);
    Ok(config)
}

/// Why a valid program has no compiled form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The compiler failed.
    #[error("the compiler cannot compile this program: {0}; please report it, with the program if you can")]
    Compiler(String),
    /// It would not start in an enclave.
    #[error("the program imports what WASI has not: {0}; build it for WASI 0.2 or 0.1 as published")]
    Link(String),
}

#[cfg(test)]
mod tests {
    use super::precompile;

    #[test]
    fn the_same_component_gives_the_same_program() {
        let component = wat::parse_str(
            r#"(component
                (core module $code (func (export "run") (result i32) i32.const 7 i32.const 6 i32.mul))
                (core instance $code (instantiate $code))
                (func $run (result (result)) (canon lift (core func $code "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.6" (instance $run)))"#,
        )
        .unwrap();
        assert_eq!(precompile(&component).unwrap(), precompile(&component).unwrap());
    }

    #[test]
    fn what_is_no_component_is_an_error() {
        assert!(precompile(b"\0asm\x0d\0\x01\0\xff").is_err());
    }
}
