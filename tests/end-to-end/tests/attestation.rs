//! What a program learns about its own enclave, in the simulator: reports that match the output of `measure`, and
//! keys that stay.

use wasmstone_test_support::attested::{Printed, check, printed};
use wasmstone_test_support::processes::InTime;
use wasmstone_test_support::{Bundled, ENGINES, Enclave, both_engines, build, command, guest};

/// The output of `wasmstone measure` for a bundle's program for `target`.
fn measured(bundled: &Bundled, target: &str) -> String {
    let output = command().arg("measure").arg(bundled.path()).arg("--json").output_in_time();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_target = said["measurements"].as_array().unwrap().iter().find(|entry| entry["target"] == target).unwrap();
    of_target["measurement"].as_str().unwrap().to_owned()
}

fn run(bundled: &Bundled, engine: &str, user_data: &str) -> Printed {
    let output = Enclave::new(bundled).option("--engine", engine).command(&[user_data]).output_in_time();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    printed(&output.stdout)
}

#[test]
fn a_report_verifies_against_what_was_measured_beforehand() {
    let bundled = build(&guest("attestation", "wasm32-wasip2"), &[&both_engines()]);
    let mut keys = Vec::new();
    for engine in ENGINES {
        let target = if engine == "pulley" { "pulley64" } else { wasmstone_policy::Target::host().unwrap().name() };
        let measurement = measured(&bundled, target);
        let (first, second) = (run(&bundled, engine, "user data"), run(&bundled, engine, ""));
        check(&first, &measurement, b"user data");
        check(&second, &measurement, b"");
        for key in ["one", "other"] {
            assert_eq!(first[key], second[key], "{engine}, {key}: the same in every run");
            keys.push(first[key].clone());
        }
    }
    // Another policy is another enclave.
    let capped = build(&guest("attestation", "wasm32-wasip2"), &["--engine=pulley", "--max-memory=8M"]);
    keys.push(run(&capped, "pulley", "user data")["one"].clone());
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5, "each enclave and each label has a key of its own");
}
