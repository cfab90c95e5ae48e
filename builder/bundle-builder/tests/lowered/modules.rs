//! Core modules with floats compute the same after lowering: the same results to the bit, the same traps, the same
//! memory and variables. The original runs with the processor's own floats.

mod both;
mod operators;

use both::Both;
use wasmstone_float_lowering::{Boundary, lower_with};
use wasmtime::Val;

fn both(text: &str) -> Both {
    Both::of(&[text])
}

fn f32(value: f32) -> Val {
    Val::F32(value.to_bits())
}

fn f64(value: f64) -> Val {
    Val::F64(value.to_bits())
}

#[test]
fn loads_stores_variables_and_constants() {
    let mut both = both(
        "(module
            (memory (export \"one\") 1) (memory $other (export \"other\") 1)
            (data (i32.const 16) \"\\00\\00\\80\\3f\\00\\00\\00\\00\\00\\00\\f0\\3f\")
            (data $passive \"\\00\\00\\00\\00\\00\\00\\04\\40\")
            (global (export \"f\") (mut f32) (f32.const -0x1.8p-3))
            (global $g (export \"g\") (mut f64) (f64.const nan:0x8000000001234))
            (global $c f64 (f64.const inf))
            (global $i i32 (i32.add (i32.const 8) (i32.mul (i32.const 2) (i32.const 4))))
            (func (export \"run\") (param f32 f64) (result f64 f32 f64)
                (memory.init $passive (i32.const 64) (i32.const 0) (i32.const 8))
                (f32.store offset=100 (global.get $i) (local.get 0))
                (f64.store $other offset=3 align=1 (i32.const 5) (local.get 1))
                (f64.store (i32.const 200) (f64.load align=2 (i32.const 64)))
                (global.set 0 (f32.load (i32.const 16)))
                (global.set $g (f64.const -nan:0x4000000000001))
                (f64.load (i32.const 20))
                (f32.load offset=100 (global.get $i))
                (f64.copysign (f64.load $other offset=3 (i32.const 5)) (global.get $c)))
            (func (export \"beyond\") (result f64) (f64.load (i32.const 65529)))
            (func (export \"variable\") (result f64) (global.get $g)))",
    );
    both.call("variable", &[]);
    both.call("run", &[f32(-2.75), f64(-1e300)]);
    both.call("variable", &[]);
    assert!(both.call("beyond", &[]).contains("out of bounds memory access"));
}

#[test]
fn blocks_branches_and_selects() {
    let mut both = both(
        "(module
            (type $two (func (param f64 i32) (result i32 f64)))
            ;; The same without floats, so that the one above is kept apart.
            (type $other (func (param i64 i32) (result i32 i64)))
            (func $as_two (type $two) local.get 1 local.get 0)
            (func $as_other (type $other) local.get 1 local.get 0)
            (table funcref (elem $as_two $as_other))
            (func (export \"blocks\") (param f64 i32) (result f64) (local f64)
                local.get 0 local.get 1
                block (type $two)
                    loop (type $two)
                        local.set 1 f64.const 3 f64.mul local.get 1
                        local.get 1
                        if (type $two)
                            i32.const 1 i32.sub local.set 1 local.set 2 local.get 1 local.get 2
                        else
                            local.set 1 f64.neg local.set 2 local.get 1 local.get 2
                        end
                        local.get 1 i32.const 0 i32.lt_s br_if 1
                        local.set 2 local.set 1 local.get 2 local.get 1
                        local.get 1 i32.const 0 i32.gt_s br_if 0
                        local.set 1 local.set 2 local.get 1 local.get 2
                    end
                end
                local.set 2 drop local.get 2)
            (func (export \"table\") (param i32 f64) (result f64)
                (block $a (result f64) (block $b (result f64) (block $c (result f64)
                    local.get 1 local.get 0 br_table $a $b $c)
                    f64.const 1 f64.add)
                    f64.const 2 f64.mul)
                f64.const 4 f64.div)
            (func (export \"select\") (param i32 f32 f32) (result f32 f32)
                (select (local.get 1) (local.get 2) (local.get 0))
                (select (result f32) (local.get 2) (local.get 1) (local.get 0)))
            (func (export \"dead\") (param f64) (result f64)
                (block (result f64) (br 0 (local.get 0)) f64.add f64.sqrt i64.reinterpret_f64 f64.reinterpret_i64
                    f64.copysign i32.trunc_f64_s drop select f64.neg))
            (func (export \"indirect\") (param i32) (result i32 f64)
                (call_indirect (type $two) (f64.const 2.5) (i32.const 9) (local.get 0))))",
    );
    for first in [-3, 0, 1, 2, 5] {
        both.call("blocks", &[f64(1.25), Val::I32(first)]);
        both.call("table", &[Val::I32(first), f64(0.1)]);
        both.call("select", &[Val::I32(first), f32(1.0), f32(f32::NAN)]);
    }
    both.call("dead", &[f64(7.0)]);
    assert_eq!(both.call("indirect", &[Val::I32(0)]), "[I32(9), I64(4612811918334230528)]");
    assert!(both.call("indirect", &[Val::I32(1)]).contains("indirect call type mismatch"));
}

#[test]
fn types_that_differ_in_floats_alone_are_kept_apart() {
    let types = ["f32", "i32", "f64", "i64"];
    let mut text = String::from("(module (table 16 funcref) ");
    for (number, (one, other)) in types.iter().flat_map(|one| types.map(|other| (*one, other))).enumerate() {
        text += &format!(
            "(type $t{number} (func (param {one}) (result {other})))
             (func $f{number} (type $t{number}) {other}.const {number}) (elem (i32.const {number}) $f{number})
             (func (export \"call{number}\") (param i32) (result {other})
                (call_indirect (type $t{number}) ({one}.const 3) (local.get 0)))
             (func (export \"tail{number}\") (param i32) (result {other})
                (return_call_indirect (type $t{number}) ({one}.const 3) (local.get 0)))
             (func (export \"ref{number}\") (result {other})
                (call_ref $t{number} ({one}.const 3) (ref.func $f{number})))
             (func (export \"tailref{number}\") (result {other})
                (return_call_ref $t{number} ({one}.const 3) (ref.func $f{number})))
             (func (export \"direct{number}\") (result {other}) (call $f{number} ({one}.const 3)))
             (func (export \"taildirect{number}\") (result {other}) (return_call $f{number} ({one}.const 3)))"
        );
    }
    let mut both = both(&(text + ")"));
    let mut right = 0;
    for one in 0..16 {
        for other in 0..16 {
            for name in ["call", "tail"] {
                let end = both.call(&format!("{name}{one}"), &[Val::I32(other)]);
                right += u32::from(end.starts_with('['));
                assert_eq!(end.starts_with('['), one == other, "{end}");
            }
        }
        for name in ["ref", "tailref", "direct", "taildirect"] {
            both.call(&format!("{name}{one}"), &[]);
        }
    }
    assert_eq!(right, 32);
}

#[test]
fn functions_with_kept_apart_types_find_their_locals() {
    let mut both = both(
        "(module
            (type $f (func (param f64 i32) (result f64))) (type $i (func (param i64 i32) (result i64)))
            (type $returns (func (param i32) (result (ref null $f))))
            (func $integer (type $i) (local i64) local.get 0 local.tee 2)
            (elem declare func $float)
            (func $float (export \"float\") (type $f) (local i64 f32 f64)
                (local.set 2 (i64.extend_i32_s (local.get 1)))
                (local.set 3 (f32.convert_i64_s (local.get 2)))
                (local.set 4 (f64.add (local.get 0) (f64.promote_f32 (local.get 3))))
                (if (local.get 1) (then (return_call $float (local.get 4) (i32.sub (local.get 1) (i32.const 1)))))
                local.get 4)
            (func $choose (type $returns) (ref.func $float))
            (table $typed 2 (ref null $f))
            (func (export \"through\") (param i32) (result f64)
                (table.set $typed (i32.const 1) (ref.func $float))
                (call_ref $f (f64.const 0.5) (i32.const 3) (call $choose (local.get 0)))
                (drop) (call_ref $f (f64.const 0.25) (i32.const 2) (table.get $typed (local.get 0)))))",
    );
    both.call("float", &[f64(0.125), Val::I32(10)]);
    both.call("through", &[Val::I32(1)]);
    assert!(both.call("through", &[Val::I32(0)]).contains("null reference"));
}

#[test]
fn modules_of_one_program_agree() {
    let mut both = Both::of(&[
        "(module
            (type $f (func (param f64) (result f64)))
            (global (export \"g\") (mut f64) (f64.const 1.5))
            (global (export \"c\") f32 (f32.const 2.5))
            (table (export \"t\") 4 funcref)
            (func (export \"half\") (type $f) (f64.mul (local.get 0) (f64.const 0.5)))
            (func $id (param i64) (result i64) (local.get 0))
            (elem (i32.const 1) func $id 0))",
        // Here the type without floats comes first, and others are between.
        "(module
            (type $i (func (param i64) (result i64)))
            (type $other (func (param f32 i32) (result f64)))
            (type $f (func (param f64) (result f64)))
            (import \"m0\" \"half\" (func $half (type $f)))
            (import \"m0\" \"g\" (global $g (mut f64)))
            (import \"m0\" \"c\" (global $c f32))
            (import \"m0\" \"t\" (table $t 4 funcref))
            (global (export \"copy\") f32 (global.get $c))
            (elem (i32.const 3) func $half)
            (func (export \"run\") (param f64) (result f64)
                (global.set $g (f64.add (global.get $g) (call $half (local.get 0)))) (global.get $g))
            (func (export \"indirect\") (param i32) (result f64)
                (call_indirect $t (type $f) (f64.const 8) (local.get 0)))
            (func (export \"integer\") (param i32) (result i64)
                (call_indirect $t (type $i) (i64.const 8) (local.get 0))))",
    ]);
    both.call("run", &[f64(3.0)]);
    for index in 0..5 {
        both.call("indirect", &[Val::I32(index)]);
        both.call("integer", &[Val::I32(index)]);
    }
}

#[test]
fn a_function_with_as_many_locals_as_there_may_be() {
    let locals = "f64 ".repeat(49_997);
    let mut both = both(&format!(
        "(module (func (export \"run\") (param f64 f64) (result f64) (local i32 {locals})
            (loop $l
                (local.set 49999 (f64.add (local.get 49999) (f64.mul (local.get 0) (local.get 1))))
                (local.set 40000 (f64.copysign (local.get 49999) (local.get 1)))
                (br_if $l (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 9))))
            local.get 40000))"
    ));
    both.call("run", &[f64(1.5), f64(-0.1)]);
}

#[test]
fn references_and_selects_of_them_stay() {
    let mut both = both(
        "(module
            (table $t 3 funcref)
            (elem $s func $one $two)
            (func $one (param f32) (result f32) (f32.sqrt (local.get 0)))
            (func $two (param f32) (result f32) (f32.neg (local.get 0)))
            (func (export \"run\") (param i32 f32) (result f32)
                (table.init $t $s (i32.const 0) (i32.const 0) (i32.const 2))
                (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 2))
                (table.set $t (i32.const 0)
                    (select (result funcref) (ref.func $one) (ref.null func) (local.get 0)))
                (call_indirect $t (param f32) (result f32) (local.get 1) (local.get 0))))",
    );
    for index in 0..4 {
        both.call("run", &[Val::I32(index), f32(2.0)]);
    }
}

#[test]
fn a_module_without_floats_stays_as_it_is() {
    let wasm = wat::parse_str("(module (func (export \"f\") (param i64) (result i64) (local.get 0)))").unwrap();
    assert_eq!(lower_with(&wasm, Boundary::AsBits).unwrap().wasm, wasm);
}
