//! Which types have floats in them, however deep.

use crate::plan::{has_float, is_float};
use std::collections::HashSet;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType, ComponentFuncTypeId,
    ComponentItem, ComponentValType,
};
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};
use wasmparser::{CompositeInnerType, HeapType, PrimitiveValType, UnpackedIndex, ValType};

/// Whether an import or export of a core module has floats.
pub fn entity(types: TypesRef<'_>, ty: &EntityType) -> bool {
    match ty {
        EntityType::Func(id) | EntityType::FuncExact(id) | EntityType::Tag(id) => function(types, *id),
        EntityType::Global(global) => value(types, &global.content_type),
        EntityType::Table(table) => value(types, &ValType::Ref(table.element_type)),
        EntityType::Memory(_) => false,
    }
}

fn function(types: TypesRef<'_>, id: CoreTypeId) -> bool {
    match &types[id].composite_type.inner {
        CompositeInnerType::Func(ty) => has_float(ty),
        _ => false,
    }
}

/// A float, or a reference to a function with floats.
fn value(types: TypesRef<'_>, ty: &ValType) -> bool {
    let ValType::Ref(reference) = ty else { return is_float(*ty) };
    match reference.heap_type() {
        HeapType::Concrete(UnpackedIndex::Id(id)) | HeapType::Exact(UnpackedIndex::Id(id)) => function(types, id),
        _ => false,
    }
}

/// Looks for floats in a component's types. A type that was found to be without floats is not looked at again, so
/// that the cost for types made of each other grows only with their length.
#[derive(Default)]
pub struct Floats {
    without: HashSet<ComponentDefinedTypeId>,
    seen: HashSet<ComponentAnyTypeId>,
}

impl Floats {
    /// Whether a function takes or returns floats.
    pub fn function(&mut self, types: TypesRef<'_>, id: ComponentFuncTypeId) -> bool {
        let ty = &types[id];
        ty.params.iter().map(|(_, ty)| ty).chain(&ty.result).any(|ty| self.value(types, ty))
    }

    /// Whether there is a core module with floats in its own imports or exports among what is passed.
    pub fn modules(&mut self, types: TypesRef<'_>, ty: &ComponentEntityType) -> bool {
        let (id, items): (ComponentAnyTypeId, Vec<&ComponentItem>) = match ty {
            ComponentEntityType::Module(id) => {
                let module = &types[*id];
                return module.imports.values().chain(module.exports.values()).any(|ty| entity(types, ty));
            }
            ComponentEntityType::Instance(id) => ((*id).into(), types[*id].exports.values().collect()),
            ComponentEntityType::Component(id) => {
                ((*id).into(), types[*id].imports.values().chain(types[*id].exports.values()).collect())
            }
            ComponentEntityType::Func(_) | ComponentEntityType::Value(_) | ComponentEntityType::Type { .. } => {
                return false;
            }
        };
        self.seen.insert(id) && items.iter().any(|item| self.modules(types, &item.ty))
    }

    fn value(&mut self, types: TypesRef<'_>, ty: &ComponentValType) -> bool {
        match ty {
            ComponentValType::Primitive(ty) => primitive(*ty),
            ComponentValType::Type(id) => self.defined(types, *id),
        }
    }

    /// The greatest depth of nested types, which the validator enforces.
    fn defined(&mut self, types: TypesRef<'_>, id: ComponentDefinedTypeId) -> bool {
        use ComponentDefinedType as Type;
        if self.without.contains(&id) {
            return false;
        }
        let found = match &types[id] {
            Type::Primitive(ty) => primitive(*ty),
            Type::Record(record) => record.fields.values().any(|ty| self.value(types, ty)),
            Type::Variant(variant) => {
                variant.cases.values().filter_map(|case| case.ty.as_ref()).any(|ty| self.value(types, ty))
            }
            Type::Tuple(tuple) => tuple.types.iter().any(|ty| self.value(types, ty)),
            Type::List { element, .. } | Type::FixedLengthList { element, .. } => self.value(types, element),
            Type::Map { key, value, .. } => self.value(types, key) || self.value(types, value),
            Type::Option { ty, .. } => self.value(types, ty),
            Type::Result { ok, err, .. } => ok.iter().chain(err).any(|ty| self.value(types, ty)),
            Type::Future { ty, .. } | Type::Stream { ty, .. } => ty.iter().any(|ty| self.value(types, ty)),
            Type::Flags(_) | Type::Enum(_) | Type::Own(_) | Type::Borrow(_) => false,
        };
        if !found {
            self.without.insert(id);
        }
        found
    }
}

fn primitive(ty: PrimitiveValType) -> bool {
    matches!(ty, PrimitiveValType::F32 | PrimitiveValType::F64)
}
