use crate::{Boundary, Refused, lower, lower_with};

fn refused(text: &str) -> Refused {
    lower(&wat::parse_str(text).unwrap()).expect_err(text)
}

fn accepted(text: &str) {
    if let Err(refused) = super::component(&wat::parse_str(text).unwrap()) {
        panic!("{refused}: {text}");
    }
}

/// A component that exports a function of a type, declared after other types.
fn lifting(types: &str, ty: &str, core: &str) -> String {
    format!(
        r#"(component {types}
            (core module $m (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
                (func (export "compute") {core} unreachable))
            (core instance $i (instantiate $m))
            (alias core export $i "compute" (core func $compute))
            (func $f {ty} (canon lift (core func $compute)
                (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
            (export "compute" (func $f)))"#
    )
}

/// A component that calls a function of a type that another one declares.
fn calling(ty: &str) -> String {
    format!(
        r#"(component
            (import "test:math/basic@1.0.0" (instance $math (export "compute" (func {ty}))))
            (core module $libc (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
            (core instance $libc (instantiate $libc))
            (core func $compute (canon lower (func $math "compute")
                (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))"#
    )
}

const HIDDEN: [(&str, &str); 8] = [
    ("(param \"a\" f64)", "(param f64)"),
    ("(result f32)", "(result f32)"),
    ("(param \"a\" (list f64))", "(param i32 i32)"),
    ("(param \"a\" (option f32))", "(param i32 f32)"),
    ("(param \"a\" (result u32 (error f32)))", "(param i32 i32)"),
    ("(param \"a\" (tuple u32 (list (tuple string f64))))", "(param i32 i32 i32)"),
    ("(result (list (option (list f32))))", "(result i32)"),
    ("(param \"a\" (list (result (error f64))))", "(param i32 i32)"),
];

#[test]
fn functions_that_others_call_have_no_floats() {
    for (ty, core) in HIDDEN {
        let expected = Refused::Lifted { function: "compute".to_owned() };
        assert_eq!(refused(&lifting("", ty, core)), expected, "{ty}");
    }
    accepted(&lifting("", "(param \"a\" (list (option u64))) (result s32)", "(param i32 i32) (result i32)"));
}

#[test]
fn functions_of_others_have_no_floats() {
    for (ty, _) in HIDDEN {
        let expected = Refused::Called { function: "test:math/basic@1.0.0#compute".to_owned() };
        assert_eq!(refused(&calling(ty)), expected, "{ty}");
    }
    accepted(&calling("(param \"a\" (list (option u64))) (result s32)"));
}

#[test]
fn named_types_are_looked_into() {
    let types = r#"(type $point' (record (field "x" f32) (field "y" f32))) (export $point "point" (type $point'))
        (type $shape' (variant (case "none") (case "dots" (list $point)))) (export $shape "shape" (type $shape'))"#;
    let text = lifting(types, "(param \"a\" $shape)", "(param i32 i32 i32)");
    assert!(matches!(refused(&text), Refused::Lifted { .. }));
    let types = types.replace("f32", "u32");
    accepted(&lifting(&types, "(param \"a\" $shape)", "(param i32 i32 i32)"));
}

#[test]
fn methods_of_resources_count_and_resources_do_not() {
    let method = |ty: &str| {
        format!(
            r#"(component
                (import "test:math/numbers" (instance $numbers
                    (export "number" (type $number (sub resource)))
                    (export "[method]number.value" (func (param "self" (borrow $number)) (result {ty})))))
                (alias export $numbers "number" (type $number))
                (core func $value (canon lower (func $numbers "[method]number.value")))
                (core func $drop (canon resource.drop $number))
                (core module $m (import "m" "drop" (func (param i32)))
                    (func (export "destroy") (param i32) (drop (f64.add (f64.const 1) (f64.const 2)))))
                (core instance $i (instantiate $m (with "m" (instance (export "drop" (func $drop))))))
                (type $own (resource (rep i32) (dtor (core func $i "destroy"))))
                (core func (canon resource.new $own))
                (core func (canon resource.rep $own)))"#
        )
    };
    let expected = Refused::Called { function: "test:math/numbers#[method]number.value".to_owned() };
    assert_eq!(refused(&method("f64")), expected);
    accepted(&method("u64"));
}

#[test]
fn floats_between_nested_components_are_refused() {
    let text = r#"(component
        (component $a
            (core module $m (func (export "half") (param f64) (result f64) local.get 0))
            (core instance $i (instantiate $m))
            (func (export "half") (param "a" f64) (result f64) (canon lift (core func $i "half"))))
        (component $b
            (import "half" (func $half (param "a" f64) (result f64)))
            (core func $half' (canon lower (func $half))))
        (instance $a (instantiate $a))
        (instance (instantiate $b (with "half" (func $a "half")))))"#;
    assert_eq!(refused(text), Refused::Lifted { function: "half".to_owned() });
    let caller = text.replace("(core instance $i (instantiate $m))", "").replace(
        "(func (export \"half\") (param \"a\" f64) (result f64) (canon lift (core func $i \"half\"))))",
        "(import \"host\" (func $host (param \"a\" f64) (result f64))) (export \"half\" (func $host)))",
    );
    let caller = caller.replace("(instantiate $a)", "(instantiate $a (with \"host\" (func $host)))");
    let caller = caller.replacen(
        "(component\n",
        "(component (import \"host\" (func $host (param \"a\" f64) (result f64)))\n",
        1,
    );
    assert_eq!(refused(&caller), Refused::Called { function: "half".to_owned() });
}

#[test]
fn what_is_only_declared_is_accepted() {
    for text in [
        r#"(component (type (func (param "a" f64))) (type (record (field "x" (list f32)))))"#,
        r#"(component (import "test:math/basic" (instance (export "sin" (func (param "a" f64) (result f64))))))"#,
        r#"(component (core type (func (param f64))) (core type (module (import "m" "f" (func (param f32))))))"#,
        r#"(component (import "c" (component (export "f" (func (result f32))))))"#,
        r#"(component (type (component (import "m" (core module (import "m" "f" (func (param f32))))))))"#,
    ] {
        accepted(text);
        let wasm = wat::parse_str(text).unwrap();
        assert_eq!(lower(&wasm).unwrap().wasm, wasm, "{text}");
    }
}

#[test]
fn core_modules_with_floats_stay_inside() {
    let exported = r#"(component (core module $m (func (export "f") (param f32))) (export "m" (core module $m)))"#;
    let within = r#"(component
        (core module $m (global (export "g") f64 (f64.const 1)))
        (instance $i (export "m" (core module $m))) (export "i" (instance $i)))"#;
    let nested = r#"(component
        (component $c (import "m" (core module (import "a" "b" (func (result f64))))))
        (core module $m (import "a" "b" (func (result f64))))
        (instance (instantiate $c (with "m" (core module $m)))))"#;
    for (text, name) in [(exported, "m"), (within, "i"), (nested, "m")] {
        assert_eq!(refused(text), Refused::ModuleType { name: name.to_owned() }, "{text}");
    }
    let imported = r#"(component (import "m" (core module (export "f" (func (param i32))))))"#;
    assert_eq!(refused(imported), Refused::ImportedModule { name: "m".to_owned() });
    accepted(&nested.replace("f64", "i64"));
}

#[test]
fn a_lone_module_says_which_import_or_export_has_floats() {
    let imported = |name: &str| Refused::Imported { name: name.to_owned() };
    let exported = |name: &str| Refused::Exported { name: name.to_owned() };
    let cases = [
        ("(import \"math\" \"sin\" (func (param f64)))", imported("math::sin")),
        ("(import \"math\" \"pi\" (global f64))", imported("math::pi")),
        ("(type $t (func (result f32))) (import \"m\" \"t\" (table 1 (ref null $t)))", imported("m::t")),
        ("(func (export \"half\") (result f32) unreachable)", exported("half")),
        ("(global (export \"zero\") (mut f32) (f32.const 0))", exported("zero")),
        ("(func (export \"two\\nlines\") (param f64))", exported("two\\nlines")),
        ("(import \"m\" \"failed\" (tag (param f32)))", imported("m::failed")),
        ("(tag (export \"failed\") (param f32))", exported("failed")),
    ];
    for (text, expected) in cases {
        let wasm = wat::parse_str(format!("(module {text})")).unwrap();
        assert_eq!(lower(&wasm).expect_err(text), expected);
        lower_with(&wasm, Boundary::AsBits).unwrap_or_else(|refused| panic!("{refused}: {text}"));
    }
    lower(&wat::parse_str("(module (func (param f64)) (func (export \"f\") (param i32)))").unwrap()).unwrap();
}

#[test]
fn what_cannot_be_lowered_is_named_with_its_function() {
    let cases = [
        ("(func) (func $dot (param v128))", "the program", "SIMD"),
        ("(func) (func $dot unreachable i32x4.dot_i16x8_s unreachable)", "function \"dot\"", "vectors (SIMD)"),
        ("(func $r unreachable f32x4.relaxed_madd unreachable)", "function \"r\"", "relaxed SIMD"),
        ("(import \"m\" \"f\" (func)) (func unreachable v128.not unreachable)", "function 1", "vectors (SIMD)"),
        ("(memory i64 1)", "the program", "memory64"),
        ("(tag) (func $t try throw 0 catch_all end)", "function \"t\"", "legacy exceptions"),
        ("(type (struct (field f32)))", "the program", "GC"),
        ("(memory 1 1 shared)", "the program", "threads"),
        ("(memory 1) (func $n i32.const 0 i32.const 0 memory.atomic.notify drop)", "function \"n\"", "threads"),
        ("(func $w unreachable i64.mul_wide_u unreachable)", "function \"w\"", "wide arithmetic"),
        ("(memory 1 (pagesize 1))", "the program", "custom page sizes"),
    ];
    for (text, place, proposal) in cases {
        for text in [format!("(module {text})"), format!("(component (core module) (component (core module {text})))")]
        {
            let refused = refused(&text);
            let message = refused.to_string();
            let named = matches!(&refused, Refused::Proposal { place: found, .. } if found == place);
            assert!(named && message.contains(proposal), "{message}: {text}");
        }
    }
}

#[test]
fn what_is_not_valid_is_refused_as_that() {
    assert!(matches!(refused("(module (func (result i32)))"), Refused::Invalid(_)));
    for bytes in [&b""[..], b"\0asm", b"no WebAssembly", b"\0asm\x01\0\0\0\xff", b"\0asm\x0d\0\x01\0\x01\x01\0"] {
        assert!(matches!(lower(bytes), Err(Refused::Invalid(_))), "{bytes:?}");
    }
}
