//! Finds the functions of a program that use floats or vectors: their machine code would use registers that not every
//! enclave may use.

use crate::wasm_error::WasmError;
use std::fmt;
use wasmparser::{
    BinaryReaderError, BlockType, Catch, CompositeInnerType, FunctionBody, KnownCustom, Name, Operator, Parser,
    Payload, TypeRef, ValType,
};
use wasmstone_float_lowering::{Refused, check_boundary};

/// The functions that were found in all core modules of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operators {
    /// Functions that compute with floats, pass them on or store them.
    pub float: Functions,
    /// Functions that do so with vectors.
    pub vector: Functions,
}

/// Functions that have one property: their number, and the names of the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions {
    /// How many there are.
    pub count: usize,
    /// The names of the first ones, in the order of the file.
    pub first: Vec<String>,
}

impl Functions {
    /// How many names are kept for messages.
    const NAMED: usize = 3;

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::NAMED {
            self.first.push(name());
        }
    }
}

impl fmt::Display for Functions {
    /// The first names, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count.saturating_sub(self.first.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Whether something uses floats, and whether vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Uses {
    float: bool,
    vector: bool,
}

impl Uses {
    const fn or(self, other: Self) -> Self {
        Self { float: self.float || other.float, vector: self.vector || other.vector }
    }

    fn of(types: &[ValType]) -> Self {
        Self {
            float: types.iter().any(|ty| matches!(ty, ValType::F32 | ValType::F64)),
            vector: types.contains(&ValType::V128),
        }
    }
}

/// What a core module declares, by its indices, and what was found in it.
#[derive(Default)]
struct Module {
    types: Vec<Uses>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    imported: usize,
    globals: Vec<Uses>,
    /// The type of each tag, imported ones first.
    tags: Vec<u32>,
    bodies: Vec<Uses>,
    names: Vec<(u32, String)>,
}

impl Module {
    fn ty(&self, index: u32) -> Uses {
        self.types.get(index as usize).copied().unwrap_or_default()
    }

    fn function(&self, index: u32) -> Uses {
        self.functions.get(index as usize).map_or(Uses::default(), |ty| self.ty(*ty))
    }

    fn global(&self, index: u32) -> Uses {
        self.globals.get(index as usize).copied().unwrap_or_default()
    }

    fn tag(&self, index: u32) -> Uses {
        self.tags.get(index as usize).map_or(Uses::default(), |ty| self.ty(*ty))
    }

    fn block(&self, ty: &BlockType) -> Uses {
        match ty {
            BlockType::Empty => Uses::default(),
            BlockType::Type(ty) => Uses::of(&[*ty]),
            BlockType::FuncType(ty) => self.ty(*ty),
        }
    }

    /// What an operator uses through the function, variable or type that it refers to.
    fn uses_of_operands(&self, operator: &Operator<'_>) -> Uses {
        match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.function(*function_index)
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => self.ty(*type_index),
            Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => self.global(*global_index),
            Operator::TypedSelect { ty } => Uses::of(&[*ty]),
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => self.block(blockty),
            Operator::TryTable { try_table } => {
                try_table.catches.iter().fold(self.block(&try_table.ty), |uses, catch| match catch {
                    Catch::One { tag, .. } | Catch::OneRef { tag, .. } => uses.or(self.tag(*tag)),
                    Catch::All { .. } | Catch::AllRef { .. } => uses,
                })
            }
            Operator::Throw { tag_index } => self.tag(*tag_index),
            _ => Uses::default(),
        }
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        let mut uses = self.function((self.imported + self.bodies.len()) as u32);
        for local in body.get_locals_reader()? {
            uses = uses.or(Uses::of(&[local?.1]));
        }
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            uses = uses.or(own_uses(&operator)).or(self.uses_of_operands(&operator));
        }
        self.bodies.push(uses);
        Ok(())
    }

    /// Adds what was found to `found`. The names are known only at the end of a module.
    fn finish(self, found: &mut Operators) {
        for (body, uses) in self.bodies.iter().enumerate() {
            let index = self.imported + body;
            let name = || {
                let named = self.names.iter().find(|(function, _)| *function as usize == index);
                named.map_or_else(|| format!("function {index}"), |(_, name)| name.clone())
            };
            if uses.float {
                found.float.add(name);
            }
            if uses.vector {
                found.vector.add(name);
            }
        }
        // The compiler makes code for globals and for calls from outside that is in no function of the module.
        let declared = [("global", &self.globals), ("type", &self.types)];
        for (kind, declared) in declared {
            for (index, uses) in declared.iter().enumerate() {
                let name = || format!("{kind} {index}");
                if uses.float && found.float.is_empty() {
                    found.float.add(name);
                }
                if uses.vector && found.vector.is_empty() {
                    found.vector.add(name);
                }
            }
        }
    }
}

