//! Every part of WASI 0.2 and of our own interface has a test: a test program calls each function of each stable
//! interface.

#[path = "shared/wit.rs"]
mod wit;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use wasmstone_guest_list::CASES;
use wit::wit;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldItem, WorldKey};

/// The name of an interface, without a version.
fn interface(resolve: &Resolve, key: &WorldKey) -> String {
    let name = resolve.name_world_key(key);
    name.split('@').next().unwrap_or_default().to_owned()
}

/// What a world imports or exports: interfaces, and their functions as `INTERFACE FUNCTION`.
fn names<'a>(resolve: &Resolve, items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (key, item) in items {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = interface(resolve, key);
        names.extend(resolve.interfaces[*id].functions.keys().map(|function| format!("{interface} {function}")));
        names.insert(interface);
    }
    names
}

/// Every function that a component uses. The linker leaves out functions that its code does not call.
fn used(program: &str) -> BTreeSet<String> {
    // This test lies in TARGET/PROFILE/deps.
    let this = std::env::current_exe().unwrap();
    let target = this.ancestors().nth(3).unwrap();
    let path = target.join(format!("guests/wasm32-wasip2/release/{program}.wasm"));
    let bytes = fs::read(&path).unwrap_or_else(|_| panic!("{} is missing: run `cargo xtask test`", path.display()));
    let Ok(DecodedWasm::Component(resolve, id)) = wit_component::decode(&bytes) else {
        panic!("{program} is no component");
    };
    let world = &resolve.worlds[id];
    let mut all = names(&resolve, world.imports.iter());
    all.extend(names(&resolve, world.exports.iter()));
    all
}

#[test]
fn every_function_of_wasi_is_called_by_a_test_program() {
    let mut resolve = Resolve::default();
    // Unstable functions are left out.
    resolve.push_dir(wit()).unwrap();
    // Each file is a package of its own.
    for own in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../eapp/wit")).unwrap() {
        resolve.push_file(own.unwrap().path()).unwrap();
    }
    let mut all = BTreeSet::new();
    for (_, package) in &resolve.packages {
        let namespace = &package.name.namespace;
        for (name, id) in package.interfaces.iter().filter(|_| ["wasi", "wasmstone"].contains(&namespace.as_str())) {
            let interface = format!("{namespace}:{}/{name}", package.name.name);
            all.extend(resolve.interfaces[*id].functions.keys().map(|function| format!("{interface} {function}")));
            all.insert(interface);
        }
    }
    assert!(all.len() > 150, "{all:?}");
    for function in ["wasi:http/types [method]fields.get", "wasmstone:attestation/attestation report"] {
        assert!(all.contains(function), "{all:?}");
    }

    let programs: BTreeSet<_> = CASES.iter().map(|case| case.program).chain(["http_service"]).collect();
    let called: BTreeSet<_> = programs.into_iter().flat_map(used).collect();
    let uncalled: Vec<_> = all.difference(&called).collect();
    assert!(uncalled.is_empty(), "no program in tests/guests calls {uncalled:#?}");
}
