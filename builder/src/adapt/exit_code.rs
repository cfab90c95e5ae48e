//! Exit codes through the adapter.
//!
//! The adapter knows only success and failure: `proc_exit(3)` calls `wasi:cli/exit.exit(err)`, and the
//! code is lost. Its own types do have `exit-with-code`, which is lowered to the same core signature.
//! So the import is named anew, and the body of `proc_exit` hands its argument on.

use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, Function, ImportSection, Module};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// The import that ends a program.
const EXIT_INTERFACE: &str = "wasi:cli/exit@";
const EXIT: &str = "exit";
const EXIT_WITH_CODE: &str = "exit-with-code";

fn is_exit(import: &wasmparser::Import<'_>) -> bool {
    import.module.starts_with(EXIT_INTERFACE) && import.name == EXIT
}

/// What matters of the adapter, by index.
#[derive(Default)]
struct Survey {
    imported_functions: u32,
    exit: Option<u32>,
    proc_exit: Option<u32>,
}

fn survey(adapter: &[u8]) -> wasmparser::Result<Survey> {
    let mut survey = Survey::default();
    for payload in Parser::new(0).parse_all(adapter) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if matches!(import.ty, TypeRef::Func(_)) {
                        if is_exit(&import) {
                            survey.exit = Some(survey.imported_functions);
                        }
                        survey.imported_functions += 1;
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func && export.name == "proc_exit" {
                        survey.proc_exit = Some(export.index);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(survey)
}

struct Rewrite {
    exit: u32,
    proc_exit: u32,
    /// The index of the next function with a body.
    next: u32,
}

impl Reencode for Rewrite {
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
        if index != self.proc_exit {
            return reencode::utils::parse_function_body(self, code, body);
        }
        let mut function = Function::new([]);
        function.instructions().local_get(0).call(self.exit).unreachable().end();
        code.function(&function);
        Ok(())
    }
}

/// The adapter with exit codes; `None` where it does not look as expected.
pub fn keep_exit_codes(adapter: &[u8]) -> Option<Vec<u8>> {
    let survey = survey(adapter).ok()?;
    let mut rewrite = Rewrite { exit: survey.exit?, proc_exit: survey.proc_exit?, next: survey.imported_functions };
    let mut module = Module::new();
    rewrite.parse_core_module(&mut module, Parser::new(0), adapter).ok()?;
    Some(module.finish())
}

#[cfg(test)]
mod tests {
    use super::keep_exit_codes;
    use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;

    #[test]
    fn the_pinned_adapter_looks_as_expected() {
        let adapter = keep_exit_codes(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER).expect("an adapter as expected");
        wasmparser::Validator::new().validate_all(&adapter).expect("a valid module");
    }

    #[test]
    fn another_module_is_left_alone() {
        assert!(keep_exit_codes(b"\0asm\x01\0\0\0").is_none());
        assert!(keep_exit_codes(b"").is_none());
    }
}
