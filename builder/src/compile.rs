//! Compiling ahead of time: the enclave's own engine configuration, with a compiler.

use crate::requirements::SUPPORTED;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, Result};

/// Compiles a component to what the enclave app loads.
///
/// # Errors
/// [`CompileError`]; the compiler's panics too, since a hostile program may find one.
pub fn precompile(component: &[u8]) -> std::result::Result<Vec<u8>, CompileError> {
    let compiled = catch_unwind(AssertUnwindSafe(|| Engine::new(&config()?)?.precompile_component(component)));
    match compiled {
        Ok(Ok(program)) => Ok(program),
        Ok(Err(error)) => Err(CompileError(format!("{error:#}"))),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(CompileError(text.unwrap_or_else(|| "the compiler panicked".to_owned())))
        }
    }
}

fn config() -> Result<Config> {
    let mut config = wasmstone_eapp::config()?;
    // Cargo features of the engine decide over some of these, and differ between builds.
    config.wasm_features(WasmFeatures::all().difference(SUPPORTED), false);
    config.wasm_features(SUPPORTED, true);
    Ok(config)
}

/// The compiler failed on a program that is valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compiler cannot compile this program: {0}; please report it, with the program if you can")]
pub struct CompileError(String);

#[cfg(test)]
mod tests {
    use super::precompile;

    #[test]
    fn the_same_component_gives_the_same_program() {
        let component = wat::parse_str(
            "(component (core module (func (export \"a\") (param i32) (result i32) local.get 0 i32.const 7 i32.mul)))",
        )
        .unwrap();
        assert_eq!(precompile(&component).unwrap(), precompile(&component).unwrap());
    }

    #[test]
    fn what_is_no_component_is_an_error() {
        assert!(precompile(b"\0asm\x0d\0\x01\0\xff").is_err());
    }
}
