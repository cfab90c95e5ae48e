//! The names of a module's functions, for people who read a trap. They have no effect on the program, so names that
//! cannot be read are left out.

use crate::features::readable;
use std::collections::BTreeMap;
use wasm_encoder::{NameMap, NameSection};
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Names with this prefix are reserved for the lowering.
const RESERVED: &str = "wasmstone:";

/// The names of a module.
#[derive(Debug, Default)]
pub(super) struct FunctionNames<'m> {
    functions: BTreeMap<u32, &'m str>,
    /// Subsections with names of other things, which stay: their number and content.
    others: BTreeMap<u8, &'m [u8]>,
    /// Whether a function has a name that is reserved.
    lie: bool,
}

impl<'m> FunctionNames<'m> {
    pub(super) fn read(module: &'m [u8]) -> Self {
        let mut names = Self::default();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            if let Payload::CustomSection(section) = payload
                && let KnownCustom::Name(section) = section.as_known()
            {
                for name in section.into_iter().map_while(Result::ok) {
                    names.add(module, name);
                }
            }
        }
        names
    }

    fn add(&mut self, module: &'m [u8], name: Name<'m>) {
        let (number, range) = match name {
            Name::Function(functions) => {
                for function in functions.into_iter().map_while(Result::ok) {
                    if function.name.starts_with(RESERVED) {
                        self.lie = true;
                    } else {
                        self.functions.insert(function.index, function.name);
                    }
                }
                return;
            }
            Name::Module { name_range, .. } => (0, name_range),
            Name::Type(names) => (4, names.range()),
            Name::Table(names) => (5, names.range()),
            Name::Memory(names) => (6, names.range()),
            Name::Global(names) => (7, names.range()),
            Name::Element(names) => (8, names.range()),
            Name::Data(names) => (9, names.range()),
            // Names of parameters, locals and labels: others were put between them.
            _ => return,
        };
        self.others.insert(number, module.get(range).unwrap_or_default());
    }

    /// Whether a function has a name that is reserved.
    pub(super) fn lie(&self) -> bool {
        self.lie
    }

    /// The name of a function in a message.
    pub(super) fn of(&self, function: u32) -> String {
        match self.functions.get(&function) {
            Some(name) => readable(name),
            None => format!("function {function}"),
        }
    }

    /// The contents of a new name section, for a module with this many functions of its own, and `added` functions
    /// after them. `None` if nothing has a name.
    pub(super) fn rewritten<'a>(&self, own: usize, added: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
        let mut functions = NameMap::new();
        for (index, name) in self.functions.iter().take_while(|(index, _)| (**index as usize) < own) {
            functions.append(*index, name);
        }
        for (index, name) in (0..).skip(own).zip(added) {
            functions.append(index, name);
        }
        let mut section = NameSection::new();
        let (first, rest) = self.others.iter().partition::<Vec<_>, _>(|(number, _)| **number == 0);
        first.into_iter().for_each(|(number, names)| section.raw(*number, names));
        if !functions.is_empty() {
            section.functions(&functions);
        }
        rest.into_iter().for_each(|(number, names)| section.raw(*number, names));
        let data = section.as_custom().data.into_owned();
        (!data.is_empty()).then_some(data)
    }
}
