use super::{Plan, dummies};
use wasmparser::{Parser, Payload, ValType};

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

/// The unused parameters of each type of each module.
fn planned(texts: &[&str]) -> Vec<Vec<Vec<ValType>>> {
    let modules: Vec<Vec<u8>> = texts.iter().map(|text| wat::parse_str(text).unwrap()).collect();
    let plan = Plan::of(&modules.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    modules.iter().map(|module| dummies_of(&plan, module)).collect()
}

fn dummies_of(plan: &Plan, module: &[u8]) -> Vec<Vec<ValType>> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::TypeSection(section) = payload.unwrap() {
            return plan.signatures(section).unwrap().into_iter().map(|signature| signature.dummies).collect();
        }
    }
    Vec::new()
}

#[test]
fn sequences_come_in_order() {
    let first: Vec<_> = (0..7).map(dummies).collect();
    assert_eq!(first, [vec![], vec![I32], vec![I64], vec![I32, I32], vec![I32, I64], vec![I64, I32], vec![I64, I64]]);
    assert_eq!(dummies(u32::MAX).len(), 32);
}

#[test]
fn only_what_would_become_the_same_is_changed() {
    let types = "(module
        (type (func (param f64)))
        (type (func (param f32)))
        (type (func (param i32)))
        (type (func (param i32 i32)))
        (type (func (param i64 f32) (result f64)))
        (type (func (param i32))))";
    let none = Vec::new();
    // The sequence after `i32` is taken, by a type that has no floats itself.
    assert_eq!(planned(&[types]), [vec![none.clone(), vec![I64], none.clone(), none.clone(), none.clone(), none]]);
}

#[test]
fn all_modules_of_a_program_are_looked_at() {
    let float = "(module (type (func (param f64))))";
    let integer = "(module (type (func)) (type (func (param i64))))";
    assert_eq!(planned(&[float]), [vec![vec![]]]);
    assert_eq!(planned(&[float, integer]), [vec![vec![I32]], vec![vec![], vec![]]]);
    assert_eq!(planned(&[integer, float]), [vec![vec![], vec![]], vec![vec![I32]]]);
}

#[test]
fn types_are_the_same_in_all_modules_wherever_they_are() {
    let one = "(module
        (type $f (func (param f32))) (type $i (func (param i32)))
        (type (func (param (ref null $f) f32))) (type (func (param (ref null $i) i32))) (type (func (param (ref $f) i32))))";
    let other = "(module
        (type $x (func)) (type $i (func (param i32))) (type (func (param (ref null $i) i32)))
        (type $f (func (param f32))) (type (func (param (ref null $f) f32))))";
    let planned = planned(&[one, other]);
    // References to types that are kept distinct are distinct already.
    assert_eq!(planned[0], [vec![I32], vec![], vec![], vec![], vec![]]);
    assert_eq!(planned[1], [vec![], vec![], vec![], vec![I32], vec![]]);
}

#[test]
fn many_types_of_one_form_are_kept_apart_in_good_time() {
    let mut text = String::from("(module");
    for number in 0..1 << 14 {
        let parameters = (0..14).map(|bit| if number >> bit & 1 == 0 { " i32" } else { " f32" });
        text += &format!("(type (func (param{})))", parameters.collect::<String>());
    }
    let mut planned = planned(&[&(text + ")")]).remove(0);
    planned.sort();
    planned.dedup();
    assert_eq!(planned.len(), 1 << 14);
}

#[test]
fn a_type_without_room_is_refused() {
    let parameters = "f32 ".repeat(1000);
    let text =
        format!("(module (type (func (param {parameters}))) (type (func (param {}))))", parameters.replace('f', "i"));
    let error = Plan::of(&[&wat::parse_str(text).unwrap()]).unwrap_err();
    assert!(error.to_string().contains("1000 parameters"), "{error}");
}
