//! Every operator that computes with floats, called and computed in place.

use super::both::Both;
use super::{f32, f64};
use std::collections::BTreeMap;
use wasmtime::Val;

/// Values that are special in one way or another.
const SPECIAL: [f64; 18] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    1e-310,
    -1e-310,
    5e-324,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    2_147_483_648.0,
    -2_147_483_649.0,
    9.3e18,
    1e10,
];

#[test]
fn every_operator_alone_and_in_a_loop() {
    let unary = ["abs", "neg", "ceil", "floor", "trunc", "nearest", "sqrt"];
    let binary = ["add", "sub", "mul", "div", "min", "max", "copysign"];
    let compare = ["eq", "ne", "lt", "gt", "le", "ge"];
    let (mut text, mut names) = (String::from("(module"), Vec::new());
    // In a loop, so that it is computed in place: three times, each with the result of the time before.
    let mut add = |name: String, parameters: &[&str], result: &str| {
        let list = parameters.join(" ");
        let gets: String = (0..parameters.len()).map(|index| format!("local.get {index} ")).collect();
        text += &format!("(func (export \"{name}\") (param {list}) (result {result}) {gets} {name})");
        let again = if parameters.first() == Some(&result) { "local.tee 0" } else { "" };
        let (i, r) = (parameters.len(), parameters.len() + 1);
        text += &format!(
            "(func (export \"{name} in a loop\") (param {list}) (result {result}) (local i32 {result})
                (loop $l {gets} {name} {again} local.set {r}
                    (br_if $l (i32.lt_u (local.tee {i} (i32.add (local.get {i}) (i32.const 1))) (i32.const 3))))
                local.get {r})"
        );
        names.push((name, parameters.iter().map(|ty| (*ty).to_owned()).collect::<Vec<_>>()));
    };
    for ty in ["f32", "f64"] {
        unary.iter().for_each(|name| add(format!("{ty}.{name}"), &[ty], ty));
        binary.iter().for_each(|name| add(format!("{ty}.{name}"), &[ty, ty], ty));
        compare.iter().for_each(|name| add(format!("{ty}.{name}"), &[ty, ty], "i32"));
        for integer in ["i32", "i64"] {
            for sign in ["s", "u"] {
                add(format!("{integer}.trunc_{ty}_{sign}"), &[ty], integer);
                add(format!("{integer}.trunc_sat_{ty}_{sign}"), &[ty], integer);
                add(format!("{ty}.convert_{integer}_{sign}"), &[integer], ty);
            }
        }
    }
    add("f32.demote_f64".into(), &["f64"], "f32");
    add("f64.promote_f32".into(), &["f32"], "f64");
    add("i32.reinterpret_f32".into(), &["f32"], "i32");
    add("i64.reinterpret_f64".into(), &["f64"], "i64");
    add("f32.reinterpret_i32".into(), &["i32"], "f32");
    add("f64.reinterpret_i64".into(), &["i64"], "f64");
    text += ")";
    let mut both = Both::of(&[&text]);
    let value = |ty: &str, value: f64| match ty {
        "f32" => f32(value as f32),
        "f64" => f64(value),
        "i32" => Val::I32(value as i32),
        _ => Val::I64(value as i64),
    };
    let mut traps = BTreeMap::<String, u32>::new();
    for (name, parameters) in names {
        for one in SPECIAL {
            for other in SPECIAL {
                let values = [one, other];
                let arguments: Vec<Val> = parameters.iter().zip(values).map(|(ty, it)| value(ty, it)).collect();
                // A new NaN has a sign on x86 and none here; WebAssembly allows both.
                let invalid =
                    matches!((&name[4..], one, other), ("sqrt", _, _) | ("div" | "add" | "sub" | "mul", _, _));
                for name in [name.clone(), format!("{name} in a loop")] {
                    if invalid {
                        both.call_nan(&name, &arguments);
                    } else {
                        let end = both.call(&name, &arguments);
                        if !end.starts_with('[') {
                            *traps.entry(end).or_default() += 1;
                        }
                    }
                }
                if parameters.len() == 1 {
                    break;
                }
            }
        }
    }
    let traps: Vec<_> = traps.into_keys().collect();
    assert_eq!(traps, ["wasm trap: integer overflow"]);
    for ty in ["f32", "f64"] {
        for integer in ["i32", "i64"] {
            for sign in ["s", "u"] {
                for name in ["", " in a loop"] {
                    let end = both.call(&format!("{integer}.trunc_{ty}_{sign}{name}"), &[value(ty, f64::NAN)]);
                    assert_eq!(end, "wasm trap: invalid conversion to integer");
                }
            }
        }
    }
}
