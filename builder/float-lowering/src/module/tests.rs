use crate::{Boundary, Lowered, gate, lower_linked, lower_with};
use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Operator, Parser, Payload};

fn lowered(text: &str) -> Lowered {
    lower_with(&wat::parse_str(text).unwrap(), Boundary::AsBits).unwrap()
}

/// The sections of a module by their numbers, and its bodies.
fn parts(wasm: &[u8]) -> (BTreeMap<u8, Vec<u8>>, Vec<Vec<u8>>) {
    let (mut sections, mut bodies) = (BTreeMap::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.unwrap();
        if let Some((id, range)) = payload.as_section() {
            sections.insert(id, wasm[range].to_vec());
        }
        if let Payload::CodeSectionEntry(body) = payload {
            bodies.push(body.as_bytes().to_vec());
        }
    }
    (sections, bodies)
}

fn names(wasm: &[u8]) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload.unwrap()
            && let KnownCustom::Name(section) = section.as_known()
        {
            for name in section {
                if let Name::Function(functions) = name.unwrap() {
                    names.extend(functions.into_iter().map(|it| it.unwrap()).map(|it| (it.index, it.name.to_owned())));
                }
            }
        }
    }
    names
}

fn operators(body: &[u8]) -> Vec<String> {
    let body = wasmparser::FunctionBody::new(wasmparser::BinaryReader::new(body, 0));
    body.get_operators_reader().unwrap().into_iter().map(|it| format!("{:?}", it.unwrap())).collect()
}

