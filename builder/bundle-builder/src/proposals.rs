//! The WebAssembly proposals that the enclave's engine supports, and the message for programs that need others.

use crate::wasm_error::WasmError;
use wasmparser::{Validator, WasmFeatures};

/// What programs may use: WebAssembly 2.0 and those parts of 3.0 that need neither threads nor a garbage collector.
/// The list is fixed, so that every build of the compiler gives the same result.
pub const SUPPORTED: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .difference(WasmFeatures::GC_TYPES);

/// A proposal that the engine does not support: its flag, its name, and how to build a program without it.
type Proposal = (WasmFeatures, &'static str, &'static str);

const UNSUPPORTED: [Proposal; 14] = [
    (
        WasmFeatures::THREADS,
        "threads or shared memory",
        "build for wasm32-wasip1 or wasm32-wasip2 without threads (no -pthread, no target feature \"atomics\")",
    ),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads", "build without threads"),
    (WasmFeatures::MEMORY64, "64-bit memories (memory64)", "build for wasm32, not wasm64"),
    (
        WasmFeatures::EXCEPTIONS,
        "exception handling",
        "compile with panic=abort (Rust) or -fno-exceptions and without -fwasm-exceptions (C and C++)",
    ),
    (
        WasmFeatures::LEGACY_EXCEPTIONS,
        "legacy exception handling",
        "compile with panic=abort (Rust) or -fno-exceptions and without -fwasm-exceptions (C and C++)",
    ),
    (WasmFeatures::GC, "garbage collection (GC)", "use a toolchain that compiles to linear memory"),
    (WasmFeatures::GC_TYPES, "garbage-collected references", "use a toolchain that compiles to linear memory"),
    (WasmFeatures::STACK_SWITCHING, "stack switching", "build without it"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic", "build without the target feature \"wide-arithmetic\""),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes", "build with pages of 64 KiB"),
    (WasmFeatures::MEMORY_CONTROL, "memory control", "build without it"),
    (WasmFeatures::CM_ASYNC, "asynchronous components (WASI 0.3)", "build for WASI 0.2 (wasm32-wasip2)"),
    (WasmFeatures::CM_THREADING, "component threads", "build without threads"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "fixed-length lists in interfaces", "use plain lists"),
];

/// Validates a program.
///
/// # Errors
/// [`WasmError::Unsupported`] names the proposal that a valid program needs, [`WasmError::Malformed`] is for all
/// others.
pub fn validate(wasm: &[u8]) -> Result<(), WasmError> {
    let valid_with = |features| Validator::new_with_features(features).validate_all(wasm);
    let Err(error) = valid_with(SUPPORTED) else { return Ok(()) };
    let reason = error.to_string();
    if valid_with(WasmFeatures::all()).is_err() {
        return Err(WasmError::Malformed(reason));
    }
    let needed = UNSUPPORTED.iter().find(|(flag, ..)| valid_with(WasmFeatures::all().difference(*flag)).is_err());
    Err(match needed {
        Some((_, proposal, advice)) => WasmError::Unsupported { proposal, advice, reason },
        None => WasmError::Malformed(reason),
    })
}

#[cfg(test)]
mod tests {
    use super::{SUPPORTED, UNSUPPORTED, validate};
    use crate::wasm_error::WasmError;

    #[test]
    fn nothing_is_both_supported_and_not() {
        for (flag, name, _) in UNSUPPORTED {
            assert!(!SUPPORTED.contains(flag), "{name}");
        }
    }

    #[test]
    fn the_proposal_that_a_program_needs_is_named() {
        let cases = [
            ("(module (memory 1 1 shared))", "threads"),
            ("(module (memory i64 1))", "memory64"),
            ("(module (tag))", "exception"),
            ("(module (type (struct (field i32))))", "GC"),
            ("(module (func (param externref)))", "garbage-collected"),
            ("(module (memory 1 (pagesize 1)))", "page sizes"),
        ];
        for (text, expected) in cases {
            match validate(&wat::parse_str(text).unwrap()) {
                Err(WasmError::Unsupported { proposal, .. }) => {
                    assert!(proposal.contains(expected), "{text}: {proposal}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_invalid_program_is_malformed() {
        let wasm = wat::parse_str("(module (func (result i32)))").unwrap();
        assert!(matches!(validate(&wasm), Err(WasmError::Malformed(_))));
    }

    #[test]
    fn what_compilers_emit_is_supported() {
        let text = "(module (memory 1) (table 1 funcref)
            (func (param i32) (result i32 v128) local.get 0 i32.extend8_s v128.const i64x2 0 0)
            (func i32.const 0 i32.const 0 i32.const 0 memory.fill))";
        assert!(validate(&wat::parse_str(text).unwrap()).is_ok());
    }
}
