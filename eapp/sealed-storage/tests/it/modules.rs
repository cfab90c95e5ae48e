//! The crate can be read from the bottom up: no module imports one of its own layer or of a higher one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that each module imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The modules that import each other in a circle, in the order of the circle; `None` if there is no circle.
fn cycle(imports: &Imports) -> Option<Vec<String>> {
    fn visit(imports: &Imports, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let module = path.last().cloned().unwrap_or_default();
        for imported in imports.get(&module).into_iter().flatten() {
            if let Some(start) = path.iter().position(|before| before == imported) {
                path.drain(..start);
                return true;
            }
            if !done.contains(imported) {
                path.push(imported.clone());
                if visit(imports, path, done) {
                    return true;
                }
                path.pop();
            }
        }
        done.insert(module);
        false
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| {
        let mut path = vec![module.clone()];
        visit(imports, &mut path, &mut done).then_some(path)
    })
}

/// Every import that does not lead from a later layer to an earlier one, and every module without a layer.
fn out_of_order(imports: &Imports, layers: &[Vec<String>]) -> Vec<String> {
    let layer = |module: &String| layers.iter().position(|layer| layer.contains(module));
    let mut wrong = Vec::new();
    for (module, imported) in imports.iter().flat_map(|(module, all)| all.iter().map(move |one| (module, one))) {
        if layer(imported).is_none() || layer(imported) >= layer(module) {
            wrong.push(format!("{module} imports {imported}"));
        }
    }
    wrong
}

/// The groups of `mod` lines in lib.rs, which blank lines separate.
fn layers(lib: &str) -> Vec<Vec<String>> {
    let module = |line: &str| Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned());
    let groups = lib.split("\n\n").map(|group| group.lines().filter_map(module).collect::<Vec<_>>());
    groups.filter(|group| !group.is_empty()).collect()
}

/// The module that defines each item that lib.rs exports: `crate::Item` is an import of that module.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("pub use ")) {
        let (module, items) = line.trim_end_matches(';').split_once("::").unwrap();
        for item in items.trim_matches(['{', '}']).split(", ") {
            exports.insert(item.to_owned(), module.to_owned());
        }
    }
    exports
}

/// The first name of every path that begins with `crate::` in a source, comments left out.
fn imported(source: &str) -> BTreeSet<String> {
    let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    assert!(!code.contains("crate::{"), "write one `use crate::module::…` for each module");
    let paths = code.split("crate::").skip(1);
    paths.map(|path| path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn modules_import_only_what_is_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let (layers, exports) = (layers(&lib), exports(&lib));
    let mut imports = Imports::new();
    for entry in fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(path.is_file(), "{module} is a folder: let this test read the files in it");
        if module != "lib" {
            let names = imported(&fs::read_to_string(&path).unwrap());
            imports.insert(module, names.into_iter().map(|name| exports.get(&name).cloned().unwrap_or(name)).collect());
        }
    }
    assert_eq!(imports.len(), layers.iter().map(Vec::len).sum::<usize>(), "lib.rs lists every module once");
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 50, "{imports:?}");
    assert_eq!(cycle(&imports), None, "these modules import each other in a circle");
    assert_eq!(out_of_order(&imports, &layers), [""; 0], "these imports lead up, or to the same layer");
}

#[test]
fn a_circle_is_found_and_named() {
    let imports = |pairs: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (module, imported) in pairs {
            imports.entry((*module).into()).or_default().insert((*imported).into());
        }
        imports
    };
    let good = imports(&[("node", "object"), ("store", "object"), ("directory", "store"), ("directory", "node")]);
    assert_eq!(cycle(&good), None);
    let layers = layers("mod object;\n\n// Comment.\nmod node;\nmod store;\n\nmod directory;\n\npub use node::Node;\n");
    assert_eq!(out_of_order(&good, &layers), [""; 0]);

    let mut bad = good;
    bad.entry("store".into()).or_default().insert("node".into());
    assert_eq!((cycle(&bad), out_of_order(&bad, &layers)), (None, vec!["store imports node".to_owned()]));
    bad.entry("node".into()).or_default().insert("directory".into());
    let found = cycle(&bad).unwrap();
    assert_eq!(BTreeSet::from_iter(&found).len(), found.len());
    assert!(found.contains(&"node".to_owned()) && found.contains(&"directory".to_owned()), "{found:?}");

    let source = "//! [`crate::Volume`]\nuse crate::node::Node;\nlet limit = crate::SIZE_MAX;\n";
    assert_eq!(imported(source), BTreeSet::from(["node".to_owned(), "SIZE_MAX".to_owned()]));
    assert_eq!(exports("pub use limits::{NAME_MAX, SIZE_MAX};\n").get("SIZE_MAX"), Some(&"limits".to_owned()));
}
