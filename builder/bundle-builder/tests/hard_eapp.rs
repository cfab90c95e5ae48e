//! The enclave app with floating-point instructions is in a bundle where floats are computed in registers, and
//! only if this crate was built with its feature `hard`.

use wasmstone_builder::{BuildError, Built, Request, build};
use wasmstone_bundle::Platform;
use wasmstone_generic_eapp::SOFT;

const FLOATS: &str = r#"(component
    (core module $m (func (export "run") (result i32) f64.const 1 i32.trunc_f64_s))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.6" (instance $run)))"#;

/// Builds for a board that protects no floating-point registers.
fn built(insecure_float: bool) -> Result<Built, BuildError> {
    let platform = Platform { name: "board".to_owned(), fp_safe: false, ..Platform::sim() };
    let wasm = wat::parse_str(FLOATS).unwrap();
    build(&Request { insecure_float, ..Request::new(&wasm, "floats", &platform) }, |_| {})
}

/// Whether a bundle's enclave app is `eapp`, byte for byte.
fn has(built: &Built, eapp: &[u8]) -> bool {
    *built.bundle.member("eapp").unwrap().unwrap() == *eapp
}

#[test]
fn lowered_floats_need_no_floating_point_instruction() {
    assert!(has(&built(false).unwrap(), SOFT.unwrap()));
}

#[test]
#[cfg(feature = "hard")]
fn floats_in_registers_take_the_hard_enclave_app() {
    assert!(has(&built(true).unwrap(), wasmstone_generic_eapp::HARD.unwrap()));
}

#[test]
#[cfg(not(feature = "hard"))]
fn floats_in_registers_are_refused_without_the_hard_enclave_app() {
    let error = built(true).unwrap_err();
    let expected = wasmstone_builder::EappError::NoHard;
    assert!(matches!(&error, BuildError::Eapp(error) if *error == expected), "{error}");
    assert!(error.to_string().contains("Cargo feature \"hard\""), "{error}");
}
