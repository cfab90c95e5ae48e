//! What programs outside enclaves link. A board's program and the Eyrie harness have no engine: outside, only the
//! simulator runs the enclave app, and only the builder compiles.

use std::process::Command;
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::shell::root;

/// The packages that are linked into a package's programs on RISC-V Linux.
fn linked(package: &[&str]) -> Vec<String> {
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--locked", "--target", "riscv64gc-unknown-linux-gnu", "--edges", "normal"]);
    tree.args(["--prefix", "none", "--format", "{p}", "--package"]).args(package).current_dir(root());
    let output = tree.output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[track_caller]
fn links_none_of(package: &[&str], unwanted: &[&str]) {
    let linked = linked(package);
    assert!(linked.iter().any(|name| name == "wasmstone-happ"), "{package:?}: {linked:?}");
    for name in unwanted {
        let found = linked.iter().find(|linked| linked.starts_with(name));
        assert_eq!(found, None, "{package:?} links it; cargo tree -i {name} says why");
    }
}

#[test]
fn a_board_links_no_engine() {
    let unwanted = ["wasmtime", "pulley", "cranelift", "wasmstone-eapp", "wasmstone-simulator", "wasmstone-builder"];
    links_none_of(&["wasmstone", "--no-default-features"], &unwanted);
    links_none_of(&["wasmstone-eyrie-harness"], &unwanted);
    links_none_of(&["wasmstone-happ"], &unwanted);
}

#[test]
fn the_simulator_links_the_enclave_app() {
    let linked = linked(&["wasmstone", "--no-default-features", "--features", "simulator"]);
    for wanted in ["wasmstone-simulator", "wasmstone-eapp", "wasmtime"] {
        assert!(linked.iter().any(|name| name == wanted), "{wanted} is not in {linked:?}");
    }
    assert!(!linked.iter().any(|name| name == "wasmstone-builder"), "{linked:?}");
}
