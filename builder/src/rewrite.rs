//! A component with other core modules or function bodies, in which nothing else is changed.

use std::borrow::Cow;
use wasm_encoder::{CodeSection, Component, ComponentSectionId, Module, RawSection};
use wasmparser::{BinaryReaderError, FunctionBody, Parser, Payload};

/// Gives the bytes of a function's body anew, from those of its module and the parsed body.
pub type Change<'c> = dyn for<'a> Fn(&'a [u8], &FunctionBody<'_>) -> Result<Cow<'a, [u8]>, BinaryReaderError> + 'c;

/// Gives the bytes of a core module anew.
pub type ChangeModule<'c, E> = dyn Fn(&[u8]) -> Result<Vec<u8>, E> + 'c;

/// Changes every function of every core module of a component, nested ones too.
///
/// # Errors
/// Where the component is not valid.
pub fn component(component: &[u8], change: &Change<'_>) -> Result<Vec<u8>, BinaryReaderError> {
    modules(component, &|bytes| module(bytes, change))
}

/// Changes every core module of a component, nested ones too.
///
/// # Errors
/// Where the component is not valid, or of `change`.
pub fn modules<E: From<BinaryReaderError>>(component: &[u8], change: &ChangeModule<'_, E>) -> Result<Vec<u8>, E> {
    let mut out = Component::new();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            // What is nested comes by itself too, after the section that holds it.
            _ if depth > 1 => {}
            Payload::ModuleSection { unchecked_range, .. } => {
                let data = change(component.get(unchecked_range.clone()).unwrap_or_default())?;
                out.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: &data });
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let nested = component.get(unchecked_range.clone()).unwrap_or_default();
                let data = modules(nested, change)?;
                out.section(&RawSection { id: ComponentSectionId::Component.into(), data: &data });
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    out.section(&RawSection { id, data: component.get(range).unwrap_or_default() });
                }
            }
        }
    }
    Ok(out.finish())
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
