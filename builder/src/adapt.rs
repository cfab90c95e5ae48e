//! Core modules for WASI 0.1 become components: Wasmtime's adapter answers the old calls by the new ones.

mod exit_code;

use crate::WasmError;
use std::{collections::BTreeSet, sync::LazyLock};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

/// The module name of WASI 0.1.
pub const WASI_0_1: &str = WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;

/// Whether WASI 0.1 has a function of that name: what the adapter exports.
pub fn has_function(name: &str) -> bool {
    static FUNCTIONS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let adapter = crate::survey::survey(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
        adapter.map(|survey| survey.exports.into_iter().collect()).unwrap_or_default()
    });
    FUNCTIONS.contains(name)
}

/// Makes a component of a core module that was checked.
///
/// # Errors
/// [`WasmError::Adapt`].
pub fn to_component(module: &[u8]) -> Result<Vec<u8>, WasmError> {
    static ADAPTER: LazyLock<Option<Vec<u8>>> =
        LazyLock::new(|| exit_code::keep_exit_codes(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER));
    let adapter = ADAPTER.as_deref().unwrap_or(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
    let adapted = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(WASI_0_1, adapter))
        .and_then(|mut encoder| encoder.encode());
    // The whole chain: the crate's errors are not of a type that could be kept as a source.
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
