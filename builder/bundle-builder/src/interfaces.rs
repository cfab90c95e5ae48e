//! Checks what programs import and export against the interfaces that the enclave app serves.

use crate::outline::{Import, Outline};
use crate::wasm_error::{Names, WasmError};
use std::collections::BTreeSet;
use wasmstone_eapp::interfaces::{COMMAND, HTTP_HANDLER, SERVED, WASI_VERSION};
use wasmstone_eapp::{MODULES, TABLE_MAX, has_function};
use wasmstone_policy::Entry;

/// Checks that a core module imports only functions of WASI 0.1, has the memory that these work on, and something to
/// run. Returns the names of the interfaces that it imports.
///
/// # Errors
/// [`WasmError`] names the imports that are not part of WASI 0.1.
pub fn check_module(outline: &Outline, asked: Option<Entry>) -> Result<Vec<String>, WasmError> {
    let known = |import: &Import| import.is_function && has_function(&import.module, &import.name);
    let foreign: Vec<_> = outline.imports.iter().filter(|import| !known(import)).collect();
    if let Some(first) = foreign.first() {
        let names = foreign.iter().map(|import| format!("{}.{}", import.module, import.name)).collect();
        return Err(WasmError::Imports { names: Names(names), advice: module_advice(first) });
    }
    if let Some(entry @ Entry::Http) = asked {
        return Err(WasmError::OtherEntry { entry });
    }
    let runs = ["_start", "_initialize", ""];
    if !outline.begins && !outline.exports.iter().any(|name| runs.contains(&name.as_str())) {
        return Err(WasmError::NoStart);
    }
    if !outline.imports.is_empty() && !outline.has_memory {
        return Err(WasmError::NoMemory);
    }
    let interfaces: BTreeSet<_> = outline.imports.iter().map(|import| import.module.clone()).collect();
    Ok(interfaces.into_iter().collect())
}

/// Checks that the tables at start are no larger than an enclave lets them be.
///
/// # Errors
/// [`WasmError::Table`].
pub fn check_tables(outline: &Outline) -> Result<(), WasmError> {
    let elements = outline.largest_table;
    if elements > TABLE_MAX as u64 { Err(WasmError::Table { elements }) } else { Ok(()) }
}

/// Checks that a component imports only interfaces of [`SERVED`]. Returns what it imports, each with its version.
///
/// # Errors
/// [`WasmError`] names the imports that are not part of WASI 0.2.
pub fn check_component(outline: &Outline) -> Result<Vec<String>, WasmError> {
    let names = outline.imports.iter().map(|import| import.name.clone());
    let (mut interfaces, foreign): (Vec<_>, Vec<_>) = names.partition(|name| is_served(name));
    if let Some(first) = foreign.first() {
        let advice = component_advice(first);
        return Err(WasmError::Imports { names: Names(foreign), advice });
    }
    interfaces.sort();
    Ok(interfaces)
}

/// The entry point of a component: the one that was asked for, else `wasi:cli/run` if the component exports it, else
/// `wasi:http/incoming-handler`.
///
/// # Errors
/// [`WasmError::NoEntry`] or [`WasmError::OtherEntry`].
pub fn entry(outline: &Outline, asked: Option<Entry>) -> Result<Entry, WasmError> {
    let exports = |start: &str| outline.exports.iter().any(|name| name.starts_with(start));
    let has = |entry: &Entry| {
        let (interface, _) = match entry {
            Entry::Command => COMMAND,
            Entry::Http => HTTP_HANDLER,
        };
        exports(&format!("{interface}@{}", series(WASI_VERSION)))
    };
    let first = [Entry::Command, Entry::Http].into_iter().find(has);
    let newer = ["wasi:cli/run@0.3.", "wasi:http/handler@0.3."].into_iter().any(exports);
    let first = first.ok_or(WasmError::NoEntry { newer })?;
    match asked {
        Some(entry) if !has(&entry) => Err(WasmError::OtherEntry { entry }),
        asked => Ok(asked.unwrap_or(first)),
    }
}

/// Not of WASI: for programs that ask about the enclave around them.
const ATTESTATION: &str = "wasmstone:attestation/attestation";

/// A version without its last number, such as `0.2.`: versions that begin with it are compatible.
fn series(version: &str) -> &str {
    version.trim_end_matches(|character: char| character.is_ascii_digit())
}

/// Whether the enclave app serves an interface of that name, in a version that is compatible.
fn is_served(name: &str) -> bool {
    let Some((interface, version)) = name.split_once('@') else { return false };
    let Some((package, interface)) = interface.split_once('/') else { return false };
    let is_number = |patch: &str| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit());
    SERVED.iter().any(|(name, served, interfaces)| {
        *name == package
            && interfaces.split(' ').any(|name| name == interface)
            && version.strip_prefix(series(served)).is_some_and(is_number)
    })
}

