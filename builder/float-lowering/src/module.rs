//! A core module without floats: its items keep their places and indices, and added items come after them.

mod body;
mod calls;
mod code;
mod names;
mod scratch;
mod sites;
mod types;

use crate::plan::{Plan, Signature, is_float};
use crate::soft_float::SoftFloat;
use crate::{Lowered, Refused};
use calls::Calls;
use code::Code;
use names::FunctionNames;
use types::Types;
use wasm_encoder::{CustomSection, Encode, Instruction, Module, RawSection, SectionId};
use wasmparser::{GlobalSectionReader, ImportSectionReader, Operator, Parser, Payload, TagSectionReader, TypeRef};

/// The declarations of a module that matter to its functions.
pub(super) struct Shape<'m> {
    module: &'m [u8],
    types: Types,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    imported: usize,
    names: FunctionNames<'m>,
    calls: Calls,
}

impl Shape<'_> {
    fn type_of(&self, function: u32) -> Result<u32, Refused> {
        let found = self.functions.get(function as usize).copied();
        found.ok_or_else(|| Refused::Invalid(format!("there is no function {function}")))
    }

    fn signature(&self, function: u32) -> Result<&Signature, Refused> {
        self.types.own(self.type_of(function)?)
    }

    fn too_many_locals(&self, function: u32) -> Refused {
        let name = self.names.of(function);
        Refused::TooLarge(format!("{name} has as many locals as there may be, and needs another one"))
    }
}

/// What the lowering does with a section.
enum Section<'m> {
    Raw(u8, &'m [u8]),
    Changed(SectionId, Vec<u8>),
    Types,
    Functions,
    Code,
}

/// Lowers a core module. A module without floats is returned unchanged.
///
/// # Errors
/// [`Refused`] if the module is too large with the additions.
pub(crate) fn lower(module: &[u8], plan: &Plan) -> Result<Lowered, Refused> {
    let names = FunctionNames::read(module);
    let mut changed = names.lie();
    let mut shape =
        Shape { module, types: Types::default(), functions: Vec::new(), imported: 0, names, calls: Calls::default() };
    let mut code = Code::default();
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let raw = payload.as_section();
        let raw = raw.map(|(id, range)| Section::Raw(id, module.get(range).unwrap_or_default()));
        let section = match payload {
            Payload::TypeSection(section) => {
                shape.types = Types::read(section, plan)?;
                Some(Section::Types)
            }
            Payload::ImportSection(section) => {
                let patched = imports(section, &mut shape)?;
                patched.map(|section| Section::Changed(SectionId::Import, section)).or(raw)
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    shape.functions.push(ty?);
                }
                Some(Section::Functions)
            }
            Payload::TagSection(section) => {
                let rewritten = tags(section, &mut shape)?;
                rewritten.map(|section| Section::Changed(SectionId::Tag, section)).or(raw)
            }
            Payload::GlobalSection(section) => {
                let rewritten = globals(section, module)?;
                rewritten.map(|section| Section::Changed(SectionId::Global, section)).or(raw)
            }
            Payload::CodeSectionStart { .. } => Some(Section::Code),
            Payload::CodeSectionEntry(body) => {
                code.add(&mut shape, &body)?;
                None
            }
            Payload::CustomSection(section) if is_stale(section.name()) => None,
            _ => raw,
        };
        changed |= matches!(section, Some(Section::Changed(..)));
        sections.extend(section);
    }
    if !changed && !shape.types.changed() && !code.changed() {
        return Ok(Lowered { wasm: module.to_vec(), operators: 0, functions: 0, inlined: 0 });
    }
    finish(shape, code, sections)
}

/// Puts the module together.
fn finish(mut shape: Shape<'_>, mut code: Code<'_>, sections: Vec<Section<'_>>) -> Result<Lowered, Refused> {
    let soft_float = SoftFloat::embedded()?;
    let added = code.choose(&mut shape, soft_float)?;
    let mut bodies = code.encode(&shape, soft_float, &added)?;
    let mut out = Module::new();
    for section in sections {
        let (id, data) = match section {
            Section::Raw(id, data) => {
                out.section(&RawSection { id, data });
                continue;
            }
            Section::Changed(id, data) => (id, data),
            Section::Types => (SectionId::Type, shape.types.encode(shape.module)?),
            Section::Functions => {
                let mut data = Vec::new();
                let own = shape.functions.get(shape.imported..).unwrap_or_default();
                (own.len() + added.types.len()).encode(&mut data);
                own.iter().chain(&added.types).for_each(|ty| ty.encode(&mut data));
                (SectionId::Function, data)
            }
            Section::Code => (SectionId::Code, std::mem::take(&mut bodies)),
        };
        out.section(&RawSection { id: id.into(), data: &data });
    }
    let added_names = added.functions.iter().filter_map(|number| soft_float.functions.get(*number));
    let names = shape.names.rewritten(shape.functions.len(), added_names.map(|function| function.name.as_str()));
    if let Some(data) = names {
        out.section(&CustomSection { name: "name".into(), data: data.into() });
    }
    let (operators, functions, inlined) = code.counts();
    Ok(Lowered { wasm: out.finish(), operators, functions, inlined })
}

