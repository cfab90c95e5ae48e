//! Removes duplicate functions and functions that are never called, so that they are not compiled.
//!
//! Generic code is compiled for each type it is used with, and often to the same instructions: linkers for
//! other machines keep one copy, linkers for WebAssembly keep all. No program can distinguish two such functions, since
//! references to functions can be called, but not compared. Only the names in a trap's backtrace change: they are
//! those of the first copy.

mod module;

use crate::wasm_error::WasmError;
use module::{Function, Module};
use std::collections::HashMap;
use wasmstone_float_lowering::with_modules;

/// The most rounds of [`first_equal`]. Along a chain of calls each round finds one more pair of equal functions; pairs
/// that need more rounds than this stay.
const ROUNDS: usize = 32;

/// Removes duplicate and unreachable functions from the core modules of a program, nested ones included.
///
/// # Errors
/// If the program is not valid.
pub fn fold_program(program: &[u8]) -> Result<Vec<u8>, WasmError> {
    with_modules(program, fold_module)
}

/// Removes duplicate and unreachable functions from a core module.
///
/// # Errors
/// If the module is not valid.
pub fn fold_module(bytes: &[u8]) -> Result<Vec<u8>, WasmError> {
    let module = Module::read(bytes)?;
    let first_equal = first_equal(&module);
    module.renumbered(&first_equal, &reachable(&module, &first_equal))
}

/// For each function the first one that equals it: that has the same type and the same instructions, and calls equal
/// functions.
///
/// A round finds functions to be equal if they differ at most in calls of functions that an earlier round found to
/// be equal. So the set of equal functions only grows, and it is correct after every round.
fn first_equal(module: &Module<'_>) -> Vec<u32> {
    /// Stands for a call of the function itself.
    const ITSELF: u32 = u32::MAX;
    // Bodies are compared once, without the functions that they call; the rounds compare only these.
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

/// Whether each function is the first among its equals, and is reachable: from outside the module, by reference, or
/// from another reachable function.
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

/// The first function that equals this one. The validator reports functions that the module does not have.
fn first_of(same: &[u32], function: u32) -> u32 {
    same.get(function as usize).copied().unwrap_or(function)
}

#[cfg(test)]
mod tests;