const MIXED: &str = "(module $mixed
    (import \"a\" \"f\" (func $imported (param f32)))
    (import \"a\" \"a name that ends in \\7d\\00 \\7c\" (global f64))
    (memory (export \"memory\") 1)
    (table $t 2 funcref)
    (global $g (mut i64) (i64.const 5))
    (func $integer (export \"integer\") (param i32) (result i32) (local i64)
        (i32.store (i32.const 0) (local.get 0)) (local.set 1 (i64.const 3)) (call $later (local.get 0)))
    (func $float (param f64) (result f64) (f64.mul (local.get 0) (f64.const 2)))
    (func $later (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (start $s) (func $s)
    (elem (table $t) (i32.const 0) func $float $later)
    (data \"passive\") (data (i32.const 0) \"active\")
    (@custom \"mine\" \"1234\") (@custom \".debug_info\" \"1234\"))";

#[test]
fn indices_and_integer_functions_stay() {
    let wasm = wat::parse_str(MIXED).unwrap();
    let after = lowered(MIXED);
    let ((before, bodies), (now, new)) = (parts(&wasm), parts(&after.wasm));
    assert_eq!((after.operators, after.functions), (2, 1));
    assert_eq!((&new[0], &new[2], &new[3]), (&bodies[0], &bodies[2], &bodies[3]));
    assert_ne!(new[1], bodies[1]);
    // Tables, memories, exports, the start, elements, the number of segments, data.
    for section in [4, 5, 7, 8, 9, 11] {
        assert_eq!(now.get(&section), before.get(&section), "section {section}");
    }
    let names = names(&after.wasm);
    assert_eq!(names[&1], "integer");
    let added: Vec<_> = names.range(5..).collect();
    assert!(added.iter().any(|(_, name)| *name == "f64.mul"), "{added:?}");
    assert_eq!(new.len(), 4 + added.len());
}

#[test]
fn custom_sections_stay_but_for_places_in_the_code() {
    let mut custom = Vec::new();
    for payload in Parser::new(0).parse_all(&lowered(MIXED).wasm) {
        if let Payload::CustomSection(section) = payload.unwrap() {
            custom.push((section.name().to_owned(), section.data().len()));
        }
    }
    assert_eq!(custom[0], ("mine".to_owned(), 4));
    assert_eq!(custom[1].0, "name");
    assert_eq!(custom.len(), 2);
}

#[test]
fn imported_variables_change_their_types_alone() {
    let after = lowered(MIXED).wasm;
    let imports: Vec<String> = Parser::new(0)
        .parse_all(&after)
        .filter_map(|payload| match payload.unwrap() {
            Payload::ImportSection(section) => Some(section),
            _ => None,
        })
        .flat_map(|section| section.into_imports().map(|it| format!("{:?}", it.unwrap())).collect::<Vec<_>>())
        .collect();
    assert!(imports[1].contains("a name that ends in }\\0 |"), "{imports:?}");
    assert!(imports[1].contains("I64"), "{imports:?}");
}

#[test]
fn integer_operators_beside_floats_keep_their_bytes() {
    // A constant and an index in more bytes than are needed.
    let long = [0x41, 0x85, 0x80, 0x80, 0x00, 0x1a, 0x20, 0x80, 0x00, 0x1a];
    let mut body = vec![0x00];
    body.extend(long);
    body.extend([0x43, 0, 0, 0x80, 0x3f, 0x1a, 0x0b]);
    let mut wasm = b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\x00\x03\x02\x01\x00\x0a".to_vec();
    wasm.extend([body.len() as u8 + 2, 1, body.len() as u8]);
    wasm.extend(&body);
    let after = lower_with(&wasm, Boundary::AsBits).unwrap();
    let (_, bodies) = parts(&after.wasm);
    assert_eq!(bodies.len(), 1);
    assert_eq!(&bodies[0][1..=long.len()], long);
    assert_eq!(operators(&bodies[0])[4], format!("{:?}", Operator::I32Const { value: 0x3f80_0000 }));
}

#[test]
fn what_has_no_floats_is_not_touched() {
    let text = "(module (type $unused (func (param i32))) (func $f (param i64)) (@custom \".debug_info\" \"12\"))";
    let wasm = wat::parse_str(text).unwrap();
    let after = lowered(text);
    assert_eq!((after.wasm, after.operators, after.functions, after.inlined), (wasm, 0, 0, 0));
}

#[test]
fn an_unused_type_and_a_variable_alone_are_lowered() {
    for text in [
        "(module (type (func (param f32))))",
        "(module (global f64 (f64.const 1)))",
        "(module (import \"a\" \"g\" (global f32)))",
        "(module (func (local f32)))",
        "(module (func (result i32) i32.const 0 (block (result f32) unreachable) drop))",
    ] {
        let after = lowered(text);
        gate::check(&after.wasm).unwrap();
        assert_ne!(after.wasm, wat::parse_str(text).unwrap(), "{text}");
    }
}

#[test]
fn only_functions_that_are_used_are_added() {
    let (_, bodies) = parts(&lowered("(module (func (param f32) (result f32) local.get 0 f32.neg f32.abs))").wasm);
    assert_eq!(bodies.len(), 1);
    let one = lowered("(module (func (param f32) (result i32) local.get 0 i32.trunc_f32_s))").wasm;
    assert!(names(&one).values().any(|name| name == "wasmstone:invalid-conversion-to-integer"), "{:?}", names(&one));
    let other = lowered("(module (func (param f64) (result f64) local.get 0 local.get 0 f64.add))").wasm;
    let names = names(&other);
    assert!(names.values().any(|name| name == "f64.add"), "{names:?}");
    assert!(!names.values().any(|name| name.contains("conversion") || name.contains("mul")), "{names:?}");
}

#[test]
fn nobody_else_has_the_reserved_name() {
    for body in ["unreachable", "(drop (i32.trunc_f32_u (f32.const 1)))"] {
        let text = format!("(module (func $\"wasmstone:invalid-conversion-to-integer\" {body}) (func $honest))");
        let after = lowered(&text).wasm;
        let names = names(&after);
        assert!(!names.contains_key(&0), "{names:?}");
        assert_eq!(names[&1], "honest");
        gate::check(&after).unwrap();
    }
}

#[test]
fn names_that_cannot_be_read_are_left_out() {
    let wasm = wat::parse_str("(module (func (drop (f64.add (f64.const 1) (f64.const 2)))))").unwrap();
    for names in [&b"\x01\x05\x01"[..], b"\x01\x04\x01\x07\x01x", b"\xff", b"", b"\x00\x02\x01\xff\x01\x03\x02\x00\x00"]
    {
        let mut wasm = wasm.clone();
        wasm.extend([0, names.len() as u8 + 5, 4]);
        wasm.extend(b"name");
        wasm.extend(names);
        let after = lower_with(&wasm, Boundary::AsBits).unwrap();
        assert_eq!(self::names(&after.wasm).get(&7), None);
        assert!(self::names(&after.wasm).values().any(|name| name == "f64.add"));
    }
}

#[test]
fn what_is_in_a_loop_is_computed_in_place() {
    let body = "(local.set 0 (f64.mul (local.get 0) (f64.const 3)))";
    let outside = lowered(&format!("(module (func (param f64) {body}))"));
    let inside = lowered(&format!("(module (func (param f64) (loop {body} (br_if 0 (i32.const 0)))))"));
    assert_eq!((outside.operators, outside.inlined), (2, 0));
    assert_eq!((inside.operators, inside.inlined), (2, 1));
}

#[test]
fn locals_for_what_is_in_place_are_shared() {
    let one = "(local.set 0 (f64.mul (local.get 0) (f64.const 3)))";
    let locals = |times: usize| {
        let text = format!("(module (func (param f64) (loop {} (br_if 0 (i32.const 0)))))", one.repeat(times));
        let (_, bodies) = parts(&lowered(&text).wasm);
        let body = wasmparser::FunctionBody::new(wasmparser::BinaryReader::new(&bodies[0], 0));
        body.get_locals_reader().unwrap().into_iter().map(|it| it.unwrap().0).sum::<u32>()
    };
    assert_eq!(locals(1), locals(20));
}

#[test]
fn a_function_without_room_for_locals_is_refused_by_name() {
    let locals = "i32 ".repeat(49_999);
    let text = format!(
        "(module (type $f (func (param f32))) (type $i (func (param i32))) (table 1 funcref)
            (func $full (type $f) (local {locals})))"
    );
    let error = lower_with(&wat::parse_str(text).unwrap(), Boundary::AsBits).unwrap_err();
    assert!(error.to_string().contains("full has as many locals"), "{error}");
}

#[test]
fn modules_are_lowered_alike_every_time() {
    let wasm = wat::parse_str(MIXED).unwrap();
    let first = lower_linked(&[&wasm, &wasm]).unwrap();
    let again = lower_linked(&[&wasm, &wasm]).unwrap();
    assert_eq!(first[0].wasm, again[1].wasm);
}

#[test]
fn tags_have_integers_and_no_parameters_that_keep_types_apart() {
    let text = r#"(module
        (type $bits (func (param i32 i64)))
        (type $floats (func (param i32 f64)))
        (type $through (func (param f64) (result i32 f64)))
        (type $through-bits (func (param i64) (result i32 i64)))
        (import "m" "before" (func (type $bits)))
        (import "m" "imported" (tag $imported (type $floats)))
        (import "m" "behind" (global f32))
        (tag $own (type $floats))
        (tag $bits (type $bits))
        (func $thrown (type $floats) (throw $imported (local.get 0) (local.get 1)))
        (func (export "caught") (result i32 f64) (local f64)
            (block $any
                (block $caught (result i32 f64)
                    (try_table (catch $own $caught) (catch $imported $caught) (catch_all $any)
                        (call $thrown (i32.const 1) (f64.const 2)))
                    (i32.const 3)
                    (f64.const 4)
                    (drop)
                    (drop)
                    (f64.const 4)
                    (try_table (type $through)
                        (f64.neg)
                        (local.set 0)
                        (i32.const 7)
                        (local.get 0)))
                (return))
            (try_table (result f64) (f64.const 5))
            (i32.trunc_f64_s)
            (f64.const 6)))"#;
    let wasm = lowered(text).wasm;
    let (mut types, mut tags, mut caught) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types = section.into_iter_err_on_gc_types().map(|ty| ty.unwrap().params().to_vec()).collect();
            }
            Payload::ImportSection(section) => {
                tags.extend(section.into_imports().filter_map(|import| match import.unwrap().ty {
                    wasmparser::TypeRef::Tag(tag) => Some(tag.func_type_idx),
                    _ => None,
                }));
            }
            Payload::TagSection(section) => tags.extend(section.into_iter().map(|tag| tag.unwrap().func_type_idx)),
            Payload::CodeSectionEntry(body) => caught.push(operators(body.as_bytes())),
            _ => {}
        }
    }
    use wasmparser::ValType::{I32, I64};
    for tag in tags {
        assert_eq!(types[tag as usize], [I32, I64], "{types:?}");
    }
    assert!(types.iter().any(|ty| ty.len() > 2), "the function with floats is kept apart: {types:?}");
    assert_eq!(caught[1].iter().filter(|operator| operator.starts_with("TryTable")).count(), 3, "{caught:?}");
}
