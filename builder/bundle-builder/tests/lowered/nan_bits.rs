//! What a program that reads the bits of a NaN sees once its floats are lowered.

use crate::engine;
use wasmstone_float_lowering::{Boundary, lower_with};
use wasmtime::{Instance, Module, Store};

/// A signalling, negative NaN with a payload, of each width.
const NAN: [u64; 2] = [0xff80_0123, 0xfff0_0000_0000_0123];
const CANONICAL: [u64; 2] = [0x7fc0_0000, 0x7ff8_0000_0000_0000];
const SIGN: [u64; 2] = [0x8000_0000, 0x8000_0000_0000_0000];

/// Operators of one operand and of two, `f` for the width: they compute their results.
const COMPUTED: [&str; 19] = [
    "(f.ceil (local.get 0))",
    "(f.floor (local.get 0))",
    "(f.trunc (local.get 0))",
    "(f.nearest (local.get 0))",
    "(f.sqrt (local.get 0))",
    "(f.add (local.get 0) (f.const 1))",
    "(f.add (f.const 1) (local.get 0))",
    "(f.sub (local.get 0) (f.const 0))",
    "(f.mul (local.get 0) (f.const 1))",
    "(f.div (local.get 0) (f.const 1))",
    "(f.div (f.const 1) (local.get 0))",
    "(f.min (local.get 0) (f.const 1))",
    "(f.max (f.const 1) (local.get 0))",
    "(f.add (local.get 0) (local.get 0))",
    "(f.div (f.const 0) (f.const 0))",
    "(f.sub (f.const inf) (f.const inf))",
    "(f.mul (f.const -inf) (f.const 0))",
    "(f.sqrt (f.const -1))",
    "(f.min (f.const -nan:0x1) (f.const -nan:0x2))",
];

/// Operators that only move a value.
const MOVED: [&str; 8] = [
    "(local.get 0)",
    "(select (local.get 0) (f.const 1) (i32.const 1))",
    "(select (result f) (f.const 1) (local.get 0) (i32.const 0))",
    "(call $moved (local.get 0))",
    "(block (f.store (i32.const 8) (local.get 0))) (f.load (i32.const 8))",
    "(block (global.set $g (local.get 0))) (global.get $g)",
    "(f.reinterpret_i (i.reinterpret_f (local.get 0)))",
    "(block (result f) (loop (result f) (br 1 (local.get 0))))",
];

fn result(expression: &str, width: usize) -> u64 {
    let (float, integer) = [("f32", "i32"), ("f64", "i64")][width];
    let text = format!(
        "(module (memory 1) (global $g (mut f) (f.const 0))
            (func $moved (param f) (result f) local.get 0)
            (func (export \"run\") (param f) (result f) {expression}))"
    );
    let text = text.replace("(f.", &format!("({float}.")).replace("(i.", &format!("({integer}."));
    let text = text.replace(" f)", &format!(" {float})")).replace("_f ", &format!("_{float} "));
    let text = text.replace("_i ", &format!("_{integer} "));
    let lowered = lower_with(&wat::parse_str(&text).expect(&text), Boundary::AsBits).unwrap();
    let engine = engine(true);
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, lowered.wasm).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    if width == 0 {
        let run = instance.get_typed_func::<u32, u32>(&mut store, "run").unwrap();
        u64::from(run.call(&mut store, NAN[0] as u32).unwrap())
    } else {
        let run = instance.get_typed_func::<u64, u64>(&mut store, "run").unwrap();
        run.call(&mut store, NAN[1]).unwrap()
    }
}

#[test]
fn what_is_computed_is_canonical_and_positive() {
    for width in [0, 1] {
        for expression in COMPUTED {
            assert_eq!(result(expression, width), CANONICAL[width], "{expression} of width {width}");
        }
    }
    let widened = "(f64.promote_f32 (f32.demote_f64 (local.get 0)))";
    assert_eq!(result(widened, 1), CANONICAL[1]);
    assert_eq!(result("(f32.demote_f64 (f64.promote_f32 (local.get 0)))", 0), CANONICAL[0]);
}

#[test]
fn what_is_only_moved_keeps_its_bits() {
    for width in [0, 1] {
        for expression in MOVED {
            assert_eq!(result(expression, width), NAN[width], "{expression} of width {width}");
        }
        let positive = NAN[width] & !SIGN[width];
        assert_eq!(result("(f.abs (local.get 0))", width), positive);
        assert_eq!(result("(f.neg (local.get 0))", width), positive);
        assert_eq!(result("(f.neg (f.neg (local.get 0)))", width), NAN[width]);
        assert_eq!(result("(f.copysign (local.get 0) (f.const 1))", width), positive);
        let signed = result("(f.copysign (f.const 1) (local.get 0))", width);
        assert_eq!(signed, [0xbf80_0000, 0xbff0_0000_0000_0000][width]);
    }
}
