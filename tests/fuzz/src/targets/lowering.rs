//! Lowering floats in arbitrary bytes that claim to be WebAssembly.

use crate::lowering::lowered;
use std::sync::LazyLock;
use wasmstone_float_lowering::Boundary;

const EVERYTHING: &str = include_str!("../../../../builder/float-lowering/tests/everything.wat");

const COMPONENT: &str = r#"(component
    (core module $a (func (export "half") (param f64) (result f64) local.get 0 f64.const 0.5 f64.mul)
        (table (export "table") 1 funcref) (global (export "one") f32 (f32.const 1)))
    (core module $b
        (import "a" "half" (func $half (param f64) (result f64)))
        (import "a" "table" (table 1 funcref))
        (import "a" "one" (global f32))
        (func (export "run") (param i64) (result i64)
            (i64.reinterpret_f64 (call $half (f64.reinterpret_i64 (local.get 0))))))
    (component $c (core module (func (param f64))) (type (func (param "x" (list f64)))))
    (core instance $a (instantiate $a))
    (core instance $b (instantiate $b (with "a" (instance $a))))
    (func (export "run") (param "bits" u64) (result u64) (canon lift (core func $b "run"))))"#;

static VALID: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [EVERYTHING, COMPONENT].map(|text| wat::parse_str(text).expect("a program")));

/// Reads arbitrary bytes.
pub fn run(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let wasm = crate::edited(&VALID[usize::from(which % 2)], rest);
    lowered(&wasm, Boundary::Refuse);
    lowered(&wasm, Boundary::AsBits);
}
