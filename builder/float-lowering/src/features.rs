//! The WebAssembly features that a program may use before lowering, and those that it uses after it.

use crate::Refused;
use wasmparser::types::Types;
use wasmparser::{BinaryReaderError, KnownCustom, Name, Parser, Payload, TypeRef, Validator, WasmFeatures};

/// The features that can be lowered: WebAssembly 2.0 without vectors, and the parts of 3.0 that bring no further
/// kinds of values but references.
const ACCEPTED: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::TAIL_CALL);

/// The features after lowering. The high half of a product comes from wide arithmetic.
const LOWERED: WasmFeatures = ACCEPTED.difference(WasmFeatures::FLOATS).union(WasmFeatures::WIDE_ARITHMETIC);

/// The features that are tried, one after the other, if a program needs more than [`ACCEPTED`].
const NAMED: [(WasmFeatures, &str); 11] = [
    (WasmFeatures::RELAXED_SIMD, "vectors (relaxed SIMD)"),
    (WasmFeatures::SIMD, "vectors (SIMD)"),
    (WasmFeatures::MEMORY64, "64-bit memories (memory64)"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exceptions"),
    (WasmFeatures::GC, "garbage collection (GC)"),
    (WasmFeatures::THREADS, "threads or shared memory"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::CM_ASYNC, "asynchronous component functions"),
];

/// Validates a program before it is lowered.
///
/// # Errors
/// [`Refused::Invalid`], or [`Refused::Proposal`] with the function that uses the proposal.
pub(crate) fn accept(wasm: &[u8]) -> Result<Types, Refused> {
    let refused = match valid(wasm, ACCEPTED) {
        Ok(types) => return Ok(types),
        Err(refused) => refused,
    };
    if let Err(error) = valid(wasm, WasmFeatures::all()) {
        return Err(error.into());
    }
    let needed = NAMED.iter().find_map(|(flag, proposal)| {
        valid(wasm, WasmFeatures::all().difference(*flag)).err().map(|error| (*proposal, error))
    });
    let (proposal, error) = needed.unwrap_or(("a proposal that is not known here", refused));
    let place = function_at(wasm, error.offset()).unwrap_or_else(|| "the program".to_owned());
    Err(Refused::Proposal { place, proposal })
}

/// A validator for a core module without floats.
pub(crate) fn without_floats() -> Validator {
    Validator::new_with_features(LOWERED)
}

/// A validator for the parts of a component around such core modules.
pub(crate) fn around_floats() -> Validator {
    Validator::new_with_features(LOWERED.union(WasmFeatures::FLOATS))
}

/// A validator that accepts every feature.
pub(crate) fn everything() -> Validator {
    Validator::new_with_features(WasmFeatures::all())
}

fn valid(wasm: &[u8], features: WasmFeatures) -> Result<Types, BinaryReaderError> {
    Validator::new_with_features(features).validate_all(wasm)
}

/// The function whose body holds a byte of the program, for a message.
fn function_at(wasm: &[u8], offset: usize) -> Option<String> {
    // Imported functions and bodies so far, of each module that is open.
    let mut open: Vec<u32> = Vec::new();
    let mut found: Option<(usize, u32)> = None;
    let mut name = None;
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { break };
        match payload {
            Payload::Version { .. } => open.push(0),
            Payload::End(_) => {
                if found.is_some_and(|(depth, _)| depth == open.len()) {
                    break;
                }
                open.pop();
            }
            Payload::ImportSection(section) => {
                let imports = section.into_imports().flatten();
                let functions =
                    imports.filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_))).count();
                if let Some(next) = open.last_mut() {
                    *next = functions as u32;
                }
            }
            Payload::CodeSectionEntry(body) => {
                let depth = open.len();
                if let Some(next) = open.last_mut() {
                    if body.range().contains(&offset) {
                        found = Some((depth, *next));
                    }
                    *next += 1;
                }
            }
            Payload::CustomSection(section) => {
                if let (Some((depth, function)), KnownCustom::Name(names)) = (found, section.as_known())
                    && depth == open.len()
                {
                    let functions = names.into_iter().flatten().filter_map(|names| match names {
                        Name::Function(names) => Some(names),
                        _ => None,
                    });
                    name = functions.flatten().flatten().find(|name| name.index == function).map(|name| name.name);
                }
            }
            _ => {}
        }
    }
    let (_, index) = found?;
    Some(name.map_or_else(|| format!("function {index}"), |name| format!("function \"{}\"", readable(name))))
}

/// A name for a message: on one line, and cut to the allowed length.
pub(crate) fn readable(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).take(120).collect()
}
