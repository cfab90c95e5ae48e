//! Programs and their linker: every import of a component is served here or refused here.

use crate::guest::Guest;
use crate::interfaces;
use crate::wasi;
use alloc::format;
use wasmstone_policy::Entry;
use wasmtime::{Engine, Store, component::Component, component::ComponentExportIndex, component::Linker, format_err};

/// Whether a component can be linked in an enclave and has this entry point. The builder calls it, so the linker is
/// the one that the enclave uses.
///
/// # Errors
/// Names the first import that does not exist or has another type, or the entry point that does not exist.
pub fn check(component: &Component, entry: Entry) -> wasmtime::Result<()> {
    linker(component)?.instantiate_pre(component)?;
    entry_point(component, entry).map(drop)
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

/// A program that can be instantiated.
pub struct LoadedProgram {
    pub engine: Engine,
    pub component: Component,
    /// The most bytes that one call of a guest may pass: lists are copied into the enclave's own part of the heap,
    /// where running out ends everything. Beyond this, the guest traps.
    pub call_bytes_max: usize,
}

impl LoadedProgram {
    /// A store for a guest.
    ///
    /// # Errors
    /// If memory runs out.
    pub fn store(&self, guest: Guest) -> wasmtime::Result<Store<Guest>> {
        let mut store = Store::try_new(&self.engine, guest)?;
        store.limiter(|guest| guest.limits());
        store.set_hostcall_fuel(self.call_bytes_max);
        Ok(store)
    }
}
