//! Modules beside their lowered form.

use crate::{engine, trap};
use wasmparser::{Validator, WasmFeatures};
use wasmstone_float_lowering::{Lowered, lower_linked};
use wasmtime::{Error, Extern, Instance, Linker, Module, Store, Val, ValType};

/// Modules that are linked with each other by name, in their original and their lowered form.
pub struct Both {
    store: Store<()>,
    original: Vec<Instance>,
    lowered: Vec<Instance>,
}

pub fn bits(value: &Val) -> Val {
    match value {
        Val::F32(bits) => Val::I32(bits.cast_signed()),
        Val::F64(bits) => Val::I64(bits.cast_signed()),
        other => *other,
    }
}

/// The comparable part of a call's end.
fn end(result: Result<Vec<Val>, Error>) -> String {
    match result {
        Ok(values) => format!("{:?}", values.iter().map(bits).collect::<Vec<_>>()),
        Err(error) => match trap(&error) {
            Some(trap) => trap.to_string(),
            None => format!("{error:?}"),
        },
    }
}

fn call(store: &mut Store<()>, instance: &Instance, name: &str, arguments: &[Val]) -> Result<Vec<Val>, Error> {
    let function = instance.get_func(&mut *store, name).unwrap();
    let ty = function.ty(&*store);
    let mut arguments = arguments.to_vec();
    for parameter in ty.params().skip(arguments.len()) {
        arguments.push(if matches!(parameter, ValType::I32) { Val::I32(7) } else { Val::I64(7) });
    }
    let mut results = vec![Val::I32(0); ty.results().len()];
    function.call(store, &arguments, &mut results)?;
    Ok(results)
}

impl Both {
    /// Makes modules from texts. Each can import from those before it, as `m0`, `m1` and so on.
    pub fn of(texts: &[&str]) -> Self {
        let originals: Vec<Vec<u8>> = texts.iter().map(|text| wat::parse_str(text).unwrap()).collect();
        let lowered = lower_linked(&originals.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        for Lowered { wasm, operators, .. } in &lowered {
            assert!(*operators > 0 || texts.len() > 1);
            let features = WasmFeatures::all().difference(WasmFeatures::FLOATS);
            Validator::new_with_features(features).validate_all(wasm).unwrap();
        }
        let engine = engine(true);
        let mut store = Store::new(&engine, ());
        let mut instances = |wasms: &[&[u8]]| {
            let mut linker = Linker::new(&engine);
            let mut instances = Vec::new();
            for (number, wasm) in wasms.iter().enumerate() {
                let module = Module::new(&engine, wasm).unwrap();
                let instance = linker.instantiate(&mut store, &module).unwrap();
                linker.instance(&mut store, &format!("m{number}"), instance).unwrap();
                instances.push(instance);
            }
            instances
        };
        let original = instances(&originals.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let lowered = instances(&lowered.iter().map(|lowered| lowered.wasm.as_slice()).collect::<Vec<_>>());
        Self { store, original, lowered }
    }

    /// Calls a function of the last module, compares, and returns how the call ended.
    pub fn call(&mut self, name: &str, arguments: &[Val]) -> String {
        let (Some(original), Some(lowered)) = (self.original.last(), self.lowered.last()) else { panic!("no module") };
        let expected = end(call(&mut self.store, original, name, arguments));
        let arguments: Vec<Val> = arguments.iter().map(bits).collect();
        let found = end(call(&mut self.store, lowered, name, &arguments));
        assert_eq!(found, expected, "{name} {arguments:?}");
        self.compare();
        found
    }

    /// As [`Self::call`], but all NaNs of the original count as equal.
    pub fn call_nan(&mut self, name: &str, arguments: &[Val]) {
        let (Some(original), Some(lowered)) = (self.original.last(), self.lowered.last()) else { panic!("no module") };
        let expected = call(&mut self.store, original, name, arguments).unwrap();
        let expected: Vec<Val> = expected
            .iter()
            .map(|value| match value {
                Val::F32(bits) if f32::from_bits(*bits).is_nan() => Val::I32(0x7fc0_0000),
                Val::F64(bits) if f64::from_bits(*bits).is_nan() => Val::I64(0x7ff8 << 48),
                other => bits(other),
            })
            .collect();
        let arguments: Vec<Val> = arguments.iter().map(bits).collect();
        let found = call(&mut self.store, lowered, name, &arguments).unwrap();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{name} {arguments:?}");
    }

    /// The exported memories and variables.
    fn compare(&mut self) {
        for (original, lowered) in self.original.iter().zip(&self.lowered) {
            let exports: Vec<_> =
                original.exports(&mut self.store).map(|it| (it.name().to_owned(), it.into_extern())).collect();
            for (name, export) in exports {
                let other = lowered.get_export(&mut self.store, &name).unwrap();
                match (export, other) {
                    (Extern::Memory(one), Extern::Memory(other)) => {
                        assert!(one.data(&self.store) == other.data(&self.store), "memory {name}");
                    }
                    (Extern::Global(one), Extern::Global(other)) => {
                        let (one, other) = (one.get(&mut self.store), other.get(&mut self.store));
                        assert_eq!(format!("{:?}", bits(&one)), format!("{other:?}"), "variable {name}");
                    }
                    _ => {}
                }
            }
        }
    }
}
