//! The crate is read from the ground up: each module uses only modules that stand before it in lib.rs, no module
//! before `guest` knows what a guest is, and only `guest` and `wasi` implement anything for it. A file `x.rs` and a
//! folder `x` are one module. Unit tests may use what they like, and so may lib.rs, which re-exports.

use std::borrow::ToOwned;
use std::collections::BTreeSet;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, fs, vec};

/// A source file: its modules from the top-level one down, and its text.
type Source = (Vec<String>, String);

/// The identifiers and other signs of a source, without comments, strings and characters. `::` is one sign.
fn tokens(source: &str) -> Vec<String> {
    let characters: Vec<char> = source.chars().collect();
    let at = |index: usize| characters.get(index).copied().unwrap_or('\n');
    let (mut tokens, mut index) = (Vec::new(), 0);
    while index < characters.len() {
        match at(index) {
            '/' if at(index + 1) == '/' => {
                while index < characters.len() && at(index) != '\n' {
                    index += 1;
                }
            }
            '"' => {
                index += 1;
                while index < characters.len() && at(index) != '"' {
                    index += if at(index) == '\\' { 2 } else { 1 };
                }
                index += 1;
            }
            '\'' if at(index + 1) == '\\' => {
                index += 3;
                while index < characters.len() && at(index) != '\'' {
                    index += 1;
                }
                index += 1;
            }
            '\'' if at(index + 2) == '\'' => index += 3,
            ':' if at(index + 1) == ':' => {
                tokens.push("::".to_string());
                index += 2;
            }
            start if start.is_alphanumeric() || start == '_' => {
                let end = (index..).find(|end| !at(*end).is_alphanumeric() && at(*end) != '_').unwrap();
                tokens.push(characters[index..end].iter().collect());
                index = end;
            }
            sign => {
                if !sign.is_whitespace() {
                    tokens.push(sign.to_string());
                }
                index += 1;
            }
        }
    }
    without_tests(&tokens)
}

/// Leaves out the items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let marker = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut index) = (Vec::new(), 0);
    while index < tokens.len() {
        if !tokens[index..].iter().map(String::as_str).take(marker.len()).eq(marker) {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        }
        let mut depth = 0;
        index += marker.len();
        loop {
            match tokens[index].as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            index += 1;
            if depth == 0 && matches!(tokens[index - 1].as_str(), "}" | ";") {
                break;
            }
        }
    }
    kept
}

/// The modules that lib.rs lists, in its order.
fn order(library: &str) -> Vec<String> {
    let tokens = tokens(library);
    let named = tokens.windows(3).filter(|three| three[0] == "mod" && matches!(three[2].as_str(), ";" | "{"));
    named.map(|three| three[1].clone()).collect()
}

/// The names in the root of the crate that the paths of a source use. `depth` is how many modules down the source is.
fn root_names(tokens: &[String], depth: usize) -> BTreeSet<String> {
    let sign = |index: usize| tokens.get(index).map_or("", String::as_str);
    let mut names = BTreeSet::new();
    let mut index = 0;
    while index < tokens.len() {
        let is_inner = index > 0 && sign(index - 1) == "::";
        let mut end = index;
        let mut up = 0;
        while sign(end) == "super" && sign(end + 1) == "::" {
            up += 1;
            end += 2;
        }
        if sign(end) == "crate" && sign(end + 1) == "::" {
            (up, end) = (depth, end + 2);
        }
        if up < depth || is_inner || end == index {
            index = end.max(index + 1);
            continue;
        }
        index = end;
        if sign(index) != "{" {
            names.insert(sign(index).to_owned());
            continue;
        }
        let mut braces = 0;
        loop {
            match sign(index) {
                "{" => braces += 1,
                "}" => braces -= 1,
                _ => {}
            }
            if braces == 0 {
                break;
            }
            if braces == 1 && matches!(sign(index), "{" | ",") && sign(index + 1) != "}" {
                names.insert(sign(index + 1).to_owned());
            }
            index += 1;
        }
    }
    names
}

/// Whether an `impl` is for `Guest`.
fn implements_for_guest(tokens: &[String]) -> bool {
    tokens.iter().enumerate().filter(|(_, token)| *token == "impl").any(|(index, _)| {
        let header: Vec<_> = tokens[index..].iter().take_while(|token| !matches!(token.as_str(), "{" | ";")).collect();
        let kind = header.iter().position(|token| *token == "for").unwrap_or(0);
        header[kind..].iter().any(|token| *token == "Guest")
    })
}

/// Whether `Guest` is named, other than as a variant of an enumeration like `ExitStatus::Guest`.
fn names_guest(tokens: &[String]) -> bool {
    (0..tokens.len()).any(|index| tokens[index] == "Guest" && (index == 0 || tokens[index - 1] != "::"))
}