fn module_advice(import: &Import) -> &'static str {
    let (module, name) = (import.module.as_str(), import.name.as_str());
    match module {
        _ if import.is_memory => {
            "nothing outside gives a program its memory: link it without --import-memory, so that it has one of its own"
        }
        _ if MODULES.contains(&module) => "WASI 0.1 has no function of that name: rebuild with current tools",
        "wasi" if name == "thread-spawn" => {
            "threads are not supported: build for wasm32-wasip1, not wasm32-wasip1-threads"
        }
        "env" => {
            "these symbols were left undefined when the program was linked: link what defines them, \
             and build with wasi-sdk, Rust or Go for wasip1 (Emscripten's imports are not WASI)"
        }
        "go" | "gojs" => "that is Go for browsers: build with GOOS=wasip1",
        "wbg" => "that is a program for browsers: build without wasm-bindgen, for wasm32-wasip1 or wasm32-wasip2",
        _ if module.starts_with("__wbindgen") => {
            "that is a program for browsers: build without wasm-bindgen, for wasm32-wasip1 or wasm32-wasip2"
        }
        _ if module.starts_with("wasi:") => {
            "this is the core module of a component: make the component with \"wasm-tools component new\""
        }
        _ => "an enclave offers only WASI: build for wasm32-wasip1 or wasm32-wasip2 without other imports",
    }
}

