//! Programs before and after their floats are lowered.

use arbitrary::{Arbitrary, Unstructured};
use std::sync::LazyLock;
use wasm_encoder::Instruction;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_smith::{Config, Module as Smith};
use wasmparser::{FunctionBody, Operator, Parser, Validator, WasmFeatures};
use wasmstone_builder::{Settings, config};
use wasmstone_float_lowering::{Boundary, Refused, lower_with};
use wasmstone_policy::{Memories, Target};
use wasmtime::{Engine, Extern, Instance, Module, Store, Trap, Val, WasmBacktrace};

/// Lowers a program. The result has no floats, or the program was refused, but not because of a bug in the lowering.
pub fn lowered(wasm: &[u8], boundary: Boundary) -> Option<Vec<u8>> {
    match lower_with(wasm, boundary) {
        Ok(lowered) => {
            let lowered = lowered.wasm;
            let floats = if Parser::is_component(wasm) { WasmFeatures::empty() } else { WasmFeatures::FLOATS };
            let features = WasmFeatures::all().difference(WasmFeatures::SIMD).difference(floats);
            Validator::new_with_features(features).validate_all(&lowered).expect("a valid program without floats");
            Some(lowered)
        }
        Err(Refused::Failed(failed)) => panic!("{failed}"),
        Err(_) => None,
    }
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// The number of calls with the same results.
    pub returned: u64,
    /// The number of calls with the same trap.
    pub trapped: u64,
    /// The number of results, variables and bytes of memory that were compared.
    pub values: u64,
}

/// The fuel that a generated program begins with.
const FUEL: u32 = 20_000;
/// The number of calls of each function.
const ROUNDS: usize = 3;

/// Makes a program from arbitrary bytes, and compares its functions before and after lowering. `None`: there was
/// nothing to compare.
pub fn compare(data: &[u8]) -> Option<Compared> {
    let (program, seed) = program(data)?;
    let after = lowered(&program, Boundary::AsBits)?;
    let before = with_canonical_widths(&program)?;
    // The enclave's engine lacks some features, such as references to host objects.
    let before = Module::new(&ORIGINAL, before).ok()?;
    let after = Module::new(&LOWERED, after).expect("a program that compiles");
    Some(run(&before, &after, seed))
}

/// A program that ends, and numbers for its arguments.
fn program(data: &[u8]) -> Option<(Vec<u8>, u64)> {
    let mut data = Unstructured::new(data);
    let seed = u64::arbitrary(&mut data).ok()?;
    let config = Config {
        allow_start_export: true,
        disallow_traps: bool::arbitrary(&mut data).ok()?,
        exceptions_enabled: false,
        export_everything: true,
        gc_enabled: false,
        max_imports: 0,
        max_instructions: 400,
        max_memories: 2,
        max_memory32_bytes: 1 << 20,
        max_table_elements: 1000,
        max_tables: 3,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 1,
        min_types: 4,
        reference_types_enabled: bool::arbitrary(&mut data).ok()?,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        threads_enabled: false,
        ..Config::default()
    };
    let mut module = Smith::new(config, &mut data).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some((module.to_bytes(), seed))
}

fn engine(lowered: bool) -> Engine {
    let settings = Settings {
        target: Target::X86_64,
        cpu_features: &[],
        hardware_float: false,
        memories: Memories::Moving,
        simulated: true,
        lowered,
    };
    let mut config = config(&settings).expect("a target that is known");
    config.cranelift_nan_canonicalization(!lowered);
    Engine::new(&config).expect("an engine")
}

static ORIGINAL: LazyLock<Engine> = LazyLock::new(|| engine(false));
static LOWERED: LazyLock<Engine> = LazyLock::new(|| engine(true));

/// A program in which conversions between the widths give canonical NaNs too, which the compiler does not change: -0
/// is added, which changes nothing else.
fn with_canonical_widths(program: &[u8]) -> Option<Vec<u8>> {
    struct Widths;
    impl Reencode for Widths {
        type Error = std::convert::Infallible;
        fn parse_function_body(
            &mut self,
            code: &mut wasm_encoder::CodeSection,
            body: FunctionBody<'_>,
        ) -> Result<(), Error<Self::Error>> {
            let mut function = self.new_function_with_parsed_locals(&body)?;
            for operator in body.get_operators_reader()? {
                let operator = operator?;
                let more = match operator {
                    Operator::F32DemoteF64 => vec![Instruction::F32Const((-0.0f32).into()), Instruction::F32Add],
                    Operator::F64PromoteF32 => vec![Instruction::F64Const((-0.0f64).into()), Instruction::F64Add],
                    _ => Vec::new(),
                };
                function.instruction(&self.instruction(operator)?);
                for instruction in more {
                    function.instruction(&instruction);
                }
            }
            code.function(&function);
            Ok(())
        }
    }
    let mut module = wasm_encoder::Module::new();
    Widths.parse_core_module(&mut module, Parser::new(0), program).ok()?;
    Some(module.finish())
}

