//! Components whose core modules pass floats to each other, before and after lowering.

use crate::{engine, trap};
use wasmstone_builder::operators;
use wasmstone_float_lowering::lower;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, Trap};

/// Functions, variables and tables with floats go from one module to another, and two modules are in components
/// inside the component. Its exports take the number of a case, and return bits.
const PROGRAM: &str = r#"(component
    (core module $library
        (type $binary (func (param f64 f64) (result f64)))
        (type $bits (func (param i64 i64) (result i64)))
        (type $single (func (param f32) (result f64 f32)))
        (table (export "table") 8 funcref)
        (elem (i32.const 0) $add $multiply $xor $split)
        (global (export "third") f64 (f64.const 0x1.5555555555555p-2))
        (global $sum (export "sum") (mut f32) (f32.const 0.5))
        (memory (export "memory") 1)
        (data (i32.const 8) "\18\2d\44\54\fb\21\09\40")
        (func $add (export "add") (type $binary) local.get 0 local.get 1 f64.add)
        (func $multiply (export "multiply") (type $binary) local.get 0 local.get 1 f64.mul)
        (func $xor (type $bits) local.get 0 local.get 1 i64.xor)
        (func $split (export "split") (type $single)
            local.get 0 f64.promote_f32 f64.sqrt
            local.get 0 global.get $sum f32.add global.set $sum global.get $sum))
    (core module $main
        (type $binary (func (param f64 f64) (result f64)))
        (type $bits (func (param i64 i64) (result i64)))
        (type $single (func (param f32) (result f64 f32)))
        (type $mixed (func (param f64 i64) (result f64)))
        (import "library" "table" (table $table 8 funcref))
        (import "library" "third" (global $third f64))
        (import "library" "sum" (global $sum (mut f32)))
        (import "library" "memory" (memory 1))
        (import "library" "add" (func $add (type $binary)))
        (import "library" "split" (func $split (type $single)))
        (func $second (param f32 f64) (result f64) local.get 1)
        (func (export "run") (param $case i32) (result i64) (local $kept f64)
            (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
                (br_table $0 $1 $2 $3 $4 $5 $6 $7 (local.get $case)))
                ;; 0: an imported function, an imported variable, another's memory.
                (return (i64.reinterpret_f64 (call $add (global.get $third) (f64.load (i32.const 8))))))
                ;; 1: the other's function by the table.
                (return (i64.reinterpret_f64 (call_indirect (type $binary)
                    (f64.const 1.1) (global.get $third) (i32.const 1)))))
                ;; 2: several results, and a variable that the other changed.
                (call $split (f32.const 2)) drop (local.set $kept)
                (global.set $sum (f32.div (global.get $sum) (f32.const 3)))
                (return (i64.reinterpret_f64 (f64.sub (local.get $kept) (f64.promote_f32 (global.get $sum))))))
                ;; 3: an integer function by the table, and the bits of floats.
                (return (call_indirect (type $bits)
                    (i64.reinterpret_f64 (f64.const 1)) (i64.const -1) (i32.const 2))))
                ;; 4: an integer function called as one of floats.
                (return (i64.reinterpret_f64 (call_indirect (type $binary)
                    (f64.const 1) (f64.const 2) (i32.const 2)))))
                ;; 5: a function of floats called as one of integers.
                (return (call_indirect (type $bits) (i64.const 1) (i64.const 2) (i32.const 0))))
                ;; 6: a function of floats called as one of floats and integers.
                (return (i64.reinterpret_f64 (call_indirect (type $mixed)
                    (f64.const 1) (i64.const 2) (i32.const 0)))))
            (if (result i64) (i32.eq (local.get $case) (i32.const 7))
                ;; 7: not a number.
                (then (i64.trunc_f64_s (f64.div (f64.const 0) (f64.const 0))))
                (else (if (result i64) (i32.eq (local.get $case) (i32.const 8))
                    ;; 8: too large.
                    (then (i64.extend_i32_u (i32.trunc_f32_u (f32.const 0x1p32))))
                    ;; 9: unreachable. 10: a product that is not a number, whose bits are always the same.
                    (else (if (result i64) (i32.eq (local.get $case) (i32.const 9))
                        (then unreachable)
                        (else (i64.reinterpret_f64 (f64.mul
                            (f64.reinterpret_i64 (i64.const 0xfff0000000000001)) (f64.const 1))))))))))
    )
    (core instance $library (instantiate $library))
    (component $inner
        (core module $m
            (func $half (param f64) (result f64) local.get 0 f64.const 0.5 f64.mul)
            (func (export "halved") (param i64) (result i64)
                local.get 0 f64.reinterpret_i64 call $half i64.reinterpret_f64))
        (core instance $i (instantiate $m))
        (func (export "halved") (param "bits" u64) (result u64) (canon lift (core func $i "halved"))))
    (component $outer
        (import "halved" (func $halved (param "bits" u64) (result u64)))
        (core func $halved' (canon lower (func $halved)))
        (core module $m
            (import "inner" "halved" (func $halved (param i64) (result i64)))
            (func (export "through") (param i32) (result i64)
                local.get 0 f64.convert_i32_s i64.reinterpret_f64 call $halved))
        (core instance $i (instantiate $m (with "inner" (instance (export "halved" (func $halved'))))))
        (func (export "through") (param "number" s32) (result u64) (canon lift (core func $i "through"))))
    (instance $inner (instantiate $inner))
    (instance $outer (instantiate $outer (with "halved" (func $inner "halved"))))
    (export "through" (func $outer "through"))
    (core instance $main (instantiate $main (with "library" (instance $library))))
    (func $run (param "case" u32) (result u64) (canon lift (core func $main "run")))
    (export "run" (func $run)))"#;

/// The result of a case, or its trap.
fn run(engine: &Engine, component: &Component, case: u32) -> Result<u64, String> {
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine).instantiate(&mut store, component).unwrap();
    let run = instance.get_typed_func::<(u32,), (u64,)>(&mut store, "run").unwrap();
    run.call(&mut store, (case,)).map(|(bits,)| bits).map_err(|error| match trap(&error) {
        Some(trap) => trap.to_string(),
        None => panic!("{error:?}"),
    })
}

#[test]
fn modules_hand_floats_to_each_other() {
    let wasm = wat::parse_str(PROGRAM).unwrap();
    let lowered = lower(&wasm).unwrap();
    assert!(!operators::scan(&wasm).unwrap().float.is_empty());
    assert!(operators::scan(&lowered.wasm).unwrap().float.is_empty());
    let (before, after) = (engine(false), engine(true));
    let original = Component::new(&before, &wasm).unwrap();
    let component = Component::new(&after, &lowered.wasm).unwrap();
    for case in 0..10 {
        let (expected, actual) = (run(&before, &original, case), run(&after, &component, case));
        assert_eq!(actual, expected, "case {case}");
        let traps = matches!(case, 4..=9);
        assert_eq!(actual.is_err(), traps, "case {case}: {actual:?}");
    }
    assert_eq!(run(&after, &component, 0), Ok((1.0 / 3.0 + std::f64::consts::PI).to_bits()));
    assert_eq!(run(&after, &component, 10), Ok(0x7ff8_0000_0000_0000));
    for trap in [4, 5, 6] {
        assert_eq!(run(&after, &component, trap), Err(Trap::BadSignature.to_string()));
    }
}

#[test]
fn a_component_in_a_component_is_lowered_too() {
    let lowered = lower(&wat::parse_str(PROGRAM).unwrap()).unwrap();
    let engine = engine(true);
    let component = Component::new(&engine, &lowered.wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let through = instance.get_typed_func::<(i32,), (u64,)>(&mut store, "through").unwrap();
    assert_eq!(through.call(&mut store, (-7,)).unwrap(), ((-3.5f64).to_bits(),));
}
