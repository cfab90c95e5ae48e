//! Reads the functions of a core module, and writes the module with fewer functions.

use crate::wasm_error::WasmError;
use std::ops::Range;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Encode, FunctionSection, NameMap, NameSection};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, KnownCustom, Name,
    NameSectionReader, Operator, Parser, Payload, TypeRef,
};

/// A core module.
pub struct Module<'m> {
    bytes: &'m [u8],
    imported: u32,
    functions: Vec<Function>,
    /// Functions that are exported, are the start function, or are referred to outside of functions.
    pub referred: Vec<u32>,
}

/// A function that a module defines.
pub struct Function {
    /// The index of its type.
    pub ty: u32,
    body: Range<usize>,
    calls: Vec<Call>,
}

/// The place in a body where a function's index stands.
struct Call {
    at: Range<usize>,
    callee: u32,
}

impl<'m> Module<'m> {
    /// Reads a core module.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn read(bytes: &'m [u8]) -> Result<Self, WasmError> {
        let mut module = Self { bytes, imported: 0, functions: Vec::new(), referred: Vec::new() };
        let mut types = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        module.imported += u32::from(function);
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        types.push(ty?);
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    // The validator reports bodies without a type.
                    let ty = types.get(module.functions.len()).copied().unwrap_or(u32::MAX);
                    let calls = calls(&body)?;
                    module.functions.push(Function { ty, body: body.range(), calls });
                }
                _ => {}
            }
        }
        let mut outside = Outside { referred: Vec::new() };
        parse(&mut outside, bytes)?;
        module.referred = outside.referred;
        Ok(module)
    }

    /// How many functions it has, imported ones too.
    pub fn count(&self) -> u32 {
        self.imported + self.functions.len() as u32
    }

    /// The functions that it defines, with their indices.
    pub fn defined(&self) -> impl Iterator<Item = (u32, &Function)> {
        (self.imported..).zip(&self.functions)
    }

    /// The functions that a function calls or refers to.
    pub fn callees(&self, function: u32) -> impl Iterator<Item = u32> {
        let defined = function.checked_sub(self.imported).and_then(|defined| self.functions.get(defined as usize));
        defined.into_iter().flat_map(|function| &function.calls).map(|call| call.callee)
    }

    /// The body of a function, in which `write` writes the functions that it calls.
    pub fn body(&self, function: &Function, write: impl Fn(u32, &mut Vec<u8>)) -> Vec<u8> {
        let mut body = Vec::with_capacity(function.body.len());
        let mut copied = function.body.start;
        let bytes = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        for call in &function.calls {
            body.extend_from_slice(bytes(copied..call.at.start));
            write(call.callee, &mut body);
            copied = call.at.end;
        }
        body.extend_from_slice(bytes(copied..function.body.end));
        body
    }

    /// The module with only the functions that are `kept`. Calls of a function become calls of its first equal, which
    /// is in `same`.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn renumbered(&self, same: &[u32], kept: &[bool]) -> Result<Vec<u8>, WasmError> {
        let kept = |function: u32| function < self.imported || kept.get(function as usize) == Some(&true);
        if (0..self.count()).all(kept) {
            return Ok(self.bytes.to_vec());
        }
        let mut next = 0;
        let mut own = vec![None; same.len()];
        for (function, own) in (0..).zip(&mut own) {
            if kept(function) {
                *own = Some(next);
                next += 1;
            }
        }
        let new = |function: &u32| own.get(*function as usize).copied().flatten();
        parse(&mut Renumber { module: self, new: same.iter().map(new).collect(), own: &own }, self.bytes)
    }
}

/// The functions that a body calls or refers to.
fn calls(body: &FunctionBody<'_>) -> Result<Vec<Call>, BinaryReaderError> {
    let mut calls: Vec<Call> = Vec::new();
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let at = reader.original_position();
        let (Operator::Call { function_index: callee }
        | Operator::ReturnCall { function_index: callee }
        | Operator::RefFunc { function_index: callee }) = reader.read()?
        else {
            continue;
        };
        // The index follows an operator of one byte.
        calls.push(Call { at: at + 1..reader.original_position(), callee });
    }
    Ok(calls)
}

fn parse<R: Reencode>(reencoder: &mut R, bytes: &[u8]) -> Result<Vec<u8>, WasmError>
where
    Error<R::Error>: std::fmt::Display,
{
    let mut module = wasm_encoder::Module::new();
    utils::parse_core_module(reencoder, &mut module, Parser::new(0), bytes)
        .map_err(|error| WasmError::Malformed(error.to_string()))?;
    Ok(module.finish())
}

/// Collects the functions that are named outside of functions.
struct Outside {
    referred: Vec<u32>,
}

impl Reencode for Outside {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error> {
        self.referred.push(function);
        Ok(function)
    }

    fn parse_code_section(&mut self, _: &mut CodeSection, _: CodeSectionReader<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut wasm_encoder::Module, _: CustomSectionReader<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Writes a module with new function indices.
struct Renumber<'a, 'm> {
    module: &'a Module<'m>,
    /// For each function the new index of the one that takes its place.
    new: Vec<Option<u32>>,
    /// For each function its own new index.
    own: &'a [Option<u32>],
}

impl Renumber<'_, '_> {
    fn kept(&self) -> impl Iterator<Item = &Function> {
        let kept = |(index, _): &(u32, _)| self.own.get(*index as usize).copied().flatten().is_some();
        self.module.defined().filter(kept).map(|(_, function)| function)
    }

    /// The names of the module and its functions: what a backtrace shows.
    fn names(&self, names: NameSectionReader<'_>) -> NameSection {
        let mut kept = NameSection::new();
        // Nothing depends on names, so damaged ones are left out.
        for names in names.into_iter().flatten() {
            match names {
                Name::Module { name, .. } => kept.module(name),
                Name::Function(names) => {
                    let mut functions = NameMap::new();
                    for name in names.into_iter().flatten() {
                        if let Some(index) = self.own.get(name.index as usize).copied().flatten() {
                            functions.append(index, name.name);
                        }
                    }
                    kept.functions(&functions);
                }
                _ => {}
            }
        }
        kept
    }
}

impl Reencode for Renumber<'_, '_> {
    type Error = String;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<String>> {
        let new = self.new.get(function as usize).copied().flatten();
        new.ok_or_else(|| Error::UserError(format!("there is no function {function}")))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        _: FunctionSectionReader<'_>,
    ) -> Result<(), Error<String>> {
        for function in self.kept() {
            functions.function(function.ty);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, _: CodeSectionReader<'_>) -> Result<(), Error<String>> {
        for function in self.kept() {
            // Every callee was found to be called.
            let new = |callee: u32| self.new.get(callee as usize).copied().flatten().unwrap_or(callee);
            code.raw(&self.module.body(function, |callee, body| new(callee).encode(body)));
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut wasm_encoder::Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error<String>> {
        // Other custom sections, such as debug information, would refer to the old indices.
        if let KnownCustom::Name(names) = section.as_known() {
            module.section(&self.names(names));
        }
        Ok(())
    }
}
