use super::{Operators, scan};

fn found(text: &str) -> Operators {
    scan(&wat::parse_str(text).unwrap()).unwrap()
}

#[test]
fn whatever_touches_a_float_is_found() {
    for text in [
        "(func $f f64.const 1 drop)",
        "(func $f (local f32))",
        "(func $f (param f64))",
        "(func $f (result f32) unreachable)",
        "(memory 1) (func $f (param i32) local.get 0 f32.load drop)",
        "(memory 1) (func $f (param i32) local.get 0 f64.const 0 f64.store)",
        "(func $f i32.const 0 f32.convert_i32_s drop)",
        "(func $f i32.const 0 f32.reinterpret_i32 i32.reinterpret_f32 drop)",
        "(global $g (mut f64) (f64.const 0)) (func $f global.get $g drop)",
        "(func $f (block (result f32) unreachable) unreachable)",
        "(import \"m\" \"g\" (func $g (result f32))) (func $f call $g drop)",
    ] {
        let found = found(&format!("(module {text})"));
        assert_eq!(found.float.first, ["f"], "{text}");
        assert!(found.vector.is_empty(), "{text}");
    }
}

#[test]
fn indirect_calls_count_by_their_type() {
    let text = "(module (type $t (func (result f64))) (table 1 funcref)
        (func $f i32.const 0 call_indirect (type $t) drop) (func $g i32.const 0 drop))";
    assert_eq!(found(text).float.first, ["f"]);
}

#[test]
fn what_is_only_declared_counts_once() {
    // The code that instantiates it copies the one variable to the other, in a floating-point register.
    let copied = "(module (import \"m\" \"g\" (global $g f64)) (global (mut f64) (global.get $g)) (func $clean))";
    assert_eq!(found(copied).float.first, ["global 0"]);
    assert_eq!(found("(module (type (func)) (type (func (param f64))))").float.first, ["type 1"]);
    assert_eq!(found("(module (global v128 (v128.const i64x2 0 0)))").vector.first, ["global 0"]);
}

#[test]
fn integers_alone_are_clean() {
    let text = "(module (memory 1) (global (mut i64) (i64.const 0))
        (func (param i32) (result i32) (local i64)
            local.get 0 i32.load i32.const 0x3f800000 i32.add i64.const 7 global.set 0)
        (func i32.const 0 i32.const 0 i32.const 0 memory.copy))";
    assert_eq!(found(text), Operators::default());
}

#[test]
fn vectors_are_no_floats_unless_they_hold_some() {
    let found = found(
        "(module (func $i (param v128) local.get 0 v128.not drop)
            (func $f (param v128) local.get 0 f32x4.abs drop)
            (func $r (param v128) local.get 0 local.get 0 i8x16.relaxed_swizzle drop))",
    );
    assert_eq!(found.vector.first, ["i", "f", "r"]);
    assert_eq!(found.float.first, ["f"]);
}

#[test]
fn nested_modules_are_looked_at_by_their_own_names() {
    let found = found(
        "(component
            (core module (func $clean) (func (export \"nameless\") f32.const 0 drop))
            (component (core module (func $deep (param f64)))))",
    );
    assert_eq!(found.float.count, 2);
    assert_eq!(found.float.to_string(), "function 1, deep");
}

#[test]
fn names_are_those_of_the_source() {
    let text = "(module (func $_ZN10mandelbrot4main17hb93d17a78e44bd13E (local f32)))";
    assert_eq!(found(text).float.first, ["mandelbrot::main"]);
}

#[test]
fn floats_that_components_hand_over_count() {
    let handed = r#"(component
        (core module $m (func (export "area") (param i32)))
        (core instance $i (instantiate $m))
        (import "area" (func $imported (param "x" f64)))
        (core func $lowered (canon lower (func $imported))))"#;
    assert_eq!(found(handed).float.first, ["area"]);
    // What is only declared is not there.
    let declared = "(component (type (func (param \"x\" (list f64)))) (type (record (field \"f32\" u32))))";
    assert_eq!(found(declared), Operators::default());
}

#[test]
fn the_first_are_named_and_all_are_counted() {
    let functions: String = (0..7).map(|index| format!("(func $f{index} (param f32))")).collect();
    assert_eq!(found(&format!("(module {functions})")).float.to_string(), "f0, f1, f2 and 4 more");
}
