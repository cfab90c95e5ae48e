//! What a WebAssembly file imports, exports and needs at least, without validating it.

use crate::wasm_error::WasmError;
use wasmparser::{ComponentInstance, Encoding, ExternalKind, Instance, Parser, Payload, TypeRef};
use wasmstone_eapp::MEMORY;

/// What was found.
#[derive(Debug, Default)]
pub struct Outline {
    /// What the outermost module or component imports: module (empty for a component) and name.
    pub imports: Vec<Import>,
    /// Names that the outermost module or component exports.
    pub exports: Vec<String>,
    /// Whether the outermost module exports a memory under this name, which functions of WASI 0.1 work on.
    pub has_memory: bool,
    /// Whether the outermost module has a function that runs when it is instantiated.
    pub begins: bool,
    /// Bytes that the memories of all core modules have at start, together.
    pub minimum_memory: u64,
    /// Memories that all core modules define, together.
    pub memories: u64,
    /// Core modules and components inside, and how often one is instantiated.
    nested: u64,
    instances: u64,
    /// Elements that the largest table of all core modules has at start.
    pub largest_table: u64,
}

impl Outline {
    /// Whether the program may have more than one memory when it runs. What is instantiated more than
    /// once has its memory as often.
    pub fn has_several_memories(&self) -> bool {
        self.memories > 1 || self.instances > self.nested
    }
}

/// An import of the outermost module or component.
#[derive(Debug)]
pub struct Import {
    /// The module of a core import; empty for a component's.
    pub module: String,
    /// The name.
    pub name: String,
    /// Whether a core module imports a function.
    pub is_function: bool,
    /// Whether a core module imports a memory.
    pub is_memory: bool,
}

/// Walks through a file and everything nested in it.
///
/// # Errors
/// [`WasmError::Malformed`].
pub fn read(wasm: &[u8]) -> Result<Outline, WasmError> {
    let mut outline = Outline::default();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(wasm) {
        let outermost = depth == 1;
        match payload? {
            Payload::Version { encoding: Encoding::Module | Encoding::Component, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    let size = memory.initial.saturating_mul(1 << memory.page_size_log2.unwrap_or(16).min(63));
                    outline.memories += 1;
                    outline.minimum_memory = outline.minimum_memory.saturating_add(size);
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => outline.nested += 1,
            Payload::InstanceSection(section) => {
                for instance in section {
                    outline.instances += u64::from(matches!(instance?, Instance::Instantiate { .. }));
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    outline.instances += u64::from(matches!(instance?, ComponentInstance::Instantiate { .. }));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    outline.largest_table = outline.largest_table.max(table?.ty.initial);
                }
            }
            Payload::ImportSection(section) if outermost => {
                for import in section.into_imports() {
                    let import = import?;
                    outline.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        is_function: matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)),
                        is_memory: matches!(import.ty, TypeRef::Memory(_)),
                    });
                }
            }
            Payload::ExportSection(section) if outermost => {
                for export in section {
                    let export = export?;
                    outline.has_memory |= export.kind == ExternalKind::Memory && export.name == MEMORY;
                    outline.exports.push(export.name.to_owned());
                }
            }
            Payload::StartSection { .. } if outermost => outline.begins = true,
            Payload::ComponentImportSection(section) if outermost => {
                for import in section {
                    let name = import?.name.name.to_owned();
                    outline.imports.push(Import { module: String::new(), name, is_function: false, is_memory: false });
                }
            }
            Payload::ComponentExportSection(section) if outermost => {
                for export in section {
                    outline.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(outline)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn nested_memories_are_added_up() {
        let component = wat::parse_str(
            "(component
                (core module (memory 2))
                (component (core module (memory 3) (func (export \"inner\")))))",
        )
        .unwrap();
        let outline = read(&component).unwrap();
        assert_eq!(outline.minimum_memory, 5 << 16);
        assert!(outline.exports.is_empty(), "{:?}", outline.exports);
    }

    #[test]
    fn several_memories_are_known_from_one() {
        let several = |text: &str| read(&wat::parse_str(text).unwrap()).unwrap().has_several_memories();
        let module = "(core module $m (memory 1))";
        assert!(!several(&format!("(component {module} (core instance (instantiate $m)))")));
        assert!(several(&format!("(component {module} (core module (memory 0)))")));
        assert!(several(&format!(
            "(component {module} (core instance (instantiate $m)) (core instance (instantiate $m)))"
        )));
        assert!(several(&format!(
            "(component (component $c {module} (core instance (instantiate $m)))
                (instance (instantiate $c)) (instance (instantiate $c)))"
        )));
    }

    #[test]
    fn the_largest_table_is_found() {
        let component = wat::parse_str(
            "(component
                (core module (table 7 funcref) (table 9 funcref))
                (component (core module (table 8 externref))))",
        )
        .unwrap();
        assert_eq!(read(&component).unwrap().largest_table, 9);
    }

    #[test]
    fn a_truncated_file_is_malformed() {
        let module = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        for end in 9..module.len() {
            // A cut between sections leaves a file that is whole, but without what followed.
            if let Ok(outline) = read(&module[..end]) {
                assert!(outline.exports.is_empty() || end > module.len() - 10);
            }
        }
        assert!(read(&module[..module.len() - 1]).is_err());
    }
}