/// Scans all core modules of a program, nested ones included.
///
/// # Errors
/// [`WasmError::Malformed`].
pub fn scan(wasm: &[u8]) -> Result<Operators, WasmError> {
    let mut found = Operators::default();
    // The components and modules around the current position; those of components stay empty.
    let mut open: Vec<Module> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match payload {
            Payload::Version { .. } => open.push(Module::default()),
            Payload::End(_) => {
                if let Some(module) = open.pop() {
                    module.finish(&mut found);
                }
            }
            payload => {
                if let Some(module) = open.last_mut() {
                    section(module, payload)?;
                }
            }
        }
    }
    // The compiler makes code for values that components pass to each other or to the host.
    if let Err(Refused::Lifted { function: name } | Refused::Called { function: name } | Refused::ModuleType { name }) =
        check_boundary(wasm)
    {
        found.float.add(|| readable(&name));
    }
    Ok(found)
}

fn section(module: &mut Module, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
    match payload {
        Payload::TypeSection(section) => {
            for group in section {
                for ty in group?.into_types() {
                    module.types.push(match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => Uses::of(ty.params()).or(Uses::of(ty.results())),
                        _ => Uses::default(),
                    });
                }
            }
        }
        Payload::ImportSection(section) => {
            for import in section.into_imports() {
                match import?.ty {
                    TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                        module.functions.push(ty);
                        module.imported += 1;
                    }
                    TypeRef::Global(ty) => module.globals.push(Uses::of(&[ty.content_type])),
                    TypeRef::Tag(tag) => module.tags.push(tag.func_type_idx),
                    _ => {}
                }
            }
        }
        Payload::FunctionSection(section) => {
            for ty in section {
                module.functions.push(ty?);
            }
        }
        Payload::TagSection(section) => {
            for tag in section {
                module.tags.push(tag?.func_type_idx);
            }
        }
        Payload::GlobalSection(section) => {
            for global in section {
                module.globals.push(Uses::of(&[global?.ty.content_type]));
            }
        }
        Payload::CodeSectionEntry(body) => module.body(&body)?,
        Payload::CustomSection(section) => {
            if let KnownCustom::Name(names) = section.as_known() {
                // Nothing depends on names, so damaged ones are left out.
                for names in names.into_iter().flatten() {
                    if let Name::Function(names) = names {
                        module.names.extend(names.into_iter().flatten().map(|name| (name.index, readable(name.name))));
                    }
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// A function's name as it stands in the source.
fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    name.chars().flat_map(char::escape_debug).take(120).collect()
}

macro_rules! by_operator {
    ($(@$proposal:ident $name:ident $({ $($field:ident: $type:ty),* })? => $visit:ident ($($rest:tt)*))*) => {
        /// What an operator uses by itself.
        fn own_uses(operator: &Operator<'_>) -> Uses {
            match operator {
                $(Operator::$name { .. } => const { uses_by_name(stringify!($proposal), stringify!($name)) },)*
                // An operator that is newer than this list is not supported, so both are assumed.
                _ => Uses { float: true, vector: true },
            }
        }
    };
}
wasmparser::for_each_operator!(by_operator);

/// What an operator uses by the name that the specification gives it, such as `I32TruncF64S`.
const fn uses_by_name(proposal: &str, name: &str) -> Uses {
    let vector = equal(proposal, "simd") || equal(proposal, "relaxed_simd");
    Uses { float: contains(name, "F32") || contains(name, "F64"), vector }
}

const fn equal(text: &str, other: &str) -> bool {
    text.len() == other.len() && contains(text, other)
}

const fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let mut start = 0;
    while start + part.len() <= text.len() {
        let mut length = 0;
        while length < part.len() && text[start + length] == part[length] {
            length += 1;
        }
        if length == part.len() {
            return true;
        }
        start += 1;
    }
    false
}

#[cfg(test)]
mod tests;
