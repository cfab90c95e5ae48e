//! Lowered programs, run by the engine: they behave as they did with floats.

mod components;
mod modules;
mod nan_bits;
mod specification;

use wasmstone_builder::{Settings, config};
use wasmstone_policy::{Memories, Target};
use wasmtime::{Engine, Error, Trap, WasmBacktrace};

/// The function in which a failing truncation ends.
const INVALID_CONVERSION: &str = "wasmstone:invalid-conversion-to-integer";

/// The enclave's engine, for this machine, for unchanged or for lowered programs.
fn engine(lowered: bool) -> Engine {
    let settings = Settings {
        target: Target::host().expect("the tests run where there is machine code"),
        cpu_features: &[],
        hardware_float: false,
        memories: Memories::Moving,
        simulated: true,
        lowered,
    };
    Engine::new(&config(&settings).unwrap()).unwrap()
}

/// The trap that a program meant, if it ended with one.
fn trap(error: &Error) -> Option<Trap> {
    let innermost = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first());
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached)
            if innermost.and_then(|frame| frame.func_name()) == Some(INVALID_CONVERSION) =>
        {
            Some(Trap::BadConversionToInteger)
        }
        trap => trap.copied(),
    }
}
