//! Adapts core modules for WASI 0.1 to components. Wasmtime's adapter implements WASI 0.1 by WASI 0.2.

mod adapter;
mod own_memory;

use crate::outline;
use crate::wasm_error::WasmError;
use std::{collections::BTreeSet, sync::LazyLock};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

/// The module name of WASI 0.1.
pub const WASI_0_1: &str = WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;

/// Bytes of the program's own memory that the adapter takes before the program starts: a page of stack and one of
/// state.
pub const ADAPTER_MEMORY: u64 = 2 * wasmstone_policy::WASM_PAGE;

/// Whether WASI 0.1 has a function of that name: what the adapter exports.
pub fn has_function(name: &str) -> bool {
    static FUNCTIONS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let adapter = outline::read(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
        adapter.map(|outline| outline.exports.into_iter().collect()).unwrap_or_default()
    });
    FUNCTIONS.contains(name)
}

/// Makes a component from a core module that was checked.
///
/// # Errors
/// [`WasmError::Adapt`].
pub fn to_component(module: &[u8]) -> Result<Vec<u8>, WasmError> {
    let patched = adapter::patched(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
    let adapter = patched.as_deref().unwrap_or(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
    let rewritten = own_memory::hide_added_pages(module);
    let module = rewritten.as_deref().unwrap_or(module);
    let adapted = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(WASI_0_1, adapter))
        .and_then(|mut encoder| encoder.encode());
    // The text of the whole chain, since the error's type cannot be a source.
    adapted.map_err(|error| WasmError::Adapt(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::has_function;

    #[test]
    fn the_functions_of_wasi_0_1_are_known() {
        for name in ["fd_write", "proc_exit", "path_open", "poll_oneoff", "random_get", "sock_accept"] {
            assert!(has_function(name), "{name}");
        }
        assert!(!has_function("fd_frobnicate"));
    }
}
