//! The soft-float functions: WebAssembly without floats and without memory. They are added to a module, as separate
//! functions and, where it pays, in the place of the operator.

mod analysis;
mod compose;
mod copy;

pub(crate) use copy::{Names, Place};

use crate::Refused;
use crate::operators::NAMES;
use analysis::Body;
use std::sync::LazyLock;
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, KnownCustom, Name, Parser, Payload, TypeRef, ValType};

/// The module from which its functions import what WebAssembly has no operator for.
const INTRINSICS: &str = "soft-float";

/// The name of the function whose `unreachable` stands for the trap "invalid conversion to integer", which no integer
/// operator raises.
pub(crate) const INVALID_CONVERSION: &str = "wasmstone:invalid-conversion-to-integer";

/// The most operators of a function that always replaces its operator: a call takes about as many.
pub(crate) const SMALL: usize = 10;

/// The number of locals that suffice for all functions, one after the other in the place of operators.
pub(crate) const LOCALS: u32 = 256;

/// A function, ready to be copied.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The name, for people.
    pub(crate) name: String,
    /// The type, integers only.
    pub(crate) ty: FuncType,
    /// The locals without the parameters.
    locals: Vec<ValType>,
    body: Body,
}

/// What a function calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callee {
    /// Another of the soft-float functions.
    Function(usize),
    /// The high half of a product of two unsigned 64-bit integers.
    MulHigh,
    /// The trap of this name.
    IntegerOverflow,
    /// Nothing: the argument is the result. The call keeps the compiler of the soft-float functions from knowing the
    /// value.
    Opaque,
}

/// All soft-float functions.
#[derive(Debug)]
pub(crate) struct SoftFloat {
    /// The functions in the order of their file, then those that are composed here.
    pub(crate) functions: Vec<Function>,
    /// For each of [`NAMES`], the function.
    by_operator: Vec<usize>,
    /// For each of [`NAMES`], the function that replaces the operator where speed matters.
    whole: Vec<Function>,
}

static EMBEDDED: LazyLock<Result<SoftFloat, String>> = LazyLock::new(|| {
    let wasm = include_bytes!(concat!(env!("OUT_DIR"), "/soft_float.wasm"));
    SoftFloat::read(wasm)
});

impl SoftFloat {
    /// The functions that this library was built with.
    ///
    /// # Errors
    /// [`Refused::Failed`] if they are not as expected, which the tests would have shown.
    pub(crate) fn embedded() -> Result<&'static Self, Refused> {
        EMBEDDED.as_ref().map_err(|error| Refused::Failed(format!("the soft-float functions are damaged: {error}")))
    }

    /// The number of the function that stands for an operator.
    pub(crate) fn number(&self, operator: u8) -> Option<usize> {
        self.by_operator.get(usize::from(operator)).copied()
    }

    /// The function that stands for an operator.
    pub(crate) fn called(&self, operator: u8) -> Option<&Function> {
        self.functions.get(self.number(operator)?)
    }

    /// The function that replaces the operator where speed matters.
    pub(crate) fn whole(&self, operator: u8) -> Option<&Function> {
        self.whole.get(usize::from(operator))
    }

    /// Whether each function is needed by a program that needs the `open` functions.
    pub(crate) fn needed(&self, open: Vec<usize>) -> Vec<bool> {
        reached(&self.functions, open)
    }

    /// Reads the module that the functions were compiled to.
    pub(crate) fn read(wasm: &[u8]) -> Result<Self, String> {
        let mut reading = Reading::default();
        for payload in Parser::new(0).parse_all(wasm) {
            reading.payload(payload.map_err(|error| error.to_string())?)?;
        }
        reading.finish()
    }
}

/// What is known about the module while it is read.
#[derive(Default)]
struct Reading {
    types: Vec<FuncType>,
    imports: Vec<String>,
    /// The types of the functions that follow the imported ones.
    declared: Vec<u32>,
    exports: Vec<(String, u32)>,
    names: Vec<(u32, String)>,
    functions: Vec<Function>,
}

