//! Changes function bodies of a program and nothing else.

use std::borrow::Cow;
use wasm_encoder::{CodeSection, Module, RawSection};
use wasmparser::{BinaryReaderError, FunctionBody, Parser, Payload};
use wasmstone_float_lowering::{Refused, with_modules};

/// Returns the new bytes of a function's body, given the bytes of its module and the parsed body.
pub type Change<'c> = dyn for<'a> Fn(&'a [u8], &FunctionBody<'_>) -> Result<Cow<'a, [u8]>, BinaryReaderError> + 'c;

/// Changes every function of every core module of a program, nested ones included.
///
/// # Errors
/// If the component is not valid.
pub fn rewrite_functions(component: &[u8], change: &Change<'_>) -> Result<Vec<u8>, Refused> {
    with_modules(component, |bytes| Ok(module(bytes, change)?))
}

fn module(module: &[u8], change: &Change<'_>) -> Result<Vec<u8>, BinaryReaderError> {
    let mut out = Module::new();
    let (mut code, mut missing) = (CodeSection::new(), 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::CodeSectionStart { count: 0, .. } => {
                out.section(&code);
            }
            Payload::CodeSectionStart { count, .. } => missing = count,
            Payload::CodeSectionEntry(body) => {
                code.raw(&change(module, &body)?);
                missing -= 1;
                if missing == 0 {
                    out.section(&code);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    out.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
                }
            }
        }
    }
    Ok(out.finish())
}
