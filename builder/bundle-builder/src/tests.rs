//! The files of this crate import each other in one direction only.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order of the crate's documentation.
fn order() -> Vec<String> {
    let listed = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("//! - `"));
    let names = listed.filter_map(|line| line.split_once(':')).flat_map(|(names, _)| names.split(", "));
    names.map(|name| name.trim_matches('`').to_owned()).collect()
}

/// The source files of a module, its tests left out.
fn sources(path: &Path) -> Vec<PathBuf> {
    let folder = path.with_extension("");
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let inner = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let inner = inner.filter(|path| path.file_stem().is_some_and(|name| name != "tests"));
    std::iter::once(path.to_owned()).chain(inner.flat_map(|path| sources(&path))).collect()
}

/// The modules of this crate that a source file names in paths, up to its tests.
fn imports(source: &str) -> Vec<&str> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let paths = code.split("crate::").skip(1);
    let names = paths.flat_map(|path| {
        let (list, most) = match path.strip_prefix('{') {
            Some(list) => (list.split('}').next().unwrap_or_default(), usize::MAX),
            None => (path, 1),
        };
        let words = list.split(|character: char| !character.is_alphanumeric() && character != '_');
        words.filter(|word| !word.is_empty()).take(most)
    });
    names.collect()
}

#[test]
fn files_import_only_those_that_are_named_before_them() {
    let order = order();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(["lib", "tests"].contains(&name) || order.iter().any(|listed| listed == name), "{name} is not listed");
    }
    for (position, name) in order.iter().enumerate() {
        for path in sources(&folder.join(name).with_extension("rs")) {
            let source = fs::read_to_string(&path).unwrap();
            for import in imports(&source) {
                let imported = order.iter().position(|listed| listed == import);
                assert!(
                    imported.is_some_and(|imported| imported <= position),
                    "{} imports {import}, which is not named before it",
                    path.display()
                );
            }
        }
    }
}
