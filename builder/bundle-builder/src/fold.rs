//! Functions that a program has more than once are compiled once, and those that it never calls not at all.
//!
//! Generic code is compiled for each type it is used with, and often to the same instructions: linkers for other
//! machines leave one copy, those for WebAssembly leave all. No program can tell two such functions from each
//! other, for references to functions are called and not compared. Only the names in a trap's backtrace are then
//! those of the first copy.

mod module;

use crate::wasm_error::WasmError;
use module::{Function, Module};
use std::collections::HashMap;
use wasmstone_float_lowering::with_modules;

/// Functions that call themselves or each other in long chains turn out to be the same one after the other; what
/// has not by then is left twice.
const ROUNDS: usize = 32;

/// A component whose core modules, nested ones too, have each function once, and none that is never called.
///
/// # Errors
/// Where the component is not valid.
pub fn fold_component(component: &[u8]) -> Result<Vec<u8>, WasmError> {
    with_modules(component, fold_module)
}

/// A core module that has each function once, and none that is never called.
///
/// # Errors
/// Where the module is not valid.
pub fn fold_module(bytes: &[u8]) -> Result<Vec<u8>, WasmError> {
    let module = Module::read(bytes)?;
    let first_equal = first_equal(&module);
    module.renumbered(&first_equal, &reachable(&module, &first_equal))
}

/// For each function the first one that is the same: of the same type, with the same instructions, which call
/// functions that are the same.
///
/// A round finds those to be the same that differ at most in calls of functions which an earlier round found to
/// be the same. So what is found only ever grows, and is right after every round: two functions of one kind do
/// the same, and call functions of one kind.
fn first_equal(module: &Module<'_>) -> Vec<u32> {
    /// In the place of the function itself.
    const ITSELF: u32 = u32::MAX;
    // Types and bodies, from which the functions that are called are left out; they are read once.
    let mut forms = HashMap::new();
    let form = |(index, function): (u32, &Function)| {
        let next = forms.len();
        (index, *forms.entry((function.ty, module.body(function, |_, _| {}))).or_insert(next))
    };
    let functions: Vec<(u32, usize)> = module.defined().map(form).collect();
    let mut same: Vec<u32> = (0..module.count()).collect();
    for _ in 0..ROUNDS {
        let mut first = HashMap::new();
        let mut next = same.clone();
        for (index, form) in &functions {
            let kind = |callee| if callee == *index { ITSELF } else { first_of(&same, callee) };
            let callees: Vec<u32> = module.callees(*index).map(kind).collect();
            let one = *first.entry((form, callees)).or_insert(*index);
            if let Some(entry) = next.get_mut(*index as usize) {
                *entry = one;
            }
        }
        if next == same {
            break;
        }
        same = next;
    }
    same
}

/// Whether each function is the first of its kind, and can be called: from outside, by reference, or by another one
/// that can.
fn reachable(module: &Module<'_>, same: &[u32]) -> Vec<bool> {
    let mut called = vec![false; same.len()];
    let mut waiting: Vec<u32> = module.referred.iter().map(|function| first_of(same, *function)).collect();
    while let Some(function) = waiting.pop() {
        match called.get_mut(function as usize) {
            Some(called) if !*called => *called = true,
            _ => continue,
        }
        waiting.extend(module.callees(function).map(|callee| first_of(same, callee)));
    }
    called
}

/// The first function that is the same; one that the module does not have is left to whoever validates it.
fn first_of(same: &[u32], function: u32) -> u32 {
    same.get(function as usize).copied().unwrap_or(function)
}

#[cfg(test)]
mod tests;
