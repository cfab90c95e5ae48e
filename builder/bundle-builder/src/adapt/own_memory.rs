//! What a program sees of its memory when the adapter has added pages to it.
//!
//! The adapter grows the program's memory by a page of stack and one of state. Allocators take for their
//! first heap what lies between the program's data and `memory.size`, those pages included (Debian's
//! wasi-libc and AssemblyScript do), and overwrite them. So the program is changed to see where its own
//! part ends: `memory.size` answers the end of the pages that it began with or added itself, and
//! `memory.grow` remembers it. What `memory.grow` returns is the truth, so that what is added lies behind
//! the adapter's pages, as if another library had called `sbrk`.

use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, Instruction, Module,
    TypeSection, ValType,
};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

/// What matters of a program.
#[derive(Default)]
struct Facts {
    types: u32,
    functions: u32,
    globals: u32,
    imported_memories: bool,
    /// The memory that the adapter uses, and the pages that it begins with.
    memory: Option<u32>,
    pages: Vec<u64>,
    asks: bool,
}

fn facts(program: &[u8]) -> wasmparser::Result<Facts> {
    let mut facts = Facts::default();
    for payload in Parser::new(0).parse_all(program) {
        match payload? {
            Payload::TypeSection(section) => facts.types = section.into_iter_err_on_gc_types().count() as u32,
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) => facts.functions += 1,
                        TypeRef::Global(_) => facts.globals += 1,
                        TypeRef::Memory(_) => facts.imported_memories = true,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => facts.functions += section.count(),
            Payload::GlobalSection(section) => facts.globals += section.count(),
            Payload::MemorySection(section) => {
                for memory in section {
                    facts.pages.push(memory?.initial);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Memory && export.name == "memory" {
                        facts.memory = Some(export.index);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    facts.asks |= matches!(operator?, Operator::MemorySize { .. } | Operator::MemoryGrow { .. });
                }
            }
            _ => {}
        }
    }
    Ok(facts)
}

struct Rewrite {
    memory: u32,
    pages: i32,
    /// The indices of what is added.
    end: u32,
    grow: u32,
    grow_type: u32,
}

impl Rewrite {
    /// `memory.grow`, which remembers where the program's own part ends. Growing by nothing asks for it.
    fn grow_body(&self) -> Function {
        let (delta, old) = (0, 1);
        let mut function = Function::new([(1, ValType::I32)]);
        let mut code = function.instructions();
        code.local_get(delta).i32_eqz().if_(BlockType::Empty).global_get(self.end).return_().end();
        code.local_get(delta).memory_grow(self.memory).local_tee(old);
        code.i32_const(-1).i32_ne().if_(BlockType::Empty);
        code.local_get(old).local_get(delta).i32_add().global_set(self.end).end();
        code.local_get(old).end();
        function
    }
}

impl Reencode for Rewrite {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        reencode::utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], [ValType::I32]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        reencode::utils::parse_function_section(self, functions, section)?;
        functions.function(self.grow_type);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        reencode::utils::parse_global_section(self, globals, section)?;
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i32_const(self.pages));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        reencode::utils::parse_code_section(self, code, section)?;
        code.function(&self.grow_body());
        Ok(())
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, reencode::Error<Infallible>> {
        match operator {
            Operator::MemorySize { mem } if mem == self.memory => Ok(Instruction::GlobalGet(self.end)),
            Operator::MemoryGrow { mem } if mem == self.memory => Ok(Instruction::Call(self.grow)),
            other => reencode::utils::instruction(self, other),
        }
    }
}

/// The program that sees its own part of the memory; `None` where it never asks, or where what it asks
/// about is not a memory of its own.
pub fn hide_added_pages(program: &[u8]) -> Option<Vec<u8>> {
    let facts = facts(program).ok()?;
    // Programs of any compiler have globals, the stack pointer first; without any they are left alone.
    if !facts.asks || facts.imported_memories || facts.globals == 0 {
        return None;
    }
    let memory = facts.memory?;
    let pages = facts.pages.get(usize::try_from(memory).ok()?)?;
    let mut rewrite = Rewrite {
        memory,
        pages: i32::try_from(*pages).ok()?,
        end: facts.globals,
        grow: facts.functions,
        grow_type: facts.types,
    };
    let mut module = Module::new();
    rewrite.parse_core_module(&mut module, Parser::new(0), program).ok()?;
    Some(module.finish())
}

#[cfg(test)]
mod tests {
    use super::hide_added_pages;
    use wasmtime::{Engine, Instance, Module, Store};

    const PROGRAM: &str = r#"(module
        (memory (export "memory") 3 6)
        (global (mut i32) (i32.const 0))
        (func (export "size") (result i32) memory.size)
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))"#;

    #[test]
    fn pages_of_others_are_not_seen() {
        let program = hide_added_pages(&wat::parse_str(PROGRAM).unwrap()).expect("it asks");
        let engine = Engine::default();
        let module = Module::new(&engine, program).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let size = instance.get_typed_func::<(), i32>(&mut store, "size").unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();

        assert_eq!(size.call(&mut store, ()).unwrap(), 3);
        memory.grow(&mut store, 2).unwrap();
        assert_eq!(size.call(&mut store, ()).unwrap(), 3);
        assert_eq!(grow.call(&mut store, 0).unwrap(), 3);
        assert_eq!(grow.call(&mut store, 2).unwrap(), -1);
        assert_eq!(size.call(&mut store, ()).unwrap(), 3);
        assert_eq!(grow.call(&mut store, 1).unwrap(), 5);
        assert_eq!(size.call(&mut store, ()).unwrap(), 6);
    }

    #[test]
    fn programs_that_do_not_ask_are_left_alone() {
        for program in [
            "(module (memory (export \"memory\") 1) (global i32 (i32.const 0)))",
            "(module (memory (export \"memory\") 1) (func (result i32) memory.size))",
            "(module (memory 1) (global i32 (i32.const 0)) (func (result i32) memory.size))",
        ] {
            assert!(hide_added_pages(&wat::parse_str(program).unwrap()).is_none(), "{program}");
        }
        assert!(hide_added_pages(b"not wasm").is_none());
    }
}
