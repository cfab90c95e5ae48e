use super::fold_program;
use crate::operators::scan;
use crate::proposals::SUPPORTED;
use wasmparser::{Operator, Parser, Payload, Validator};

/// The calls in each function that is left of a component around this module.
fn left(module: &str) -> Vec<Vec<u32>> {
    let component = wat::parse_str(format!("(component (core module {module}))")).unwrap();
    let folded = fold_program(&component).unwrap();
    Validator::new_with_features(SUPPORTED).validate_all(&folded).unwrap();
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(&folded) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            let operators = body.get_operators_reader().unwrap().into_iter();
            let called = operators.filter_map(|operator| match operator.unwrap() {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => Some(function_index),
                Operator::RefFunc { function_index } => Some(100 + function_index),
                _ => None,
            });
            functions.push(called.collect());
        }
    }
    functions
}

#[test]
fn what_is_there_twice_is_left_once() {
    let text = r#"(import "m" "f" (func $imported))
        (func $a (param i32) (result i32) local.get 0 i32.const 1 i32.add)
        (func $b (param i32) (result i32) local.get 0 i32.const 1 i32.add)
        (func $c (param i32) (result i32) local.get 0 i32.const 2 i32.add)
        (func (export "run") call $imported i32.const 1 call $a call $b call $c drop)"#;
    assert_eq!(left(text), [vec![], vec![], vec![0, 1, 1, 2]]);
}

#[test]
fn callers_of_the_same_are_the_same() {
    let text = r#"(func $a nop) (func $b nop)
        (func $calls_a call $a) (func $calls_b call $b)
        (func $further_a call $calls_a) (func $further_b return_call $calls_b) (func $further_c call $calls_b)
        (func (export "run") call $further_a call $further_b call $further_c)"#;
    assert_eq!(left(text), [vec![], vec![0], vec![1], vec![1], vec![2, 3, 2]]);
}

#[test]
fn types_locals_and_references_keep_functions_apart() {
    let text = r#"(type $t (func)) (type $u (func (param i32)))
        (func $a) (func $b (param i32)) (func $c (local i32)) (func $d) (func $e)
        (table funcref (elem $d))
        (elem declare func $e)
        (func (export "run") call $a i32.const 0 call $b call $c ref.func $e drop i32.const 0 call_indirect)"#;
    // $d and $e are $a, and what refers to them is valid all the same.
    assert_eq!(left(text), [vec![], vec![], vec![], vec![0, 1, 2, 100]]);
}

#[test]
fn recursion_is_the_same_as_recursion() {
    let text = r#"(func $a (param i32) local.get 0 call $a) (func $b (param i32) local.get 0 call $b)
        (func $even (param i32) local.get 0 call $odd) (func $odd (param i32) local.get 0 call $even)
        (func (export "run") i32.const 1 call $a i32.const 1 call $b i32.const 1 call $even)"#;
    assert_eq!(left(text), [vec![0], vec![2], vec![1], vec![0, 0, 1]]);
}

#[test]
fn what_nobody_calls_is_left_out() {
    let text = r#"(func $dead nop call $deeper) (func $deeper i32.const 7 drop)
        (func $start (export "one") i32.const 1 drop) (start $begins) (func $begins i32.const 2 drop)
        (global $g funcref (ref.func $kept)) (func $kept i32.const 3 drop)
        (func $last (export "other") call $start)"#;
    assert_eq!(left(text), [vec![], vec![], vec![], vec![0]]);
}

#[test]
fn a_program_without_such_functions_is_not_changed() {
    let component = wat::parse_str(
        r#"(component (core module (@custom "kept" "as it is") (func (export "f") nop) (func (export "g")))
            (component (core module (func (export "f") i32.const 1 drop))))"#,
    )
    .unwrap();
    assert_eq!(fold_program(&component).unwrap(), component);
}

#[test]
fn names_stay_with_their_functions() {
    let component = wat::parse_str(
        r#"(component (component (core module $m (func $dead) (func $first (param f64)) (func $second (param f64))
            (func $third (param f32))
            (func (export "run") f64.const 0 call $first f64.const 0 call $second f32.const 0 call $third))))"#,
    )
    .unwrap();
    assert_eq!(scan(&fold_program(&component).unwrap()).unwrap().float.first, ["first", "third", "function 2"]);
}

#[test]
fn a_damaged_component_is_an_error() {
    let whole = wat::parse_str(r#"(component (core module (func nop) (func (export "f") call 0)))"#).unwrap();
    for end in 8..whole.len() {
        // Cut between sections of the component it is whole, and has no module.
        if let Ok(folded) = fold_program(&whole[..end]) {
            assert_eq!(folded.len(), 8);
        }
    }
    let unknown = r#"(component (core module (func) (func (export "f") call 7)))"#;
    let unknown = fold_program(&wat::parse_str(unknown).unwrap());
    assert!(unknown.is_err() || Validator::new_with_features(SUPPORTED).validate_all(&unknown.unwrap()).is_err());
}
