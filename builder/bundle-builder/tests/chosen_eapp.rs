//! A bundle has the smallest enclave app with what its program needs: floating-point instructions where floats are
//! computed in registers, and only if this crate was built with its feature `hard`; exceptions where the program has
//! them, and only if it was built with `exceptions`.

use wasmstone_builder::{BuildError, Built, Request, build};
use wasmstone_bundle::Platform;
use wasmstone_generic_eapp::SOFT;
use wasmstone_policy::{Memories, Target};

const FLOATS: &str = r#"(component
    (core module $m (func (export "run") (result i32) f64.const 1 i32.trunc_f64_s))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.6" (instance $run)))"#;

const EXCEPTIONS: &str = r#"(component
    (core module $m (tag $t (param i32))
        (func (export "run") (result i32)
            (block $caught (result i32) (try_table (catch $t $caught) (throw $t (i32.const 0))) unreachable)))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.6" (instance $run)))"#;

/// Builds for a board that protects no floating-point registers.
fn built(insecure_float: bool) -> Result<Built, BuildError> {
    built_from(FLOATS, insecure_float)
}

fn built_from(text: &str, insecure_float: bool) -> Result<Built, BuildError> {
    let platform = Platform { name: "board".to_owned(), fp_safe: false, ..Platform::sim() };
    let wasm = wat::parse_str(text).unwrap();
    let targets = vec![Target::Pulley64, Target::Riscv64];
    build(&Request { insecure_float, targets, ..Request::new(&wasm, "program", &platform) }, |_| {})
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

#[test]
#[cfg(feature = "exceptions")]
fn exceptions_take_the_enclave_app_that_has_them() {
    let built = built_from(EXCEPTIONS, false).unwrap();
    assert!(has(&built, wasmstone_generic_eapp::SOFT_WITH_EXCEPTIONS.unwrap()));
    for program in &built.programs {
        assert_eq!(program.launch.program.memories, Memories::Collected, "it is measured");
    }
    let built = built_from(FLOATS, false).unwrap();
    assert!(has(&built, SOFT.unwrap()));
    assert!(built.programs.iter().all(|program| program.launch.program.memories == Memories::InPlace));
}

#[test]
#[cfg(not(feature = "exceptions"))]
fn exceptions_are_refused_without_the_enclave_app_that_has_them() {
    use wasmstone_builder::EappError;
    let error = built_from(EXCEPTIONS, false).unwrap_err();
    assert!(matches!(error, BuildError::Eapp(EappError::NoExceptions)), "{error}");
    assert!(error.to_string().contains("Cargo feature \"exceptions\""), "{error}");
}
