//! The WebAssembly features that an enclave's engine supports, and the message for programs that need others.

use crate::wasm_error::{Proposal, WasmError};
use wasmparser::{BinaryReaderError, Validator, WasmFeatures};

/// What every program may use: WebAssembly 2.0 and those parts of 3.0 that need neither threads nor a garbage
/// collector. The list is fixed, so that every build of the compiler gives the same result.
pub const SUPPORTED: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .difference(WasmFeatures::GC_TYPES);

/// What programs may use besides that run in an enclave app with exceptions: these, and references that are collected.
pub const EXCEPTIONS: WasmFeatures = WasmFeatures::EXCEPTIONS.union(WasmFeatures::GC_TYPES);

/// The proposals that no enclave's engine supports.
const UNSUPPORTED: [(WasmFeatures, Proposal); 12] = [
    (
        WasmFeatures::THREADS,
        Proposal {
            name: "threads or shared memory",
            advice: "build for wasm32-wasip1 or wasm32-wasip2 without threads (no -pthread, no target feature \"atomics\")",
        },
    ),
    (
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        Proposal { name: "shared-everything threads", advice: "build without threads" },
    ),
    (WasmFeatures::MEMORY64, Proposal { name: "64-bit memories (memory64)", advice: "build for wasm32, not wasm64" }),
    (
        WasmFeatures::LEGACY_EXCEPTIONS,
        Proposal {
            name: "legacy exception handling",
            advice: "compile with -mllvm -wasm-use-legacy-eh=false (C and C++) or pass the program through wasm-opt \
                     --translate-to-exnref, and it uses the standard one; or compile with panic=abort (Rust)",
        },
    ),
    (
        WasmFeatures::GC,
        Proposal { name: "garbage collection (GC)", advice: "use a toolchain that compiles to linear memory" },
    ),
    (WasmFeatures::STACK_SWITCHING, Proposal { name: "stack switching", advice: "build without it" }),
    (
        WasmFeatures::WIDE_ARITHMETIC,
        Proposal { name: "wide arithmetic", advice: "build without the target feature \"wide-arithmetic\"" },
    ),
    (WasmFeatures::CUSTOM_PAGE_SIZES, Proposal { name: "custom page sizes", advice: "build with pages of 64 KiB" }),
    (WasmFeatures::MEMORY_CONTROL, Proposal { name: "memory control", advice: "build without it" }),
    (
        WasmFeatures::CM_ASYNC,
        Proposal { name: "asynchronous components (WASI 0.3)", advice: "build for WASI 0.2 (wasm32-wasip2)" },
    ),
    (WasmFeatures::CM_THREADING, Proposal { name: "component threads", advice: "build without threads" }),
    (
        WasmFeatures::CM_FIXED_LENGTH_LISTS,
        Proposal { name: "fixed-length lists in interfaces", advice: "use plain lists" },
    ),
];

/// Validates a program. The result is whether it needs [`EXCEPTIONS`].
///
/// # Errors
/// [`WasmError::Unsupported`] names the proposals that a valid program needs, [`WasmError::Malformed`] is for all
/// others.
pub fn validate(wasm: &[u8]) -> Result<bool, WasmError> {
    if valid_with(wasm, SUPPORTED).is_ok() {
        return Ok(false);
    }
    match valid_with(wasm, SUPPORTED.union(EXCEPTIONS)) {
        Ok(()) => Ok(true),
        Err(error) => Err(unsupported(wasm, error)),
    }
}

/// The proposals that a program needs, given the first error without any of them.
///
/// Each proposal is found at the first place that needs it: up to there, and no further, the program is validated with
/// one proposal more at a time.
fn unsupported(wasm: &[u8], first: BinaryReaderError) -> WasmError {
    let reason = first.to_string();
    let (mut allowed, mut proposals, mut error) = (SUPPORTED.union(EXCEPTIONS), Vec::new(), Some(first));
    while let Some(last) = error {
        let further = UNSUPPORTED.iter().filter(|(flag, _)| !allowed.contains(*flag)).find_map(|(flag, proposal)| {
            let next = valid_with(wasm, allowed.union(*flag)).err();
            let same = next.as_ref().is_some_and(|next| {
                next.offset() < last.offset() || (next.offset(), next.message()) == (last.offset(), last.message())
            });
            (!same).then_some((*flag, *proposal, next))
        });
        match further {
            Some((flag, proposal, next)) => {
                allowed = allowed.union(flag);
                proposals.push(proposal);
                error = next;
            }
            // Either nothing makes it valid, or a proposal without a name here.
            None => return WasmError::Malformed(last.to_string()),
        }
    }
    WasmError::Unsupported { proposals, reason }
}

