//! Patches the adapter in three places.
//!
//! - It knows only success and failure: `proc_exit(3)` calls `wasi:cli/exit.exit(err)`, and the code is
//!   lost. Its own types do have `exit-with-code`, which is lowered to the same core signature. So the
//!   import gets the other name, and the body of `proc_exit` passes its argument on.
//! - It takes a page of the program's memory for its state when it first needs it. A program that used
//!   all its memory until then, and would handle that well, traps on its next call. So `run` takes the
//!   page before the program starts.
//! - Reading or writing without a buffer succeeds whatever the descriptor is. So the functions that do it ask
//!   another one about the descriptor first, which has no other effect.

use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{BlockType, CodeSection, Function, ImportSection, Module};
use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

/// The import that ends a program.
const EXIT_INTERFACE: &str = "wasi:cli/exit@";
const EXIT: &str = "exit";
const EXIT_WITH_CODE: &str = "exit-with-code";

/// The end of the mangled name of the function that returns the state, and makes it first if necessary.
const STATE: &str = "5State3ptr";

/// Take a descriptor, buffers, and the number of buffers.
const TRANSFERS: [&str; 4] = ["fd_read", "fd_write", "fd_pread", "fd_pwrite"];

/// Takes a descriptor and two sets of rights, and says [`BADF`] or that there are no rights to set.
const KNOWS_DESCRIPTORS: &str = "fd_fdstat_set_rights";

/// No such descriptor, as WASI 0.1 numbers errors.
const BADF: i32 = 8;

fn is_exit(import: &wasmparser::Import<'_>) -> bool {
    import.module.starts_with(EXIT_INTERFACE) && import.name == EXIT
}

/// What matters of the adapter, by index.
#[derive(Default)]
struct Indices {
    imported_functions: u32,
    exit: Option<u32>,
    proc_exit: Option<u32>,
    run: Option<u32>,
    state: Option<u32>,
    transfers: Vec<u32>,
    knows_descriptors: Option<u32>,
}

fn indices(adapter: &[u8]) -> wasmparser::Result<Indices> {
    let mut indices = Indices::default();
    for payload in Parser::new(0).parse_all(adapter) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        if is_exit(&import) {
                            indices.exit = Some(indices.imported_functions);
                        }
                        indices.imported_functions += 1;
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    match export.name {
                        _ if export.kind != ExternalKind::Func => {}
                        "proc_exit" => indices.proc_exit = Some(export.index),
                        KNOWS_DESCRIPTORS => indices.knows_descriptors = Some(export.index),
                        name if TRANSFERS.contains(&name) => indices.transfers.push(export.index),
                        name if name.starts_with("wasi:cli/run@") => indices.run = Some(export.index),
                        _ => {}
                    }
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for name in names {
                    let Name::Function(functions) = name? else { continue };
                    for function in functions {
                        let function = function?;
                        if function.name.ends_with(STATE) {
                            indices.state = Some(function.index);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(indices)
}

struct Patch {
    exit: u32,
    proc_exit: u32,
    run: u32,
    state: u32,
    transfers: Vec<u32>,
    knows_descriptors: u32,
    /// The index of the next function with a body.
    next: u32,
}

impl Reencode for Patch {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let name = if is_exit(&import) { EXIT_WITH_CODE } else { import.name };
            let ty = self.entity_type(import.ty)?;
            imports.import(import.module, name, ty);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        let index = self.next;
        self.next += 1;
        if index == self.proc_exit {
            let mut function = Function::new([]);
            function.instructions().local_get(0).call(self.exit).unreachable().end();
            code.function(&function);
            return Ok(());
        }
        if index != self.run && !self.transfers.contains(&index) {
            return reencode::utils::parse_function_body(self, code, body);
        }
        let mut function = self.new_function_with_parsed_locals(&body)?;
        if index == self.run {
            function.instructions().call(self.state).drop();
        } else {
            self.check_descriptor(&mut function);
        }
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            function.instruction(&self.parse_instruction(&mut operators)?);
        }
        code.function(&function);
        Ok(())
    }
}

impl Patch {
    /// If there is no buffer, returns [`BADF`] if there is no such descriptor either.
    fn check_descriptor(&self, function: &mut Function) {
        let (descriptor, buffers) = (0, 2);
        let mut code = function.instructions();
        code.local_get(buffers).i32_eqz().if_(BlockType::Empty);
        code.local_get(descriptor).i64_const(0).i64_const(0).call(self.knows_descriptors);
        code.i32_const(BADF).i32_eq().if_(BlockType::Empty).i32_const(BADF).return_().end();
        code.end();
    }
}

/// The adapter, patched; `None` where it does not look as expected.
pub fn patched(adapter: &[u8]) -> Option<Vec<u8>> {
    let indices = indices(adapter).ok()?;
    let mut patch = Patch {
        exit: indices.exit?,
        proc_exit: indices.proc_exit?,
        run: indices.run?,
        state: indices.state?,
        transfers: Some(indices.transfers).filter(|found| found.len() == TRANSFERS.len())?,
        knows_descriptors: indices.knows_descriptors?,
        next: indices.imported_functions,
    };
    let mut module = Module::new();
    patch.parse_core_module(&mut module, Parser::new(0), adapter).ok()?;
    Some(module.finish())
}

#[cfg(test)]
mod tests {
    use super::patched;
    use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;

    #[test]
    fn the_pinned_adapter_looks_as_expected() {
        let adapter = patched(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER).expect("an adapter as expected");
        wasmparser::Validator::new().validate_all(&adapter).expect("a valid module");
    }

    #[test]
    fn another_module_is_left_alone() {
        assert!(patched(b"\0asm\x01\0\0\0").is_none());
        assert!(patched(b"").is_none());
    }
}
