use super::analysis::{LOCAL_GET, Piece};
use super::{Callee, Function, LOCALS, Place, SMALL, SoftFloat};
use crate::operators::NAMES;
use wasm_encoder::{BlockType, Encode, Instruction};
use wasmparser::ValType;

/// Gives out as many locals of each type as are asked for.
#[derive(Default)]
struct Counting {
    words: u32,
    doubles: u32,
}

impl Place for Counting {
    fn local(&mut self, ty: ValType, n: u32) -> Option<u32> {
        let highest = if ty == ValType::I32 { &mut self.words } else { &mut self.doubles };
        *highest = (*highest).max(n + 1);
        Some(if ty == ValType::I32 { 1000 + n } else { 2000 + n })
    }
}

/// A module whose first functions are exported under all names but these, followed by this text.
fn with(names: &[&str], text: &str) -> Result<SoftFloat, String> {
    let others = NAMES.iter().filter(|name| !names.contains(name) && !name.ends_with("copysign"));
    let exports: String = others.map(|name| format!("(export \"{name}\")")).collect();
    SoftFloat::read(&wat::parse_str(format!("(module {text} (func {exports}))")).unwrap())
}

fn function<'s>(soft_float: &'s SoftFloat, name: &str) -> &'s Function {
    let operator = NAMES.iter().position(|other| *other == name).unwrap();
    soft_float.called(operator as u8).unwrap()
}

#[test]
fn the_embedded_ones_are_whole() {
    let soft_float = SoftFloat::embedded().unwrap();
    let mut place = Counting::default();
    let names = vec![Some(7); soft_float.functions.len()];
    for (operator, name) in (0..).zip(NAMES) {
        let (called, whole) = (soft_float.called(operator).unwrap(), soft_float.whole(operator).unwrap());
        assert_eq!(called.name, name.replacen('_', ".", 1));
        assert_eq!(called.ty, whole.ty);
        whole.in_place(&mut place, &names, &mut Vec::new()).unwrap();
        called.in_place(&mut place, &names, &mut Vec::new()).unwrap();
    }
    // The choice of sites relies on these properties.
    assert!(place.words + place.doubles < LOCALS, "{} {}", place.words, place.doubles);
}

#[test]
fn a_damaged_file_is_an_error() {
    assert!(SoftFloat::read(b"").is_err());
    assert!(SoftFloat::read(b"\0asm\x01\0\0\0\x01").is_err());
    assert_eq!(with(&["f64_mul"], "").unwrap_err(), "f64_mul is missing");
    assert!(with(&[], "(import \"soft-float\" \"other\" (func $f)) (func call $f)").unwrap_err().contains("other"));
    assert!(with(&[], "(import \"env\" \"memory\" (memory 1))").unwrap_err().contains("imported"));
}

#[test]
fn what_touches_the_module_is_refused_where_it_is_reached() {
    let memory = "(memory 1) (func $m (param i64) (result i64) (i64.load (i32.const 0)))";
    with(&[], memory).unwrap();
    let reached = format!(
        "{memory} (func (export \"f64_sqrt\") (param i64) (result i64) (i64.sub (call $m (local.get 0)) (i64.const 1)))"
    );
    let error = with(&["f64_sqrt"], &reached).unwrap_err();
    assert!(error.contains("m has I64Load"), "{error}");
}

