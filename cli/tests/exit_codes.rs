//! Exit codes of programs for WASI 0.1 are the program's own, as under Wasmtime, which implements WASI 0.1 itself.
//! Programs for WASI 0.2 report success or failure, unless they use `exit-with-code`.

use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Enclave, build, guest};

fn exit(target: &str, code: &str) -> Option<i32> {
    let bundled = build(&guest("exit", target), &[]);
    Enclave::new(&bundled).command(&[code]).output_in_time().status.code()
}

#[test]
fn of_wasi_0_1_pass_through() {
    for code in [0, 1, 3, 42, 125, 255] {
        assert_eq!(exit("wasm32-wasip1", &code.to_string()), Some(code));
    }
}

#[test]
fn of_wasi_0_2_are_success_or_failure() {
    for (code, seen) in [("0", 0), ("3", 1), ("255", 1)] {
        assert_eq!(exit("wasm32-wasip2", code), Some(seen));
    }
}