fn valid_with(wasm: &[u8], features: WasmFeatures) -> Result<(), BinaryReaderError> {
    Validator::new_with_features(features).validate_all(wasm).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{SUPPORTED, UNSUPPORTED, validate};
    use crate::wasm_error::WasmError;

    fn needed(text: &str) -> Vec<&'static str> {
        match validate(&wat::parse_str(text).unwrap()) {
            Err(WasmError::Unsupported { proposals, .. }) => proposals.iter().map(|proposal| proposal.name).collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn nothing_is_both_supported_and_not() {
        for (flag, proposal) in UNSUPPORTED {
            assert!(!SUPPORTED.contains(flag), "{}", proposal.name);
        }
    }

    #[test]
    fn the_proposal_that_a_program_needs_is_named() {
        let cases = [
            ("(module (memory 1 1 shared))", "threads or shared memory"),
            ("(module (memory i64 1))", "64-bit memories (memory64)"),
            ("(module (type (struct (field i32))))", "garbage collection (GC)"),
            ("(module (memory 1 (pagesize 1)))", "custom page sizes"),
            (
                "(module (func (param i64 i64) (result i64 i64) local.get 0 local.get 1 i64.mul_wide_u))",
                "wide arithmetic",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(needed(text), [expected], "{text}");
        }
    }

    #[test]
    fn all_proposals_that_a_program_needs_are_named() {
        assert_eq!(
            needed(
                "(module (tag $t) (memory i64 1 1 shared) (type (struct (field i32)))
                    (func try throw $t catch_all end))"
            ),
            [
                "garbage collection (GC)",
                "64-bit memories (memory64)",
                "threads or shared memory",
                "legacy exception handling"
            ]
        );
        let error = validate(&wat::parse_str("(module (memory i64 1 1 shared))").unwrap()).unwrap_err().to_string();
        assert!(error.contains("needs 64-bit memories (memory64) and threads or shared memory"), "{error}");
        assert!(error.contains("build for wasm32, not wasm64; ") && error.contains("without threads"), "{error}");
    }

    #[test]
    fn exceptions_are_supported_and_reported() {
        let exceptions = |text: &str| validate(&wat::parse_str(text).unwrap()).unwrap();
        assert!(exceptions("(module (tag $t) (func (block (try_table (catch_all 0) (throw $t)))))"));
        assert!(exceptions("(module (func (param exnref) local.get 0 throw_ref))"));
        assert!(exceptions("(module (func (param externref)))"));
        assert!(!exceptions("(module (table 1 funcref))"));
    }

    #[test]
    fn legacy_exceptions_are_refused_with_the_way_to_the_standard_ones() {
        let wasm = wat::parse_str("(module (tag $t) (func try throw $t catch_all end))").unwrap();
        let error = validate(&wasm).unwrap_err().to_string();
        assert!(error.contains("legacy exception handling") && error.contains("-wasm-use-legacy-eh=false"), "{error}");
    }

    #[test]
    fn an_invalid_program_is_malformed() {
        let wasm = wat::parse_str("(module (func (result i32)))").unwrap();
        assert!(matches!(validate(&wasm), Err(WasmError::Malformed(_))));
        // What is wrong with it is not the proposal that it needs as well.
        let wasm = wat::parse_str("(module (memory 1 1 shared) (func (result i32)))").unwrap();
        let error = validate(&wasm).unwrap_err();
        assert!(matches!(&error, WasmError::Malformed(reason) if reason.contains("type mismatch")), "{error}");
    }

    #[test]
    fn what_compilers_emit_is_supported() {
        let text = "(module (memory 1) (table 1 funcref)
            (func (param i32) (result i32 v128) local.get 0 i32.extend8_s v128.const i64x2 0 0)
            (func i32.const 0 i32.const 0 i32.const 0 memory.fill))";
        assert_eq!(validate(&wat::parse_str(text).unwrap()), Ok(false));
    }
}
