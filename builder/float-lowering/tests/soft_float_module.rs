//! The pass can put the module of the compiled soft-float functions into any program.

use std::collections::BTreeSet;
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef, ValType};

const WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/soft_float.wasm"));

/// The functions that stand for operators for which the compiler has no name.
const INTRINSICS: [&str; 4] = ["integer_overflow", "invalid_conversion", "mul_high", "opaque"];

/// The operators that are more than a bit operation.
fn operators() -> BTreeSet<String> {
    let mut names = BTreeSet::from(["f32_demote_f64".to_owned(), "f64_promote_f32".to_owned()]);
    for float in ["f32", "f64"] {
        let binary = ["add", "sub", "mul", "div", "min", "max", "eq", "ne", "lt", "gt", "le", "ge"];
        let unary = ["sqrt", "ceil", "floor", "trunc", "nearest"];
        names.extend(binary.iter().chain(&unary).map(|name| format!("{float}_{name}")));
        for integer in ["i32", "i64"] {
            for sign in ["s", "u"] {
                names.insert(format!("{float}_convert_{integer}_{sign}"));
                names.insert(format!("{integer}_trunc_{float}_{sign}"));
                names.insert(format!("{integer}_trunc_sat_{float}_{sign}"));
            }
        }
    }
    names
}

#[test]
fn it_imports_what_the_pass_knows_and_exports_every_operator() {
    let (mut imported, mut exported) = (BTreeSet::new(), BTreeSet::new());
    for payload in Parser::new(0).parse_all(WASM) {
        match payload.expect("the module is valid") {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("the module is valid");
                    assert!(matches!(import.ty, TypeRef::Func(_)), "{} is no function", import.name);
                    assert_eq!(import.module, "soft-float");
                    imported.insert(import.name.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("the module is valid");
                    if export.kind == ExternalKind::Func {
                        exported.insert(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(imported, INTRINSICS.map(str::to_owned).into());
    assert_eq!(exported, operators());
}

#[test]
fn its_functions_touch_nothing_but_their_operands() {
    let mut functions = 0;
    for payload in Parser::new(0).parse_all(WASM) {
        match payload.expect("the module is valid") {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    let ty = ty.expect("the module is valid");
                    let integers = |types: &[ValType]| types.iter().all(|ty| matches!(ty, ValType::I32 | ValType::I64));
                    assert!(integers(ty.params()) && integers(ty.results()), "{ty:?}");
                }
            }
            Payload::CodeSectionEntry(body) => {
                functions += 1;
                for local in body.get_locals_reader().expect("the module is valid") {
                    let (_, ty) = local.expect("the module is valid");
                    assert!(matches!(ty, ValType::I32 | ValType::I64), "function {functions} has a local of {ty}");
                }
                for operator in body.get_operators_reader().expect("the module is valid") {
                    let operator = operator.expect("the module is valid");
                    assert!(is_on_operands(&operator), "function {functions} has {operator:?}");
                }
            }
            Payload::DataSection(_) | Payload::ElementSection(_) | Payload::StartSection { .. } => {
                panic!("there is something beside functions")
            }
            _ => {}
        }
    }
    assert!(functions >= operators().len());
}

/// Control, locals, and integer arithmetic. Not operators that count leading or trailing zeros, which are a loop on a
/// processor without an instruction for it.
fn is_on_operands(operator: &Operator<'_>) -> bool {
    let name = format!("{operator:?}");
    let name = name.split([' ', '{']).next().unwrap_or_default();
    let control =
        ["Block", "Loop", "If", "Else", "End", "Br", "BrIf", "Return", "Unreachable", "Call", "Drop", "Select"];
    let is_arithmetic = (name.starts_with("I32") || name.starts_with("I64"))
        && !["Load", "Store", "Clz", "Ctz", "Popcnt", "F32", "F64", "Atomic"].iter().any(|part| name.contains(part));
    control.contains(&name) || name.starts_with("Local") || is_arithmetic
}

#[test]
fn it_is_small_and_does_not_say_where_it_was_built() {
    assert!(WASM.len() < 25 * 1024, "{} bytes", WASM.len());
    for path in [env!("CARGO_MANIFEST_DIR"), env!("OUT_DIR")] {
        assert!(!WASM.windows(path.len()).any(|window| window == path.as_bytes()), "it contains {path}");
    }
}
