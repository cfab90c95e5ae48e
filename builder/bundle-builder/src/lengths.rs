//! Avoids a fault of Wasmtime 48 on riscv64 without vectors: the compiler panics at copies with a constant length of
//! at most 128 bytes, which every Rust program has (Wasmtime's issue 13959). An operation that does not change the
//! value is added to each length, so that it is not a constant any more.
//!
//! A test below compiles a program without this change; this file can be removed once that test fails.

use crate::rewrite;
use std::borrow::Cow;
use wasm_encoder::{Encode, Instruction};
use wasmparser::{BinaryReaderError, FunctionBody, Operator};
use wasmstone_float_lowering::Refused;

/// Changes the copies of constant length in the core modules of a program, nested ones included.
///
/// # Errors
/// If the component is not valid.
pub fn hide_constant_lengths(component: &[u8]) -> Result<Vec<u8>, Refused> {
    rewrite::rewrite_functions(component, &function)
}

fn function<'a>(module: &'a [u8], body: &FunctionBody<'_>) -> Result<Cow<'a, [u8]>, BinaryReaderError> {
    let range = body.range();
    let bytes = |range| module.get(range).unwrap_or_default();
    let (mut changed, mut copied) = (Vec::new(), range.start);
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, at) = operator?;
        let copies = matches!(
            operator,
            Operator::MemoryCopy { .. }
                | Operator::MemoryInit { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
        );
        if copies {
            changed.extend_from_slice(bytes(copied..at));
            Instruction::I32Const(0).encode(&mut changed);
            Instruction::I32Or.encode(&mut changed);
            copied = at;
        }
    }
    let rest = bytes(copied..range.end);
    Ok(if changed.is_empty() { rest.into() } else { [&changed, rest].concat().into() })
}

#[cfg(test)]
mod tests {
    use super::hide_constant_lengths;
    use crate::compile::{Settings, precompile};
    use wasmparser::Validator;
    use wasmstone_policy::{Memories, Target};

    const PROGRAM: &str = r#"(component
        (core module $m
            (import "m" "f" (func $imported))
            (memory (export "memory") 1)
            (table 4 funcref)
            (elem $e func $run)
            (data $d "twelve bytes")
            (func $run (export "run") (result i32)
                i32.const 0 i32.const 64 i32.const 16 memory.copy
                i32.const 0 i32.const 0 i32.const 12 memory.init $d
                i32.const 0 i32.const 0 i32.const 1 table.init $e
                i32.const 1 i32.const 0 i32.const 1 table.copy
                i32.const 0)
            (func (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill))
        (component (core module (memory 1)
            (func (param i32) local.get 0 i32.const 8 i32.const 100 memory.copy)))
        (core module (func))
        (core module $empty (func $f (export "f")))
        (core instance $e (instantiate $empty))
        (core instance $i (instantiate $m (with "m" (instance $e))))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.6" (instance $run)))"#;

    const RISCV64: Settings<'_> = Settings {
        target: Target::Riscv64,
        cpu_features: &[],
        hardware_float: false,
        memories: Memories::InPlace,
        simulated: false,
        lowered: false,
    };

    #[test]
    fn the_lengths_are_hidden_and_nothing_else_is_changed() {
        let before = wat::parse_str(PROGRAM).unwrap();
        let after = hide_constant_lengths(&before).unwrap();
        Validator::new_with_features(crate::proposals::SUPPORTED).validate_all(&after).unwrap();
        // Four copies in the first module, one in the nested one, three bytes each. The sizes of what
        // encloses them stay as short as they are.
        assert_eq!(after.len(), before.len() + 5 * 3);
        let plain = wat::parse_str("(component (core module (func i32.const 1 drop)))").unwrap();
        assert_eq!(hide_constant_lengths(&plain).unwrap(), plain);
    }

    #[test]
    fn a_program_with_hidden_lengths_compiles() {
        precompile(&wat::parse_str(PROGRAM).unwrap(), &RISCV64).unwrap();
    }

    #[test]
    fn wasmtime_still_needs_it() {
        let compiled = crate::compile::precompile_as_it_is(&wat::parse_str(PROGRAM).unwrap(), &RISCV64);
        assert!(compiled.is_err(), "Wasmtime copies constant lengths on riscv64 by now: remove builder/src/lengths.rs");
    }

    #[test]
    fn a_damaged_component_is_an_error() {
        let whole = wat::parse_str(PROGRAM).unwrap();
        assert!(hide_constant_lengths(&whole[..whole.len() - 1]).is_err());
    }
}
