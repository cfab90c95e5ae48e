//! A component with other core modules, in which nothing else is changed.

use crate::plan::Plan;
use crate::{Lowered, Refused, module};
use std::ops::Range;
use wasm_encoder::{ComponentSectionId, Encode};
use wasmparser::{Parser, Payload};

/// The greatest depth of components in components: more than a person or a tool makes. Each level is copied once
/// more.
const LEVELS: usize = 100;

/// Lowers all core modules of a component, nested ones included, as parts of one program.
///
/// # Errors
/// [`Refused`] by one of the core modules.
pub(crate) fn lower(component: &[u8]) -> Result<Lowered, Refused> {
    let modules = modules(component)?;
    let plan = Plan::of(&modules)?;
    let mut sum = Lowered { wasm: Vec::new(), operators: 0, functions: 0, inlined: 0 };
    sum.wasm = with_modules(component, |module| -> Result<_, Refused> {
        let lowered = module::lower(module, &plan)?;
        sum.operators += lowered.operators;
        sum.functions += lowered.functions;
        sum.inlined += lowered.inlined;
        Ok(lowered.wasm)
    })?;
    Ok(sum)
}

/// The core modules of a component and of all components in it, in the order of the file.
fn modules(component: &[u8]) -> Result<Vec<&[u8]>, Refused> {
    let (mut modules, mut levels) = (Vec::new(), 0usize);
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::Version { .. } => levels += 1,
            Payload::End(_) => levels = levels.saturating_sub(1),
            Payload::ModuleSection { unchecked_range, .. } => {
                modules.push(part(component, unchecked_range)?);
            }
            Payload::ComponentSection { .. } if levels >= LEVELS => {
                return Err(Refused::TooLarge(format!("components are nested more than {LEVELS} levels deep")));
            }
            _ => {}
        }
    }
    Ok(modules)
}

/// A component or module that is being read.
struct Level {
    start: usize,
    /// The end of the last section, where the head of the next section begins.
    end: usize,
    /// The beginning of the head of the section that holds the nested part.
    head: usize,
    /// The new content, up to `copied`. Empty if nothing was replaced yet.
    out: Vec<u8>,
    copied: usize,
}

impl Level {
    /// Replaces the content of the section with the last head; the bytes `before` that head are copied first.
    fn exchange(&mut self, before: &[u8], id: ComponentSectionId, old: &Range<usize>, new: &[u8]) {
        self.out.extend_from_slice(before);
        self.out.push(id.into());
        new.encode(&mut self.out);
        self.copied = old.end;
    }
}

/// Replaces the core modules of a valid component, nested ones included, in the order of the file. Every other byte
/// stays the same. A program that is a core module is replaced as a whole.
///
/// # Errors
/// The error of `change`, or [`Refused::Invalid`] if this is no program.
pub fn with_modules<E: From<Refused>>(
    component: &[u8],
    mut change: impl FnMut(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    if Parser::is_core_wasm(component) {
        return change(component);
    }
    let mut open: Vec<Level> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(Refused::from)?;
        match &payload {
            Payload::Version { range, .. } => {
                let (start, end) = (range.start, range.end);
                open.push(Level { start, end, head: end, out: Vec::new(), copied: start });
            }
            Payload::End(end) => {
                let Some(mut inner) = open.pop() else { break };
                let unchanged = inner.out.is_empty();
                match open.last_mut() {
                    // A core module was replaced when its section began, and nothing inside it since.
                    Some(_) if unchanged => {}
                    outer => {
                        inner.out.extend_from_slice(part(component, inner.copied..*end)?);
                        let Some(outer) = outer else { return Ok(inner.out) };
                        let before = part(component, outer.copied..outer.head)?;
                        outer.exchange(before, ComponentSectionId::Component, &(inner.start..*end), &inner.out);
                    }
                }
            }
            _ => {}
        }
        let (Some(level), Some((_, range))) = (open.last_mut(), payload.as_section()) else { continue };
        (level.head, level.end) = (level.end, range.end);
        if let Payload::ModuleSection { .. } = &payload {
            let module = part(component, range.clone())?;
            let changed = change(module)?;
            if changed != module {
                let before = part(component, level.copied..level.head)?;
                level.exchange(before, ComponentSectionId::CoreModule, &range, &changed);
            }
        }
    }
    Err(ended().into())
}

/// A part of the component. A file that the parser accepts may still end inside a nested part.
fn part(component: &[u8], range: Range<usize>) -> Result<&[u8], Refused> {
    component.get(range).ok_or_else(ended)
}

fn ended() -> Refused {
    Refused::Invalid("it ends too early".to_owned())
}

#[cfg(test)]
mod tests;
