//! Interfaces of WASI 0.2 that are not served: HTTP. A program may import them, and gets
//! an error code from every call that has one.
//!
//! Nothing is known here of the interfaces but their names: which error a function can return is read
//! from the component's own types. Where a function cannot fail, it answers with nothing: an empty
//! list, a zero, a resource behind which there is nothing.

use crate::guest::Guest;
use alloc::{boxed::Box, string::String, vec::Vec};
use wasmtime::component::types::{ComponentItem, ResultType};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceType, Type, Val};
use wasmtime::{Result, StoreContextMut, bail};

/// Interfaces that begin with one of these are refused.
const REFUSED: [&str; 1] = ["wasi:http/"];

/// Error cases that say best what is the matter, the first one wins.
const REASONS: [&str; 1] = ["HTTP-request-denied"];

/// A resource that stands for nothing.
struct Nothing;

/// Defines what `component` imports of the refused interfaces.
///
/// # Errors
/// Where memory runs out.
pub fn add_to_linker(linker: &mut Linker<Guest>, component: &Component) -> Result<()> {
    let engine = linker.engine().clone();
    // An interface names the resources of others again that it uses; only the first is a definition.
    let mut defined = Vec::new();
    for (name, item) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        let refused = REFUSED.iter().any(|prefix| name.starts_with(prefix));
        let mut instance = if refused { Some(linker.instance(name)?) } else { None };
        for (name, item) in interface.exports(&engine) {
            if let ComponentItem::Resource(ty) = item.ty {
                if defined.contains(&ty) {
                    continue;
                }
                defined.push(ty);
            }
            if let Some(instance) = &mut instance {
                refuse(instance, name, &item.ty)?;
            }
        }
    }
    Ok(())
}

fn refuse(instance: &mut LinkerInstance<'_, Guest>, name: &str, item: &ComponentItem) -> Result<()> {
    match item {
        ComponentItem::Resource(_) => instance.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(())),
        ComponentItem::ComponentFunc(_) => instance.func_new(name, |mut store, ty, params, results| {
            // What was lent has to be given back, what was given is ours to drop.
            for param in params {
                if let Val::Resource(resource) = param {
                    resource.resource_drop(&mut store)?;
                }
            }
            for (result, ty) in results.iter_mut().zip(ty.results()) {
                *result = refusal(&mut store, &ty)?;
            }
            Ok(())
        }),
        _ => Ok(()),
    }
}

/// The value of type `ty` that says no, as far as one does.
fn refusal(store: &mut StoreContextMut<'_, Guest>, ty: &Type) -> Result<Val> {
    match ty {
        Type::Result(ty) => match denied(ty) {
            Some(error) => Ok(Val::Result(Err(Some(Box::new(error))))),
            None => unfailing(store, ty),
        },
        _ => nothing(store, ty),
    }
}

/// The error case that says so, where the result has one.
fn denied(ty: &ResultType) -> Option<Val> {
    let error = ty.err()?;
    let (cases, with_payload): (Vec<(String, bool)>, bool) = match &error {
        Type::Enum(ty) => (ty.names().map(|name| (name.into(), false)).collect(), false),
        Type::Variant(ty) => (ty.cases().map(|case| (case.name.into(), case.ty.is_some())).collect(), true),
        _ => return None,
    };
    let reason = REASONS.iter().find(|reason| cases.iter().any(|(name, payload)| name == *reason && !payload))?;
    Some(if with_payload { Val::Variant((*reason).into(), None) } else { Val::Enum((*reason).into()) })
}

/// A result without a fitting error: failed where that carries nothing, else done, with nothing.
fn unfailing(store: &mut StoreContextMut<'_, Guest>, ty: &ResultType) -> Result<Val> {
    match (ty.ok(), ty.err()) {
        (Some(_), None) => Ok(Val::Result(Err(None))),
        (ok, _) => {
            let value = ok.map(|ok| nothing(store, &ok)).transpose()?;
            Ok(Val::Result(Ok(value.map(Box::new))))
        }
    }
}

/// The emptiest value of a type.
fn nothing(store: &mut StoreContextMut<'_, Guest>, ty: &Type) -> Result<Val> {
    Ok(match ty {
        Type::Bool => Val::Bool(false),
        Type::U8 => Val::U8(0),
        Type::U16 => Val::U16(0),
        Type::U32 => Val::U32(0),
        Type::U64 => Val::U64(0),
        Type::String => Val::String(String::new()),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Own(_) => Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(store)?),
        Type::Result(ty) => unfailing(store, ty)?,
        Type::Tuple(ty) => Val::Tuple(ty.types().map(|ty| nothing(store, &ty)).collect::<Result<_>>()?),
        _ => bail!("this interface is not served in an enclave"),
    })
}
