//! Programs and their linker: every import of a component is served here or refused here.

use crate::guest::Guest;
use crate::interfaces;
use crate::wasi::{self, p1};
use alloc::format;
use wasmstone_policy::Entry;
use wasmtime::{
    Engine, ExternType, Module, Store, bail, component::Component, component::ComponentExportIndex, component::Linker,
    format_err,
};

/// Whether a component can be linked in an enclave and has this entry point. The builder calls it, so the linker is
/// the one that the enclave uses.
///
/// # Errors
/// Names the first import that does not exist or has another type, or the entry point that does not exist.
pub fn check(component: &Component, entry: Entry) -> wasmtime::Result<()> {
    linker(component)?.instantiate_pre(component)?;
    entry_point(component, entry).map(drop)
}

/// As [`check`], for a core module. It is always a command.
///
/// # Errors
/// Names the first import that does not exist or has another type, or the function that cannot be called.
pub fn check_module(module: &Module) -> wasmtime::Result<()> {
    p1::check(module)?;
    for function in module_functions(module)? {
        match module.get_export(function) {
            Some(ExternType::Func(ty)) if ty.params().len() == 0 => {}
            _ => bail!("the program's export \"{function}\" is no function without parameters"),
        }
    }
    Ok(())
}

/// The functions of a core module that are called, one after the other: as under `wasmtime run`, `_start` of a command,
/// or `_initialize` of a reactor, but instead of `_start` the function with the empty name if there is one.
///
/// # Errors
/// If it is both a command and a reactor.
pub fn module_functions(module: &Module) -> wasmtime::Result<impl Iterator<Item = &'static str>> {
    let exports = |name: &&'static str| module.get_export(name).is_some();
    let (start, initialize) = (Some("_start").filter(exports), Some("_initialize").filter(exports));
    if start.is_some() && initialize.is_some() {
        bail!("the program exports \"_start\" of a command and \"_initialize\" of a reactor");
    }
    Ok(initialize.into_iter().chain(Some("").filter(exports).or(start)))
}

/// The function that is called.
///
/// # Errors
/// If the component does not export it.
pub fn entry_point(component: &Component, entry: Entry) -> wasmtime::Result<ComponentExportIndex> {
    // Wasmtime finds every compatible version under this name.
    let (interface, function) = match entry {
        Entry::Command => interfaces::COMMAND,
        Entry::Http => interfaces::HTTP_HANDLER,
    };
    let interface = format!("{interface}@{}", interfaces::WASI_VERSION);
    let found = component.get_export_index(None, &interface);
    let found = found.and_then(|interface| component.get_export_index(Some(&interface), function));
    found.ok_or_else(|| format_err!("the program does not export {function} of {interface}"))
}

/// The linker for a component.
///
/// # Errors
/// If memory runs out.
pub fn linker(component: &Component) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(component.engine());
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// A component that can be instantiated.
pub struct LoadedProgram {
    pub engine: Engine,
    pub component: Component,
    pub call_bytes_max: usize,
}

impl LoadedProgram {
    /// A store for a guest.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn store(&self, guest: Guest) -> wasmtime::Result<Store<Guest>> {
        store(&self.engine, guest, self.call_bytes_max)
    }
}

/// A store for a guest. One call of it may pass at most `call_bytes_max` bytes, if it is a component's: lists are copied
/// into the enclave's own part of the heap, where running out ends everything. Beyond this, the guest traps.
///
/// # Errors
/// If memory runs out.
pub fn store(engine: &Engine, guest: Guest, call_bytes_max: usize) -> wasmtime::Result<Store<Guest>> {
    let mut store = Store::try_new(engine, guest)?;
    store.limiter(|guest| guest.limits());
    store.set_hostcall_fuel(call_bytes_max);
    Ok(store)
}