/// Custom sections that are left out: those that refer to positions in the code, which change, and names, which are
/// written again.
fn is_stale(custom: &str) -> bool {
    let debugging = matches!(custom, "sourceMappingURL" | "external_debug_info") || custom.starts_with(".debug_");
    custom == "name" || debugging || custom.starts_with("metadata.code.") || custom.starts_with("reloc.")
}

/// Notes the imports. Returns the section's new contents if it has global variables with floats, or tags whose type
/// is another one.
fn imports(section: ImportSectionReader<'_>, shape: &mut Shape<'_>) -> Result<Option<Vec<u8>>, Refused> {
    let range = section.range();
    let mut changes = Vec::new();
    let mut ends = Vec::new();
    for import in section.into_imports_with_offsets() {
        let (start, import) = import?;
        ends.push(start);
        let mut encoded = Vec::new();
        match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => shape.functions.push(ty),
            TypeRef::Global(ty) if is_float(ty.content_type) => {
                types::encoded(ty.content_type)?.encode(&mut encoded);
                encoded.push(u8::from(ty.mutable));
            }
            TypeRef::Tag(tag) => {
                let new = shape.types.of_block(tag.func_type_idx)?;
                if new != tag.func_type_idx {
                    new.encode(&mut encoded);
                }
            }
            _ => {}
        }
        if !encoded.is_empty() {
            changes.push((ends.len(), import.ty, encoded));
        }
    }
    ends.push(range.end);
    shape.imported = shape.functions.len();
    if changes.is_empty() {
        return Ok(None);
    }
    let (mut out, mut copied) = (Vec::new(), range.start);
    for (number, ty, encoded) in changes {
        let end = ends.get(number).copied().unwrap_or(range.end);
        let before = shape.module.get(copied..end).unwrap_or_default();
        // An import ends in the type of a global variable and whether it can be changed, or in the index of a tag's
        // type: all bytes of a number but its last one have the highest bit.
        let replaced = match ty {
            TypeRef::Tag(_) => before.iter().rev().skip(1).take_while(|byte| **byte >= 0x80).count() + 1,
            _ => 2,
        };
        let kept = before.len().checked_sub(replaced).and_then(|kept| before.get(..kept));
        out.extend_from_slice(kept.ok_or_else(|| Refused::Invalid("an import is cut off".to_owned()))?);
        out.extend_from_slice(&encoded);
        copied = end;
    }
    out.extend_from_slice(shape.module.get(copied..range.end).unwrap_or_default());
    Ok(Some(out))
}

/// The contents of the section of tags, if one has another type. No call compares the types of tags, so they need no
/// parameters that keep them distinct.
fn tags(section: TagSectionReader<'_>, shape: &mut Shape<'_>) -> Result<Option<Vec<u8>>, Refused> {
    /// The only kind of tags.
    const EXCEPTION: u8 = 0;
    let (mut out, mut changed) = (Vec::new(), false);
    section.count().encode(&mut out);
    for tag in section {
        let ty = tag?.func_type_idx;
        let new = shape.types.of_block(ty)?;
        changed |= new != ty;
        out.push(EXCEPTION);
        new.encode(&mut out);
    }
    Ok(changed.then_some(out))
}

/// The contents of the section of global variables, if it has floats.
fn globals(section: GlobalSectionReader<'_>, module: &[u8]) -> Result<Option<Vec<u8>>, Refused> {
    let (mut out, mut changed) = (Vec::new(), false);
    section.count().encode(&mut out);
    for global in section {
        let global = global?;
        let floats = is_float(global.ty.content_type);
        types::encoded(global.ty.content_type)?.encode(&mut out);
        out.push(u8::from(global.ty.mutable));
        changed |= floats;
        let mut reader = global.init_expr.get_operators_reader();
        let mut at = reader.original_position();
        while !reader.eof() {
            match reader.read()? {
                Operator::F32Const { value } => Instruction::I32Const(value.bits().cast_signed()).encode(&mut out),
                Operator::F64Const { value } => Instruction::I64Const(value.bits().cast_signed()).encode(&mut out),
                _ => out.extend_from_slice(module.get(at..reader.original_position()).unwrap_or_default()),
            }
            at = reader.original_position();
        }
    }
    Ok(changed.then_some(out))
}

#[cfg(test)]
mod tests;
