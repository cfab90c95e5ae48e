//! Floats at a program's own boundary, where the other side passes them.

mod types;

use crate::Refused;
use crate::features::{self, readable};
use types::Floats;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::TypesRef;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentTypeRef, ExternalKind, Parser, Payload,
};

/// Refuses a lone core module with floats in its imports or exports.
///
/// # Errors
/// [`Refused::Imported`], [`Refused::Exported`].
pub(crate) fn module(types: TypesRef<'_>) -> Result<(), Refused> {
    for (module, name, ty) in types.core_imports().into_iter().flatten() {
        if types::entity(types, &ty) {
            return Err(Refused::Imported { name: readable(&format!("{module}::{name}")) });
        }
    }
    for (name, ty) in types.core_exports().into_iter().flatten() {
        if types::entity(types, &ty) {
            return Err(Refused::Exported { name: readable(name) });
        }
    }
    Ok(())
}

/// Refuses a component, or a component nested in it, if a function with floats is called from outside or calls
/// outside. Types that are only declared are ignored: there is no code for them.
///
/// # Errors
/// [`Refused::Lifted`], [`Refused::Called`], [`Refused::ModuleType`], [`Refused::ImportedModule`].
pub(crate) fn component(wasm: &[u8]) -> Result<(), Refused> {
    let mut validator = features::everything();
    let mut open: Vec<Names> = Vec::new();
    let mut floats = Floats::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        validator.payload(&payload)?;
        match &payload {
            Payload::Version { .. } => open.push(Names::default()),
            Payload::End(_) => drop(open.pop()),
            _ => {}
        }
        let outermost = open.len() == 1;
        if let (Some(names), Some(types)) = (open.last_mut(), validator.types(0)) {
            section(names, &payload, types, outermost, &mut floats)?;
        }
    }
    Ok(())
}

/// The names of a component's functions and instances, by their indices; empty if they have none.
#[derive(Default)]
struct Names {
    core: Vec<String>,
    functions: Vec<String>,
    instances: Vec<String>,
}

impl Names {
    fn add(&mut self, kind: ComponentExternalKind, name: impl FnOnce() -> String) {
        match kind {
            ComponentExternalKind::Func => self.functions.push(name()),
            ComponentExternalKind::Instance => self.instances.push(name()),
            _ => {}
        }
    }
}

fn at(names: &[String], index: u32, otherwise: &str) -> String {
    let name = names.get(index as usize).filter(|name| !name.is_empty());
    name.map_or_else(|| format!("{otherwise} {index}"), |name| readable(name))
}

fn section(
    names: &mut Names,
    payload: &Payload<'_>,
    types: TypesRef<'_>,
    outermost: bool,
    floats: &mut Floats,
) -> Result<(), Refused> {
    match payload {
        Payload::ComponentImportSection(section) => {
            for import in section.clone() {
                let import = import?;
                let name = import.name.name;
                if outermost && matches!(import.ty, ComponentTypeRef::Module(_)) {
                    return Err(Refused::ImportedModule { name: readable(name) });
                }
                handed_over(name, types.component_item_for_import(name).map(|item| &item.ty), types, floats)?;
                names.add(import.ty.kind(), || name.to_owned());
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section.clone() {
                let export = export?;
                let name = export.name.name;
                handed_over(name, types.component_item_for_export(name).map(|item| &item.ty), types, floats)?;
                names.add(export.kind, || name.to_owned());
            }
        }
        Payload::ComponentInstanceSection(section) => {
            names.instances.extend(section.clone().into_iter().map(|_| String::new()));
        }
        Payload::ComponentAliasSection(section) => {
            for alias in section.clone() {
                match alias? {
                    ComponentAlias::InstanceExport { kind, instance_index, name } => {
                        let instance = names.instances.get(instance_index as usize).cloned().unwrap_or_default();
                        names.add(kind, || {
                            if instance.is_empty() { name.to_owned() } else { format!("{instance}#{name}") }
                        });
                    }
                    ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, name, .. } => {
                        names.core.push(name.to_owned());
                    }
                    _ => {}
                }
            }
        }
        Payload::ComponentCanonicalSection(section) => {
            for canonical in section.clone() {
                match canonical? {
                    CanonicalFunction::Lift { core_func_index, type_index, .. } => {
                        let function = at(&names.core, core_func_index, "core function");
                        if let ComponentAnyTypeId::Func(ty) = types.component_any_type_at(type_index)
                            && floats.function(types, ty)
                        {
                            return Err(Refused::Lifted { function });
                        }
                        names.functions.push(function);
                    }
                    CanonicalFunction::Lower { func_index, .. } => {
                        let function = at(&names.functions, func_index, "function");
                        if floats.function(types, types.component_function_at(func_index)) {
                            return Err(Refused::Called { function });
                        }
                        names.core.push(function);
                    }
                    // All other functions handle resources, which are numbers.
                    _ => names.core.push(String::new()),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Refuses core modules with floats in their own imports or exports, if the component imports or exports them.
fn handed_over(
    name: &str,
    ty: Option<&ComponentEntityType>,
    types: TypesRef<'_>,
    floats: &mut Floats,
) -> Result<(), Refused> {
    match ty {
        Some(ty) if floats.modules(types, ty) => Err(Refused::ModuleType { name: readable(name) }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
