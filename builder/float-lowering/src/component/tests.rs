use super::with_modules;
use crate::{Refused, lower};
use wasmparser::{Parser, Payload};

const PROGRAM: &str = r#"(component
    (@custom "first" "\00\01")
    (core module $whole (func (export "f") (param i32) (result i32) local.get 0))
    (core module $half (func (export "f") (param f64) (result f64) local.get 0 f64.const 0.5 f64.mul))
    (component $c
        (core module (func (param f32)))
        (component (core module (global f64 (f64.const 1))))
        (@custom "inner" "\02"))
    (component $d (core module (func (param i64))) (type (func (param "x" f64))))
    (core instance (instantiate $half))
    (type (record (field "x" f32)))
    (@custom "last" "\03"))"#;

/// The sections of a component and of the components nested in it, without those of core modules.
fn sections(wasm: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut found, mut modules) = (Vec::new(), 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.unwrap();
        match &payload {
            Payload::Version { encoding: wasmparser::Encoding::Module, .. } => modules += 1,
            Payload::End(_) if modules > 0 => modules -= 1,
            _ if modules > 0 => {}
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                found.push((payload.as_section().unwrap().0, Vec::new()));
            }
            other => found.extend(other.as_section().map(|(id, range)| (id, wasm[range].to_vec()))),
        }
    }
    found
}

#[test]
fn everything_else_stays_as_it_is() {
    let before = wat::parse_str(PROGRAM).unwrap();
    let after = lower(&before).unwrap().wasm;
    assert_ne!(before, after);
    assert_eq!(sections(&before), sections(&after));
    assert!(sections(&after).len() > 12);
    // The first module has no floats: nothing before the second module is changed.
    let same = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    assert!(same > 60, "{same}");
    let inner =
        wat::parse_str(r#"(component (core module (func (param i64))) (type (func (param "x" f64))))"#).unwrap();
    assert!(after.windows(inner.len()).any(|part| part == inner));
}

#[test]
fn a_component_without_floats_keeps_every_byte() {
    // Sizes are written with more bytes than they need, as linkers do.
    let module = b"\0asm\x01\0\0\0\x01\x84\x80\x00\x01\x60\0\0";
    let mut wasm = b"\0asm\x0d\0\x01\0\x00\x82\x80\x80\x00\x01x\x01\x90\x80\x80\x80\x00".to_vec();
    wasm.extend_from_slice(module);
    assert_eq!(lower(&wasm).unwrap().wasm, wasm);
    let mut seen = Vec::new();
    with_modules(&wasm, |module| {
        seen.push(module.to_vec());
        Ok::<_, Refused>(module.to_vec())
    })
    .unwrap();
    assert_eq!(seen, [module]);
    // Around the replaced modules they stay.
    let exchanged = with_modules(&wasm, |_| Ok::<_, Refused>(b"\0asm\x01\0\0\0".to_vec())).unwrap();
    assert_eq!(exchanged, b"\0asm\x0d\0\x01\0\x00\x82\x80\x80\x00\x01x\x01\x08\0asm\x01\0\0\0");
}

#[test]
fn a_component_that_is_cut_off_inside_is_refused() {
    // The parser takes the end of the file for the end of the nested component.
    let wasm = b"\0asm\x0d\0\x01\0\x04\x64\0asm\x0d\0\x01\0";
    assert!(matches!(lower(wasm), Err(Refused::Invalid(_))));
}
