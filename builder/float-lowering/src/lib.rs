//! Lowers WebAssembly with floats to WebAssembly without floats: the same results, computed with integers only.

#![forbid(unsafe_code)]

mod boundary;
mod component;
mod features;
mod gate;
mod module;
mod operators;
mod plan;
mod refused;
mod soft_float;

pub use component::with_modules;
pub use refused::Refused;

use plan::Plan;
use wasmparser::Parser;

/// How floats in the imports and exports of a single core module are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Boundary {
    /// They are refused, since the other side of the call would not know about the change.
    #[default]
    Refuse,
    /// They get integer types: an `f32` is passed as the `i32` of its bits, an `f64` as an `i64`. A function may get
    /// further parameters after its own, and ignores their values: they keep function types different that were
    /// different.
    AsBits,
}

/// A program without floats.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The program, of the same kind as it was given.
    pub wasm: Vec<u8>,
    /// The number of rewritten operators.
    pub operators: u64,
    /// The number of functions with such operators.
    pub functions: u64,
    /// How many of the operators are computed in place, for speed, instead of by a call.
    pub inlined: u64,
}

/// Lowers every core module of a program: a core module, or a component.
///
/// # Errors
/// [`Refused`] says why the program is not lowered.
pub fn lower(wasm: &[u8]) -> Result<Lowered, Refused> {
    lower_with(wasm, Boundary::Refuse)
}

/// As [`lower`], with a choice for floats in the imports and exports of a single core module.
///
/// # Errors
/// [`Refused`] says why the program is not lowered.
pub fn lower_with(wasm: &[u8], boundary: Boundary) -> Result<Lowered, Refused> {
    let types = features::accept(wasm)?;
    let lowered = if Parser::is_component(wasm) {
        boundary::component(wasm)?;
        component::lower(wasm)?
    } else {
        if boundary == Boundary::Refuse {
            boundary::module(types.as_ref())?;
        }
        module::lower(wasm, &Plan::of(&[wasm])?)?
    };
    gate::check(&lowered.wasm)?;
    Ok(lowered)
}

/// Checks that no function with floats is called across the boundary of a core module, in a component and in the
/// components nested in it. Types that are only declared do not count.
///
/// # Errors
/// [`Refused`] with the function, or if the component cannot be read.
pub fn check_boundary(component: &[u8]) -> Result<(), Refused> {
    boundary::component(component)
}

/// Lowers core modules that will be linked with each other, and with other modules only as [`Boundary::AsBits`] says.
///
/// # Errors
/// [`Refused`] says why the program is not lowered.
pub fn lower_linked(modules: &[&[u8]]) -> Result<Vec<Lowered>, Refused> {
    for module in modules {
        features::accept(module)?;
        if !Parser::is_core_wasm(module) {
            return Err(Refused::Invalid("a component among core modules".to_owned()));
        }
    }
    let plan = Plan::of(modules)?;
    let lower = |module: &&[u8]| {
        let lowered = module::lower(module, &plan)?;
        gate::check(&lowered.wasm)?;
        Ok(lowered)
    };
    modules.iter().map(lower).collect()
}