/// The violations of the rules.
fn faults(library: &str, sources: &[Source]) -> Vec<String> {
    let order = order(library);
    let place = |name: &str| order.iter().position(|module| module == name);
    let guest = place("guest").unwrap_or(order.len());
    let mut faults = Vec::new();
    for (path, source) in sources {
        let name = path.join("/");
        let Some(own) = place(&path[0]) else {
            faults.push(format!("{name} is in no module that lib.rs lists"));
            continue;
        };
        let tokens = tokens(source);
        for used in root_names(&tokens, path.len()) {
            match place(&used) {
                Some(other) if other <= own => {}
                Some(_) => faults.push(format!("{name} uses {used}, which lib.rs lists after {}", path[0])),
                None => faults.push(format!("{name} uses {used}, which is no module of lib.rs")),
            }
        }
        if own < guest && names_guest(&tokens) {
            faults.push(format!("{name} names Guest, and lib.rs lists it before guest"));
        }
        if !matches!(path[0].as_str(), "guest" | "wasi") && implements_for_guest(&tokens) {
            faults.push(format!("{name} implements something for Guest"));
        }
    }
    faults
}

/// The sources below the folder of the modules `path`.
fn read(folder: &Path, path: &[String], sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        let name = entry.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "tests" || (path.is_empty() && name == "lib") {
            continue;
        }
        let path = [path, &[name]].concat();
        if entry.is_dir() {
            read(&entry, &path, sources);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            sources.push((path, fs::read_to_string(&entry).unwrap()));
        }
    }
}

#[test]
fn each_module_uses_only_those_before_it() {
    let mut sources = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut sources);
    // The executable's modules are in the same folder, and not in the library.
    let executable = order(include_str!("../main.rs"));
    assert!(!executable.is_empty(), "main.rs lists no modules");
    sources.retain(|(path, _)| path[0] != "main" && !executable.contains(&path[0]));
    assert!(sources.len() > 50, "the sources are not where they were");
    assert!(order(include_str!("../lib.rs")).iter().any(|module| module == "guest"));
    assert_eq!(faults(include_str!("../lib.rs"), &sources), Vec::<String>::new());
}

#[test]
fn what_breaks_the_rules_is_found() {
    let library = "mod bindings { include!(); } pub mod ground; mod guest; mod wasi; #[cfg(test)] mod tests;";
    assert_eq!(order(library), ["bindings", "ground", "guest", "wasi"]);
    let check = |path: &str, source: &str| {
        faults(library, &[(path.split('/').map(str::to_owned).collect(), source.to_owned())])
    };
    let none: [&str; 0] = [];
    for (path, source) in [
        ("ground", "use crate::bindings::wasi::io; fn f() -> ExitStatus { ExitStatus::Guest(\"crate::wasi\") }"),
        ("ground", "// crate::wasi and Guest\n#[cfg(test)] mod tests { use crate::wasi; use super::*; }"),
        ("ground/part", "use super::other; pub(super) fn f(c: char) -> bool { c == '\"' || c == '\\'' }"),
        ("guest", "impl Guest { fn new() -> crate::ground::Thing {} }"),
        ("wasi/io/part", "use super::super::x; use crate::{guest::Guest, ground::{a, b}}; impl A<'_> for Guest {}"),
    ] {
        assert_eq!(check(path, source), none, "{source}");
    }
    for (path, source, fault) in [
        ("ground", "use crate::wasi::x;", "ground uses wasi, which lib.rs lists after ground"),
        ("ground", "fn f() { let x = crate::guest::f(); }", "ground uses guest, which lib.rs lists after ground"),
        ("ground/part", "use crate::{bindings, wasi::x};", "ground/part uses wasi, which lib.rs lists after ground"),
        ("ground/part", "use super::super::wasi;", "ground/part uses wasi, which lib.rs lists after ground"),
        ("ground", "use super::wasi;", "ground uses wasi, which lib.rs lists after ground"),
        ("ground", "use crate::Guest;", "ground uses Guest, which is no module of lib.rs"),
        ("ground", "fn f(guest: &mut Guest) {}", "ground names Guest, and lib.rs lists it before guest"),
        ("other", "", "other is in no module that lib.rs lists"),
    ] {
        assert_eq!(check(path, source), [fault], "{source}");
    }
    let library = library.replace("mod wasi;", "mod wasi; mod boot;");
    for source in ["impl Guest {}", "impl<T> Trait<T> for Guest {}", "impl Trait for crate::guest::Guest {}"] {
        let found = faults(&library, &[(vec!["boot".to_owned()], source.to_owned())]);
        assert_eq!(found, ["boot implements something for Guest"], "{source}");
    }
}