#[test]
fn one_that_hands_on_stands_aside() {
    let text =
        "(func $inner (param i64 i64) (result i64) (i64.sub (local.get 1) (i64.add (local.get 0) (local.get 0))))
        (func (export \"f64_mul\") (param i64 i64) (result i64) (call $inner (local.get 0) (local.get 1)))
        (func (export \"f64_div\") (param i64 i64) (result i64) (call $inner (local.get 1) (local.get 0)))";
    let soft_float = with(&["f64_mul", "f64_div"], text).unwrap();
    assert_eq!(function(&soft_float, "f64_mul").callees().count(), 0);
    assert_eq!(function(&soft_float, "f64_div").callees().count(), 1);
}

#[test]
fn a_small_one_has_what_it_calls_inside_where_speed_matters() {
    let add = "(func $add (export \"f64_add\") (param i64 i64) (result i64) (local i64)
        (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
        (local.set 0 (i64.add (local.get 2) (i64.mul (local.get 0) (local.get 1)))) (local.get 0))";
    let sub = "(func (export \"f64_sub\") (param i64 i64) (result i64)
        (call $add (local.get 0) (i64.xor (local.get 1) (i64.const -1))))";
    let soft_float = with(&["f64_add", "f64_sub"], &format!("{add}{sub}")).unwrap();
    let operator = NAMES.iter().position(|name| *name == "f64_sub").unwrap() as u8;
    let (called, whole) = (soft_float.called(operator).unwrap(), soft_float.whole(operator).unwrap());
    assert!(called.size() <= SMALL && whole.size() > SMALL);
    assert_eq!((called.callees().count(), whole.callees().count()), (1, 0));
    let mut place = Counting::default();
    let mut out = Vec::new();
    whole.in_place(&mut place, &[], &mut out).unwrap();
    // Two parameters, two of the inner function and its local, which is zero at first.
    assert_eq!((place.words, place.doubles), (0, 5));
    assert!(whole.body.pieces.contains(&Piece::Local { opcode: LOCAL_GET, index: 4 }));
    assert_eq!(whole.body.zeroed, [] as [u32; 0]);
    assert_eq!(function(&soft_float, "f64_add").body.zeroed, [2]);
}

#[test]
fn in_place_a_local_becomes_zero_every_time() {
    let text = "(func (export \"f64_ceil\") (param i64) (result i64) (local i64) local.get 1)";
    let mut out = Vec::new();
    function(&with(&["f64_ceil"], text).unwrap(), "f64_ceil")
        .in_place(&mut Counting::default(), &[], &mut out)
        .unwrap();
    let mut expected = Vec::new();
    for instruction in [
        Instruction::LocalSet(2000),
        Instruction::I64Const(0),
        Instruction::LocalSet(2001),
        Instruction::Block(BlockType::Result(wasm_encoder::ValType::I64)),
        Instruction::LocalGet(2001),
        Instruction::End,
    ] {
        instruction.encode(&mut expected);
    }
    assert_eq!(out, expected);
}

#[test]
fn only_the_last_call_is_a_tail_call() {
    let text = "(func $rare (param i64) (result i64) (local.get 0))
        (func (export \"f64_floor\") (param i64) (result i64)
            (block (br_if 0 (i64.eqz (local.get 0))) (return (call $rare (local.get 0))))
            (if (result i64) (i64.eqz (call $rare (local.get 0)))
                (then (call $rare (i64.const 1)))
                (else (i64.add (i64.const 1) (call $rare (i64.const 2))))))";
    let soft_float = with(&["f64_floor"], text).unwrap();
    let tails: Vec<bool> = function(&soft_float, "f64_floor")
        .body
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Call { callee: Callee::Function(_), tail } => Some(*tail),
            _ => None,
        })
        .collect();
    // Code that ends in `else` is not analysed any further.
    assert_eq!(tails, [true, false, false, false]);
}

#[test]
fn a_local_is_zero_if_it_may_be_read_before_it_is_written() {
    let zeroed = |body: &str| {
        let text = format!("(func (export \"f64_ceil\") (param i64) (result i64) (local i64 i64) {body})");
        function(&with(&["f64_ceil"], &text).unwrap(), "f64_ceil").body.zeroed.clone()
    };
    assert_eq!(zeroed("local.get 1"), [1]);
    assert_eq!(zeroed("i64.const 1 local.set 1 local.get 1"), [] as [u32; 0]);
    assert_eq!(zeroed("(if (i64.eqz (local.get 0)) (then i64.const 1 local.set 1)) local.get 1"), [1]);
    assert_eq!(
        zeroed("i64.const 3 local.tee 2 drop (block i64.const 1 local.set 1 local.get 1 drop) local.get 2"),
        [] as [u32; 0]
    );
    assert_eq!(
        zeroed("(if (i64.eqz (local.get 0)) (then i64.const 1 local.set 2) (else local.get 2 drop)) local.get 0"),
        [2]
    );
}