fn component_advice(name: &str) -> &'static str {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if interface == ATTESTATION {
        return "this release has version 0.1 of that interface: build for it, with its wit/attestation.wit";
    }
    if !interface.starts_with("wasi:") {
        return "an enclave offers only WASI 0.2: compose the program with a component that exports the others, \
                with \"wac plug\" or \"wasm-tools compose\"";
    }
    match version {
        _ if version.starts_with("0.3.") => {
            "that is WASI 0.3, which this release does not support: build for WASI 0.2 (wasm32-wasip2)"
        }
        _ if version.starts_with("0.2.") && !version.contains('-') => {
            "WASI 0.2 has no interface of that name: build without it"
        }
        _ => "that is a draft: build for WASI 0.2 (wasm32-wasip2) with current tools",
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, TABLE_MAX, check_component, check_module, check_tables, entry, is_served};
    use crate::outline::read;
    use crate::wasm_error::WasmError;

    fn module(text: &str) -> Result<Vec<String>, WasmError> {
        check_module(&read(&wat::parse_str(text).unwrap()).unwrap(), None)
    }

    fn component(text: &str) -> Result<Vec<String>, WasmError> {
        check_component(&read(&wat::parse_str(text).unwrap()).unwrap())
    }

    const START: &str = r#"(func (export "_start"))"#;
    const MEMORY: &str = r#"(memory (export "memory") 1)"#;

    #[test]
    fn foreign_imports_of_a_module_are_named() {
        let cases = [
            (r#"(import "env" "frobnicate" (func))"#, "env.frobnicate", "undefined"),
            (
                r#"(import "wasi_unstable" "sock_accept" (func))"#,
                "wasi_unstable.sock_accept",
                "no function of that name",
            ),
            (r#"(import "env" "memory" (memory 1))"#, "env.memory", "--import-memory"),
            (r#"(import "wasi_snapshot_preview1" "memory" (memory 1 2))"#, "preview1.memory", "--import-memory"),
            (r#"(import "wasi" "thread-spawn" (func))"#, "wasi.thread-spawn", "threads"),
            (r#"(import "wasi_snapshot_preview1" "fd_frob" (func))"#, "fd_frob", "no function of that name"),
            (r#"(import "wasi_snapshot_preview1" "fd_write" (global i32))"#, "fd_write", "no function of that name"),
            (r#"(import "gojs" "debug" (func))"#, "gojs.debug", "GOOS=wasip1"),
            (r#"(import "__wbindgen_placeholder__" "x" (func))"#, "__wbindgen_placeholder__.x", "browsers"),
            (r#"(import "wasi:cli/exit@0.2.0" "exit" (func))"#, "exit", "wasm-tools component new"),
        ];
        for (import, name, advice) in cases {
            let error = module(&format!("(module {import} {START})")).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(advice), "{error}");
        }
    }

    #[test]
    fn a_module_needs_its_entry_point() {
        assert_eq!(module("(module)"), Err(WasmError::NoStart));
        assert_eq!(module(r#"(module (func (export "main")))"#), Err(WasmError::NoStart));
        for start in [START, r#"(func (export "_initialize"))"#, r#"(func (export ""))"#, "(func $f) (start $f)"] {
            assert_eq!(module(&format!("(module {start})")), Ok(Vec::new()), "{start}");
        }
        let outline = read(&wat::parse_str(format!("(module {START})")).unwrap()).unwrap();
        assert_eq!(check_module(&outline, Some(Entry::Http)), Err(WasmError::OtherEntry { entry: Entry::Http }));
        assert_eq!(check_module(&outline, Some(Entry::Command)), Ok(Vec::new()));
    }

    #[test]
    fn functions_of_wasi_need_the_memory() {
        let imports = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "wasi_unstable" "sched_yield" (func (result i32)))"#;
        let interfaces = Ok(vec!["wasi_snapshot_preview1".to_owned(), "wasi_unstable".to_owned()]);
        assert_eq!(module(&format!("(module {imports} {MEMORY} {START})")), interfaces);
        for other in ["", "(memory 1)", r#"(memory (export "heap") 1)"#, r#"(func (export "memory"))"#] {
            assert_eq!(module(&format!("(module {imports} {other} {START})")), Err(WasmError::NoMemory), "{other}");
        }
    }

    #[test]
    fn tables_are_as_large_as_in_an_enclave() {
        let tables = |elements: usize| {
            check_tables(&read(&wat::parse_str(format!("(module (table {elements} funcref))")).unwrap()).unwrap())
        };
        assert_eq!(tables(TABLE_MAX), Ok(()));
        assert_eq!(tables(TABLE_MAX + 1), Err(WasmError::Table { elements: TABLE_MAX as u64 + 1 }));
    }

    #[test]
    fn interfaces_of_wasi_are_told_from_others() {
        for served in [
            "wasi:cli/stdout@0.2.0",
            "wasi:random/random@0.2.12",
            "wasi:http/types@0.2.3",
            "wasmstone:attestation/attestation@0.1.0",
            "wasmstone:attestation/attestation@0.1.7",
        ] {
            assert!(is_served(served), "{served}");
        }
        for foreign in [
            "wasi:cli/stdout",
            "wasi:cli/stdout@0.2",
            "wasi:cli/stdout@0.2.",
            "wasi:cli/stdout@0.2.0-rc-2023-12-05",
            "wasi:cli/stdout@0.3.0",
            "wasi:keyvalue/store@0.2.0",
            "my:own/thing@0.2.0",
            "wasmstone:attestation/attestation",
            "wasmstone:attestation/attestation@0.2.0",
            "wasmstone:attestation/attestation@0.1.0-rc",
            "wasmstone:attestation/other@0.1.0",
            "wasi:cli/stdout@0.1.0",
            "function",
        ] {
            assert!(!is_served(foreign), "{foreign}");
        }
    }

    #[test]
    fn foreign_imports_of_a_component_are_named() {
        let cases = [
            ("wasi:cli/stdout@0.3.0", "WASI 0.3"),
            ("wasi:cli/stdout@0.2.0-rc-2023-12-05", "draft"),
            ("wasi:nn/graph@0.2.0", "no interface"),
            ("wasi:logging/logging", "draft"),
            ("my:own/thing@1.0.0", "compose"),
            ("wasmstone:attestation/attestation@0.2.0", "version 0.1"),
            ("wasmstone:other/other@0.1.0", "compose"),
        ];
        for (name, advice) in cases {
            let error = component(&format!(r#"(component (import "{name}" (instance)))"#)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(advice), "{error}");
        }
    }

    #[test]
    fn a_component_runs_or_serves() {
        const RUN: &str = "wasi:cli/run@0.2.6";
        const HANDLER: &str = "wasi:http/incoming-handler@0.2.0";
        let of = |names: &[&str], asked| {
            let exports: String = names.iter().map(|name| format!(r#"(export "{name}" (instance $i))"#)).collect();
            let component = wat::parse_str(format!("(component (instance $i) {exports})")).unwrap();
            entry(&read(&component).unwrap(), asked)
        };
        let (command, http) = (Some(Entry::Command), Some(Entry::Http));
        assert_eq!(of(&[RUN], None), Ok(Entry::Command));
        assert_eq!(of(&[HANDLER], None), Ok(Entry::Http));
        assert_eq!(of(&[HANDLER, RUN], None), Ok(Entry::Command));
        assert_eq!(of(&[HANDLER, RUN], command), Ok(Entry::Command));
        assert_eq!(of(&[HANDLER, RUN], http), Ok(Entry::Http));
        assert_eq!(of(&[RUN], http), Err(WasmError::OtherEntry { entry: Entry::Http }));
        assert_eq!(of(&[HANDLER], command), Err(WasmError::OtherEntry { entry: Entry::Command }));
        assert_eq!(of(&["wasi:cli/run@0.3.0"], None), Err(WasmError::NoEntry { newer: true }));
        assert_eq!(of(&["wasi:http/handler@0.3.0"], http), Err(WasmError::NoEntry { newer: true }));
        assert_eq!(of(&["my:own/thing"], None), Err(WasmError::NoEntry { newer: false }));
    }
}