impl Reading {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), String> {
        let failed = |error: wasmparser::BinaryReaderError| error.to_string();
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.map_err(failed)?.into_types() {
                        match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => self.types.push(ty),
                            _ => return Err("there is a type that is no function's".to_owned()),
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(failed)?;
                    match import.ty {
                        TypeRef::Func(_) if import.module == INTRINSICS => self.imports.push(import.name.to_owned()),
                        _ => return Err(format!("{}.{} is imported", import.module, import.name)),
                    }
                }
            }
            Payload::FunctionSection(section) => {
                self.declared = section.into_iter().collect::<Result<_, _>>().map_err(failed)?;
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(failed)?;
                    if export.kind == ExternalKind::Func {
                        self.exports.push((export.name.to_owned(), export.index));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let number = self.functions.len();
                let ty = self.declared.get(number).and_then(|ty| self.types.get(*ty as usize));
                let ty = ty.ok_or("a function has no type")?.clone();
                let callee = |index: u32| self.callee(index);
                let (locals, body) = analysis::read(&body, &ty, &callee)?;
                self.functions.push(Function { name: String::new(), ty, locals, body });
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    for name in names.into_iter().flatten() {
                        if let Name::Function(names) = name {
                            self.names.extend(names.into_iter().flatten().map(|it| (it.index, it.name.to_owned())));
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What a function's index stands for. Imports come first.
    fn callee(&self, index: u32) -> Result<Callee, String> {
        let index = index as usize;
        match self.imports.get(index).map(String::as_str) {
            None => Ok(Callee::Function(index - self.imports.len())),
            Some("mul_high") => Ok(Callee::MulHigh),
            Some("integer_overflow") => Ok(Callee::IntegerOverflow),
            Some("opaque") => Ok(Callee::Opaque),
            // The function that comes after all others.
            Some("invalid_conversion") => Ok(Callee::Function(self.declared.len())),
            Some(other) => Err(format!("{other} is not something that soft-float functions can be given")),
        }
    }

    fn finish(mut self) -> Result<SoftFloat, String> {
        let imported = self.imports.len();
        let number = |index: u32| (index as usize).checked_sub(imported);
        // The names of the file first, then the names that the contract gives.
        let exports = self.exports.iter().map(|(name, index)| (*index, name.replacen('_', ".", 1)));
        for (index, name) in self.names.drain(..).chain(exports) {
            if let Some(function) = number(index).and_then(|number| self.functions.get_mut(number)) {
                function.name = name;
            }
        }
        self.functions.push(Function {
            name: INVALID_CONVERSION.to_owned(),
            ty: FuncType::new([], []),
            locals: Vec::new(),
            body: Body::unreachable(),
        });
        let made = self.functions.len();
        for (name, ty) in [("f32.copysign", ValType::I32), ("f64.copysign", ValType::I64)] {
            let (locals, body) = (Vec::new(), Body::copy_sign(ty));
            self.functions.push(Function { name: name.to_owned(), ty: FuncType::new([ty, ty], [ty]), locals, body });
        }
        let mut by_operator = Vec::new();
        for name in NAMES {
            let export = self.exports.iter().find(|(export, _)| export == name);
            let function = match *name {
                "f32_copysign" => Some(made),
                "f64_copysign" => Some(made + 1),
                _ => export.and_then(|(_, index)| number(*index)),
            };
            by_operator.push(function.ok_or_else(|| format!("{name} is missing"))?);
        }
        for number in &mut by_operator {
            self.follow(number);
        }
        for number in &by_operator {
            self.name_callees(*number);
        }
        let reached = reached(&self.functions, by_operator.clone());
        for (function, _) in self.functions.iter().zip(reached).filter(|(_, reached)| *reached) {
            if let Some(operator) = &function.body.foreign {
                return Err(format!("{} has {operator}, which soft-float functions may not", function.name));
            }
        }
        let mut whole = Vec::new();
        for number in &by_operator {
            let Some(function) = self.functions.get(*number) else { continue };
            let inner = |callee| self.functions.get(callee).filter(|_| by_operator.contains(&callee));
            let composed = (function.size() <= SMALL).then(|| function.composed(inner)).flatten();
            whole.push(composed.unwrap_or_else(|| function.clone()));
        }
        Ok(SoftFloat { functions: self.functions, by_operator, whole })
    }

    /// Names the functions that a function calls after it, unless they have names.
    fn name_callees(&mut self, number: usize) {
        let Some(function) = self.functions.get(number) else { return };
        let (name, callees) = (format!("{}, rare", function.name), function.callees().collect::<Vec<_>>());
        for callee in callees {
            if let Some(function) = self.functions.get_mut(callee)
                && function.name.is_empty()
            {
                function.name.clone_from(&name);
            }
        }
    }

    /// If a function only passes its parameters on to another function, that function is called in its place.
    fn follow(&mut self, number: &mut usize) {
        for _ in 0..self.functions.len() {
            let Some(function) = self.functions.get(*number) else { return };
            let (Some(called), name, ty) = (function.body.forwards(), function.name.clone(), function.ty.clone())
            else {
                return;
            };
            match self.functions.get_mut(called) {
                Some(called) if called.ty == ty => called.name = name,
                _ => return,
            }
            *number = called;
        }
    }
}

/// Whether each function is among the `open` ones, or is called by one that is.
fn reached(functions: &[Function], mut open: Vec<usize>) -> Vec<bool> {
    let mut reached = vec![false; functions.len()];
    while let Some(number) = open.pop() {
        if let (Some(reached), Some(function)) = (reached.get_mut(number), functions.get(number))
            && !std::mem::replace(reached, true)
        {
            open.extend(function.callees());
        }
    }
    reached
}

#[cfg(test)]
mod tests;