/// The end of a call, in the specification's terms.
fn words(error: &wasmtime::Error) -> String {
    let innermost = error.downcast_ref::<WasmBacktrace>().and_then(|trace| trace.frames().first());
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached)
            if innermost.and_then(|frame| frame.func_name()) == Some("wasmstone:invalid-conversion-to-integer") =>
        {
            Trap::BadConversionToInteger.to_string()
        }
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    }
}

/// A value's bits, on either side; for references, whether there is one.
fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        other => u64::from(other.ref_().is_some_and(|reference| reference.is_null())),
    }
}

const EDGES: [u64; 14] = [
    0,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff8_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff0_0000_dead_beef,
    0x0000_0000_0000_0001,
    0x43e0_0000_0000_0000,
    0x41f0_0000_3f80_0000,
    0x4000_0000_7f80_0000,
    0x3ff0_0000_ffc0_0001,
    0x3ff0_0000_0000_0007,
    0x47ef_ffff_cf00_0000,
];

/// An argument's bits.
fn argument(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let random = *seed >> 20;
    if random.is_multiple_of(3) { *seed ^ (*seed << 31) } else { EDGES[(random / 3) as usize % EDGES.len()] }
}

fn value(ty: &wasmtime::ValType, bits: u64) -> Val {
    match ty {
        wasmtime::ValType::I32 => Val::I32((bits as u32).cast_signed()),
        wasmtime::ValType::I64 => Val::I64(bits.cast_signed()),
        wasmtime::ValType::F32 => Val::F32(bits as u32),
        wasmtime::ValType::F64 => Val::F64(bits),
        other => Val::default_for_ty(other).expect("references of a generated program may be null"),
    }
}

fn run(before: &Module, after: &Module, mut seed: u64) -> Compared {
    let mut compared = Compared::default();
    let mut original = Store::new(&ORIGINAL, ());
    let mut lowered = Store::new(&LOWERED, ());
    let instances = (Instance::new(&mut original, before, &[]), Instance::new(&mut lowered, after, &[]));
    let (first, second) = match instances {
        (Ok(first), Ok(second)) => (first, second),
        (first, second) => {
            let (first, second) = (first.err().map(|error| words(&error)), second.err().map(|error| words(&error)));
            // The depth of the stack is not the number of open functions.
            let deep = Some(Trap::StackOverflow.to_string());
            assert!(first == second || first == deep || second == deep, "{first:?} became {second:?}");
            return compared;
        }
    };
    let names: Vec<String> = before.exports().map(|export| export.name().to_owned()).collect();
    for name in &names {
        let Some(function) = first.get_func(&mut original, name) else { continue };
        let changed = second.get_func(&mut lowered, name).expect("a function of the same name");
        let (ty, changed_ty) = (function.ty(&original), changed.ty(&lowered));
        for _ in 0..ROUNDS {
            let arguments: Vec<u64> = changed_ty.params().map(|_| argument(&mut seed)).collect();
            let given = |ty: &wasmtime::FuncType| -> Vec<Val> {
                ty.params().zip(&arguments).map(|(ty, bits)| value(&ty, *bits)).collect()
            };
            let mut results = vec![Val::I32(0); ty.results().len()];
            let mut changed_results = results.clone();
            let ended = function.call(&mut original, &given(&ty), &mut results);
            let changed_ended = changed.call(&mut lowered, &given(&changed_ty), &mut changed_results);
            let (ended, changed_ended) = (ended.err().map(|e| words(&e)), changed_ended.err().map(|e| words(&e)));
            let deep = Some(Trap::StackOverflow.to_string());
            if ended == deep || changed_ended == deep {
                return compared;
            }
            assert_eq!(ended, changed_ended, "{name} of {arguments:x?}");
            if ended.is_some() {
                compared.trapped += 1;
                continue;
            }
            compared.returned += 1;
            compared.values += results.len() as u64;
            let (results, changed_results): (Vec<_>, Vec<_>) =
                (results.iter().map(bits).collect(), changed_results.iter().map(bits).collect());
            assert_eq!(results, changed_results, "{name} of {arguments:x?}");
        }
    }
    for name in &names {
        match (first.get_export(&mut original, name), second.get_export(&mut lowered, name)) {
            (Some(Extern::Global(before)), Some(Extern::Global(after))) => {
                let (before, after) = (before.get(&mut original), after.get(&mut lowered));
                assert_eq!(bits(&before), bits(&after), "{name}");
                compared.values += 1;
            }
            (Some(Extern::Memory(before)), Some(Extern::Memory(after))) => {
                let (before, after) = (before.data(&original), after.data(&lowered));
                assert!(before == after, "{name}");
                compared.values += before.len() as u64;
            }
            (Some(Extern::Table(before)), Some(Extern::Table(after))) => {
                assert_eq!(before.size(&original), after.size(&lowered), "{name}");
            }
            _ => {}
        }
    }
    compared
}
