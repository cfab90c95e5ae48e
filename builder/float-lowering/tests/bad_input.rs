//! Modules that are damaged, lie about their content, or are as large as allowed.

use wasm_encoder::{
    CodeSection, ConstExpr, CustomSection, DataSection, Encode, Function, FunctionSection, Instruction, MemorySection,
    MemoryType, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{KnownCustom, Name, Parser, Payload, Validator, WasmFeatures};
use wasmstone_float_lowering::{Boundary, Lowered, Refused, lower, lower_with};

const EVERYTHING: &str = include_str!("everything.wat");

fn everything() -> Vec<u8> {
    wat::parse_str(EVERYTHING).unwrap()
}

/// The same module in a component in a component, beside others.
fn component() -> Vec<u8> {
    let inner = EVERYTHING.replacen("(module", "(core module", 1);
    let host = r#"(core module $h (func (export "sin") (param f64) (result f64) local.get 0)
        (global (export "scale") f64 (f64.const 2)) (global (export "state") (mut f32) (f32.const 3)))"#;
    let text = format!(
        "(component (@custom \"first\" \"1\") (core module) (component {host} {inner}
            (core instance $h (instantiate $h)) (core instance (instantiate $everything (with \"host\" (instance $h)))))
            (component $c) (type (func (param \"x\" (list f64)))) (@custom \"last\" \"2\"))"
    );
    wat::parse_str(text).unwrap()
}

/// The result is valid, which is checked here by other means than the lowering's own, or the program was refused, but
/// not because of a bug of the lowering.
fn bounded(wasm: &[u8]) -> Option<Lowered> {
    match lower_with(wasm, Boundary::AsBits) {
        Ok(lowered) => {
            let features = WasmFeatures::all().difference(WasmFeatures::SIMD);
            let floats = if Parser::is_component(wasm) { WasmFeatures::empty() } else { WasmFeatures::FLOATS };
            Validator::new_with_features(features.difference(floats)).validate_all(&lowered.wasm).unwrap();
            Some(lowered)
        }
        Err(Refused::Failed(failed)) => panic!("{failed}"),
        Err(_) => None,
    }
}

#[test]
fn the_module_with_everything_is_lowered() {
    let lowered = bounded(&everything()).unwrap();
    assert_eq!((lowered.operators, lowered.functions), (98, 9));
    let within = bounded(&component()).unwrap();
    assert_eq!((within.operators, within.functions), (lowered.operators, lowered.functions));
}

#[test]
fn truncated_programs_are_refused() {
    for whole in [everything(), component()] {
        for end in 0..whole.len() {
            // A cut between sections leaves a complete program, without the sections behind the cut.
            if let Some(lowered) = bounded(&whole[..end]) {
                assert!(Validator::new_with_features(WasmFeatures::all()).validate_all(&whole[..end]).is_ok());
                assert!(lowered.wasm.len() >= end);
            }
        }
    }
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn mutated_programs_are_lowered_or_refused() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut lowered = 0;
    for whole in [everything(), component()] {
        for _ in 0..10_000 {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                match random.below(5) {
                    0 => bytes[at] ^= 1 << random.below(8),
                    1 => bytes[at] = random.below(256) as u8,
                    2 => bytes.insert(at, random.below(256) as u8),
                    3 => drop(bytes.remove(at)),
                    // The operator with the next opcode: float operators are neighbours.
                    _ => bytes[at] = bytes[at].wrapping_add(1),
                }
            }
            lowered += usize::from(bounded(&bytes).is_some());
        }
    }
    // If none were valid, the mutations would prove nothing about valid programs.
    assert!(lowered > 1000, "{lowered}");
}

/// The names of functions, by their indices.
fn names(wasm: &[u8]) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload.unwrap()
            && let KnownCustom::Name(names) = section.as_known()
        {
            for names in names {
                if let Ok(Name::Function(names)) = names {
                    found.extend(names.into_iter().flatten().map(|name| (name.index, name.name.to_owned())));
                }
            }
        }
    }
    found
}

#[test]
fn names_that_lie_decide_nothing() {
    const RESERVED: &str = "wasmstone:invalid-conversion-to-integer";
    let plain = wat::parse_str(
        "(module (func (export \"f\") (param i32) local.get 0 f32.reinterpret_i32 i32.trunc_f32_s drop))",
    );
    let plain = plain.unwrap();
    let expected = lower(&plain).unwrap();
    let long = |count: u32, rest: &[u8]| {
        let mut bytes = Vec::new();
        count.encode(&mut bytes);
        bytes.extend_from_slice(rest);
        bytes
    };
    let entry = |index: u32, name: &str| {
        let mut bytes = Vec::new();
        index.encode(&mut bytes);
        name.encode(&mut bytes);
        bytes
    };
    let subsection = |id: u8, content: &[u8]| {
        let mut bytes = vec![id];
        content.encode(&mut bytes);
        bytes
    };
    let lies: Vec<Vec<u8>> = vec![
        subsection(1, &long(1, &entry(0, RESERVED))),
        subsection(1, &long(2, &[entry(0, "a"), entry(0, RESERVED)].concat())),
        subsection(1, &long(3, &[entry(7, "g"), entry(u32::MAX, "h"), entry(0, RESERVED)].concat())),
        subsection(1, &long(u32::MAX, &entry(0, "a"))),
        subsection(1, &long(2, &entry(0, RESERVED))),
        subsection(1, &long(1, &[0, 0xff, 0xff, 0xff, 0xff, 0x0f])),
        subsection(1, &long(1, &[0, 2, 0xff, 0xfe])),
        [subsection(1, &long(1, &entry(0, "a"))), subsection(1, &long(1, &entry(0, RESERVED)))].concat(),
        subsection(2, &long(1, &long(0, &long(u32::MAX, &[])))),
        subsection(77, b"unheard of"),
        vec![1, 0xff, 0xff, 0xff, 0xff, 0x0f],
        vec![1],
        Vec::new(),
    ];
    for lie in lies {
        for sections in 1..3 {
            let mut wasm = plain.clone();
            for _ in 0..sections {
                let section = CustomSection { name: "name".into(), data: (&lie[..]).into() };
                wasm.push(0);
                section.encode(&mut wasm);
            }
            let lowered = bounded(&wasm).unwrap();
            assert_eq!((lowered.operators, lowered.functions), (expected.operators, expected.functions));
            let reserved: Vec<_> = names(&lowered.wasm).into_iter().filter(|(_, name)| name == RESERVED).collect();
            assert!(reserved.len() == 1 && reserved[0].0 > 0, "{lie:02x?}: {reserved:?}");
        }
    }
}

#[test]
fn other_custom_sections_are_of_no_account() {
    for name in [
        "producers",
        "target_features",
        "linking",
        "reloc.CODE",
        "dylink.0",
        ".debug_info",
        "metadata.code.branch_hint",
        "",
    ] {
        for data in [&b""[..], b"\xff\xff\xff\xff\xff", &[0; 100]] {
            let mut wasm = everything();
            wasm.push(0);
            CustomSection { name: name.into(), data: data.into() }.encode(&mut wasm);
            bounded(&wasm).unwrap_or_else(|| panic!("{name}"));
        }
    }
}

fn module(ty: (&[ValType], &[ValType]), bodies: &[Vec<u8>]) -> Vec<u8> {
    let (mut types, mut functions, mut memories, mut code) =
        (TypeSection::new(), FunctionSection::new(), MemorySection::new(), CodeSection::new());
    types.ty().function(ty.0.iter().copied(), ty.1.iter().copied());
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    for body in bodies {
        functions.function(0);
        code.raw(body);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&code);
    module.finish()
}

fn body(locals: &[(u32, ValType)], instructions: impl IntoIterator<Item = Instruction<'static>>) -> Vec<u8> {
    let mut function = Function::new(locals.iter().copied());
    for instruction in instructions {
        function.instruction(&instruction);
    }
    function.instruction(&Instruction::End);
    function.into_raw_body()
}

#[test]
fn as_many_locals_as_there_may_be() {
    use Instruction::{Drop, F32Const, F32Mul, F64Add, F64Sqrt, LocalGet, LocalSet};
    let kinds = [ValType::F32, ValType::F64, ValType::I32, ValType::F64, ValType::I64];
    let mixed: Vec<(u32, ValType)> = (0..50_000).map(|local| (1, kinds[local % 5])).collect();
    let whole = [(25_000, ValType::F64), (25_000, ValType::F32)];
    let last = |local: u32| [LocalGet(local), F32Const(1.5.into()), F32Mul, LocalSet(local)];
    for locals in [&mixed[..], &whole[..]] {
        let f32_local = if locals.len() == 2 { 49_999 } else { 49_995 };
        let touched = body(locals, last(f32_local));
        let lowered = bounded(&module((&[], &[]), &[touched])).unwrap();
        assert_eq!((lowered.functions, lowered.inlined), (1, 0));
    }
    // With room for a few locals, lowering must not fail.
    let roomy: Vec<_> = mixed[..49_900].to_vec();
    let computing = [LocalGet(1), LocalGet(3), F64Add, F64Sqrt, Drop];
    let lowered = bounded(&module((&[], &[]), &[body(&roomy, computing)])).unwrap();
    assert_eq!(lowered.functions, 1);
    bounded(&module((&[], &[]), &[body(&mixed, [])])).unwrap();
}

#[test]
fn ten_megabytes_of_constants() {
    // Nine bytes and a drop each, in functions of at most 7 MB, and as much again in data.
    let constants = |count: u64| {
        (0..count).flat_map(|n| {
            [Instruction::F64Const(f64::from_bits(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into()), Instruction::Drop]
        })
    };
    let bodies = [body(&[], constants(520_000)), body(&[], constants(520_000))];
    let wasm = module((&[], &[]), &bodies);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), std::iter::repeat_n(0x7f, 10_000_000));
    let mut bytes = Vec::new();
    data.encode(&mut bytes);
    let wasm = [wasm, vec![11], bytes].concat();
    assert!(wasm.len() > 20_000_000);
    let lowered = bounded(&wasm).unwrap();
    assert!(lowered.operators >= 1_040_000, "{}", lowered.operators);
}

#[test]
fn a_function_that_grows_too_large_is_refused() {
    // Each constant of one byte's exponent becomes up to ten bytes of an integer, each sum a call of three.
    let sums = (0..1_000_000)
        .flat_map(|_| [Instruction::LocalGet(0), Instruction::LocalGet(0), Instruction::F64Add, Instruction::Drop]);
    let wasm = module((&[ValType::F64], &[]), &[body(&[], sums)]);
    let refused = lower(&wasm);
    assert!(matches!(refused, Ok(_) | Err(Refused::TooLarge(_))), "{:?}", refused.err());
}

#[test]
fn blocks_in_blocks() {
    use Instruction::{Block, End, F32Add, F32Const};
    let levels = 20_000;
    let open = std::iter::repeat_n(Block(wasm_encoder::BlockType::Result(ValType::F32)), levels);
    let middle = [F32Const(1.0.into()), F32Const(2.0.into()), F32Add];
    let wasm = module((&[], &[ValType::F32]), &[body(&[], open.chain(middle).chain(std::iter::repeat_n(End, levels)))]);
    bounded(&wasm).unwrap();
}

#[test]
fn components_in_components() {
    let mut wasm = wat::parse_str("(component (core module (func (param f64))))").unwrap();
    let mut levels = 1;
    let nest = |wasm: &[u8]| {
        let mut component = wasm_encoder::Component::new();
        component.section(&RawSection { id: 4, data: wasm });
        component.finish()
    };
    while levels < 100 {
        wasm = nest(&wasm);
        levels += 1;
    }
    bounded(&wasm).unwrap();
    wasm = nest(&wasm);
    assert!(matches!(lower(&wasm), Err(Refused::TooLarge(_))));
    for _ in 0..3000 {
        wasm = nest(&wasm);
    }
    assert!(lower(&wasm).is_err());
}
